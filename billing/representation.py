"""An invoice as JSON: what the API answers and what events carry, made in one place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.models import (
    Annulment,
    Approval,
    Document,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    Payment,
    PrecedingInvoice,
    Seller,
    Series,
    SourceEvent,
    TaxSubtotal,
)
from billing.parties import PartyCopy
from billing.relations import named, represent_annulment, represent_corrected_by, represent_correction
from billing.settlement import Standing, settlement_of
from core.money import ZERO, plain
from integrations.ceilings import Held
from verifactu.models import FiscalRecord
from verifactu.overview import PENDING, answers_of, status_of


@dataclass(frozen=True, slots=True)
class Parts:
    """An invoice with all that is shown with it."""

    invoice: Invoice
    series_code: str
    lines: Sequence[InvoiceLine]
    subtotals: Sequence[TaxSubtotal]
    record: FiscalRecord | None = None
    """The last registration; an annulment after it has the same number and QR."""
    record_status: str = PENDING
    """What became of the last record of any kind."""
    document: Document | None = None
    source_event: SourceEvent | None = None
    approval: Approval | None = None
    paid_amount: Decimal = ZERO
    preceding: Sequence[PrecedingInvoice] = ()
    """What it corrects or replaces, each with its ``original``."""
    following: Sequence[PrecedingInvoice] = ()
    """What corrects or replaces it, each with its ``invoice``: issued, and not voided."""
    annulment: Annulment | None = None
    standing: Standing | None = None
    """How it is settled with what corrects or replaces it; None for one by itself."""
    held: Held | None = None
    """The ceiling that kept a token from issuing it just now; not kept with the invoice."""

    @property
    def status(self) -> str:
        """The invoice's, or ``voided``: its row stays as it was issued."""
        return VOIDED if self.annulment else self.invoice.status

    @property
    def may_be_settled_with_others(self) -> bool:
        return self.status == InvoiceStatus.ISSUED and bool(self.preceding or self.following)


VOIDED = "voided"


def trim(value: Decimal, *, places: int = 0) -> str:
    """A decimal string without idle noughts, but with at least ``places`` decimals: 3, 33.335, 10.00."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "an amount is a finite number"
    return plain(value.quantize(Decimal(1).scaleb(min(exponent, -places, 0))))


def represent(parts: Parts) -> dict[str, object]:
    """The invoice of the contract, with all that any version of it shows (``billing.versions`` leaves out the rest).
    Money and quantities are decimal strings."""
    invoice = parts.invoice
    return {
        "id": str(invoice.id),
        "seller": str(invoice.seller_id),
        "status": parts.status,
        "fiscal_type": invoice.fiscal_type,
        "series": parts.series_code,
        "number": invoice.number,
        "display_number": invoice.display_number,
        "issue_date": _text(invoice.issue_date),
        "operation_date": _text(invoice.operation_date),
        "due_date": _text(invoice.due_date),
        "currency": invoice.currency,
        "exchange_rate": trim(invoice.exchange_rate),
        "prices_include_tax": invoice.prices_include_tax,
        "client": _text(invoice.client_id),
        "buyer": invoice.buyer,
        "lines": [_line(line) for line in parts.lines],
        "tax_subtotals": [_subtotal(subtotal) for subtotal in parts.subtotals],
        **{name: plain(getattr(invoice, name)) for name in _TOTALS},
        "equivalence_surcharge": invoice.equivalence_surcharge,
        "withholding_percent": trim(invoice.withholding_percent, places=2),
        "paid_amount": plain(parts.paid_amount),
        "payment_status": payment_status(invoice, parts.paid_amount),
        "settlement": _settlement(parts),
        "correction": represent_correction(invoice, parts.preceding),
        "corrected_by": [str(link.invoice_id) for link in parts.following if link.invoice.correction_method],
        "corrections": [
            represent_corrected_by(link.invoice) for link in parts.following if link.invoice.correction_method
        ],
        "replaces": [] if invoice.correction_method else [named(link.original) for link in parts.preceding],
        "replaced_by": [named(link.invoice) for link in parts.following if not link.invoice.correction_method],
        "annulment": represent_annulment(parts.annulment),
        **{name: getattr(invoice, name) for name in _MARKS},
        "issuing_party": invoice.issuing_party or None,
        "third_party": invoice.third_party,
        "verifactu": _verifactu(parts),
        "approval": _approval(parts.approval),
        "documents": {"pdf": _document(invoice, parts.document)},
        "source_event": _source_event(parts.source_event),
        **{name: getattr(invoice, name) for name in _TEXTS},
        "metadata": invoice.metadata,
        "created_at": _instant(invoice.created_at),
        "issued_at": _instant(invoice.issued_at) if invoice.issued_at else None,
        "livemode": invoice.mode == "live",
    }


_TOTALS = [
    "net_total",
    "tax_total",
    "surcharge_total",
    "gross_total",
    "withholding_total",
    "amount_due",
    "tax_total_eur",
    "gross_total_eur",
]
_MARKS = ["simplified_art_7273", "no_recipient_art_61d", "coupon"]
_TEXTS = [
    "purchase_order",
    "buyer_reference",
    "payment_terms",
    "notes",
    "external_id",
    "language",
    "correlation_id",
    "created_by",
    "issued_by",
]


def _settlement(parts: Parts) -> dict[str, object]:
    due, paid = parts.invoice.amount_due, parts.paid_amount
    return settlement_of(parts.status, due, paid=paid, standing=parts.standing).to_json()


def payment_status(invoice: Invoice, paid_amount: Decimal) -> str:
    """``unpaid``, ``partially_paid``, ``paid`` or ``overpaid``, by comparing sums; the sign is the invoice's."""
    due, paid = invoice.amount_due, paid_amount
    if due < 0:
        due, paid = -due, -paid
    if paid > due:
        return "overpaid"
    if paid == due and invoice.status == InvoiceStatus.ISSUED:
        return "paid"
    return "partially_paid" if paid > 0 else "unpaid"


