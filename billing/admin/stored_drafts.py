"""From a stored draft back to the form, and to the values that would make it again.

What was derived (type, series, surcharge, language) is left open, so that it follows when the person changes what it
was derived from.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing import taxes
from billing.admin.draft_forms import unseen
from billing.admin.treatments import treatment_of
from billing.drafts import InvoiceDraft, LineDraft
from billing.models import Invoice, InvoiceLine
from billing.representation import Parts

_AS_STORED = [
    "operation_date",
    "due_date",
    "currency",
    "prices_include_tax",
    "equivalence_surcharge",
    "purchase_order",
    "buyer_reference",
    "payment_terms",
    "notes",
]


def head_of(parts: Parts) -> dict[str, Any]:
    """The initial values of the form's head."""
    invoice = parts.invoice
    return {
        **{name: getattr(invoice, name) for name in _AS_STORED},
        "client": invoice.client_id,
        "series": _series(parts) or "",
        "fiscal_type": _fiscal_type(invoice) or "",
        "exchange_rate": _exchange_rate(invoice),
        "withholding_percent": f"{invoice.withholding_percent.normalize():f}",
        "language": _language(invoice) or "",
    }


def lines_of(parts: Parts) -> list[dict[str, Any]]:
    """The initial values of the form's lines."""
    return [
        {
            "description": line.description,
            "quantity": line.quantity.normalize(),
            "unit_price": price_of(line.unit_price),
            "discount_percent": line.discount_percent.normalize() or None,
            "treatment": treatment_of(line).value,
            "regime_code": line.regime_code,
            "surcharge_rate": _surcharge(parts.invoice, line),
            "product_code": line.product_code,
        }
        for line in parts.lines
    ]


def draft_of(parts: Parts) -> InvoiceDraft:
    """The draft's content as the services take it."""
    invoice = parts.invoice
    return InvoiceDraft(
        lines=tuple(_line(invoice, line) for line in parts.lines),
        client=invoice.client_id,
        series=_series(parts),
        fiscal_type=_fiscal_type(invoice),
        exchange_rate=_exchange_rate(invoice),
        withholding_percent=invoice.withholding_percent,
        language=_language(invoice),
        **unseen(invoice),
        **{name: getattr(invoice, name) for name in _AS_STORED},
    )


def _line(invoice: Invoice, line: InvoiceLine) -> LineDraft:
    return LineDraft(
        description=line.description,
        unit_price=line.unit_price,
        quantity=line.quantity,
        discount_percent=line.discount_percent,
        tax_rate=line.tax_rate,
        tax=line.tax,
        tax_category=line.tax_category,
        exemption_code=line.exemption_code,
        regime_code=line.regime_code,
        surcharge_rate=_surcharge(invoice, line),
        product_code=line.product_code,
    )


def _series(parts: Parts) -> str | None:
    return None if parts.invoice.series.is_default else parts.series_code


def _fiscal_type(invoice: Invoice) -> str | None:
    derived = "F1" if invoice.client and invoice.client.tax_id else "F2"
    return None if invoice.fiscal_type == derived else invoice.fiscal_type


def _exchange_rate(invoice: Invoice) -> Decimal | None:
    return None if invoice.currency == "EUR" else invoice.exchange_rate.normalize()


def _language(invoice: Invoice) -> str | None:
    derived = invoice.client.language if invoice.client else invoice.seller.language
    return None if invoice.language == derived else invoice.language


def _surcharge(invoice: Invoice, line: InvoiceLine) -> Decimal | None:
    on: date = invoice.operation_date or invoice.created_at.astimezone(invoice.seller.zone).date()
    ordinary = taxes.surcharge_for(line.tax, line.tax_rate, on) if line.tax_category == "S1" else None
    derived = ordinary or Decimal(0) if invoice.equivalence_surcharge else Decimal(0)
    return None if line.surcharge_rate == derived else line.surcharge_rate


def price_of(price: Decimal) -> Decimal:
    """With two decimals at least: 10.00, 33.335."""
    exponent = price.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return price.quantize(Decimal(1).scaleb(-max(places, 2)))