def represent_payment(payment: Payment) -> dict[str, object]:
    """One payment, as the API shows it."""
    return {
        "id": str(payment.id),
        "invoice": str(payment.invoice_id),
        "amount": plain(payment.amount),
        "date": payment.date.isoformat(),
        "method": payment.method,
        "reference": payment.reference,
        "reverses": _text(payment.reverses_id),
        "created_at": _instant(payment.created_at),
        "created_by": payment.created_by,
    }


def represent_record(record: FiscalRecord) -> dict[str, object]:
    """One fiscal record with its XML as it is kept, and what the AEAT answered (brought by ``with_status``)."""
    return {
        "kind": record.kind,
        "sequence": record.sequence,
        "xml": bytes(record.xml).decode(),
        "fingerprint": record.fingerprint,
        "previous_fingerprint": record.previous_fingerprint,
        "generated_at": record.generated_at_text,
        "status": status_of(record),
        "answers": answers_of(record),
    }


def represent_seller(seller: Seller) -> dict[str, object]:
    """One seller, as the API shows it."""
    return {
        "id": str(seller.id),
        **{name: getattr(seller, name) for name in _SELLER},
        "simplified_limit": plain(seller.simplified_limit),
        "livemode": seller.mode == "live",
    }


_SELLER = [
    "legal_name",
    "trade_name",
    "tax_id",
    "country",
    "territory",
    "time_zone",
    "rounding",
    "approval_policy",
    "payment_terms",
    "language",
]


def represent_series(series: Series) -> dict[str, object]:
    """One series, as the API shows it."""
    return {
        "id": str(series.id),
        "seller": str(series.seller_id),
        **{name: getattr(series, name) for name in _SERIES},
        "livemode": series.mode == "live",
    }


_SERIES = ["code", "kind", "description", "number_format", "yearly", "first_number", "is_default", "is_active"]


def content_digest(invoice: Invoice, lines: Sequence[InvoiceLine]) -> str:
    """What an approval holds for: the SHA-256 of everything that a buyer or the tax office would see."""
    content = {name: getattr(invoice, name) for name in (*_CONTENT, *_TOTALS)}
    content["lines"] = [_line(line) for line in lines]
    content.update({name: value for name in _ONLY_OF_SOME if (value := getattr(invoice, name))})
    content["buyer"] = PartyCopy.of(invoice.client, name=invoice.client.name).to_json() if invoice.client else None
    return hashlib.sha256(json.dumps(content, default=_text, sort_keys=True).encode()).hexdigest()


_CONTENT = [
    "seller_id",
    "client_id",
    "series_id",
    "fiscal_type",
    "operation_date",
    "due_date",
    "currency",
    "prices_include_tax",
    "rounding",
    "purchase_order",
    "buyer_reference",
    "payment_terms",
    "notes",
    "language",
]
_ONLY_OF_SOME = [
    *_MARKS,
    "issuing_party",
    "third_party",
    "correction_method",
    "replaced_net_eur",
    "replaced_tax_eur",
    "replaced_surcharge_eur",
]


def _line(line: InvoiceLine) -> dict[str, object]:
    return {
        "position": line.position,
        "description": line.description,
        "product_code": line.product_code,
        "quantity": trim(line.quantity),
        "unit_price": trim(line.unit_price, places=2),
        "discount_percent": trim(line.discount_percent),
        "tax": line.tax,
        "tax_category": line.tax_category,
        "exemption_code": line.exemption_code or None,
        "regime_code": line.regime_code,
        "tax_rate": trim(line.tax_rate, places=2),
        "surcharge_rate": trim(line.surcharge_rate, places=2),
        "line_net": plain(line.line_net),
    }


def _subtotal(subtotal: TaxSubtotal) -> dict[str, object]:
    return {
        "tax": subtotal.tax,
        "tax_category": subtotal.tax_category,
        "exemption_code": subtotal.exemption_code or None,
        "regime_code": subtotal.regime_code,
        "tax_rate": trim(subtotal.tax_rate, places=2),
        "taxable_amount": plain(subtotal.taxable_amount),
        "tax_amount": plain(subtotal.tax_amount),
        "surcharge_rate": trim(subtotal.surcharge_rate, places=2),
        "surcharge_amount": plain(subtotal.surcharge_amount),
    }


def _verifactu(parts: Parts) -> dict[str, object]:
    record = parts.record
    if record is None:
        return {"status": "not_required", "fingerprint": None, "qr_url": None}
    return {"status": parts.record_status, "fingerprint": record.fingerprint, "qr_url": record.qr_url}


def _approval(approval: Approval | None) -> dict[str, object] | None:
    if approval is None:
        return None
    return {"approved_by": approval.approved_by, "approved_at": _instant(approval.approved_at)}


def _document(invoice: Invoice, document: Document | None) -> dict[str, object] | None:
    if document is None:
        return None
    return {"state": document.state, "url": f"/api/v1/invoices/{invoice.id}/pdf", "sha256": document.sha256 or None}


def _source_event(event: SourceEvent | None) -> dict[str, object] | None:
    return {"source": event.source, "type": event.type, "id": event.event_id} if event else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
