"""From a draft that a service proposes to the form in which a person finishes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.admin.stored_drafts import price_of
from billing.admin.treatments import treatment_of
from billing.drafts import InvoiceDraft, LineDraft
from core.money import plain

_AS_PROPOSED = [
    "client",
    "operation_date",
    "due_date",
    "currency",
    "prices_include_tax",
    "equivalence_surcharge",
    "purchase_order",
    "buyer_reference",
    "notes",
]


def head_of(draft: InvoiceDraft) -> dict[str, Any]:
    """The initial values of the form's head."""
    return {
        **{name: getattr(draft, name) for name in _AS_PROPOSED},
        "fiscal_type": draft.correction.reason if draft.correction else "",
        "exchange_rate": draft.exchange_rate.normalize() if draft.exchange_rate else None,
        "withholding_percent": f"{draft.withholding_percent.normalize():f}",
        "language": draft.language or "",
    }


def lines_of(draft: InvoiceDraft) -> list[dict[str, Any]]:
    """The initial values of its lines. No surcharge is left to follow from the rest, where there is none to follow."""
    return [
        {
            "description": line.description,
            "quantity": line.quantity.normalize(),
            "unit_price": price_of(line.unit_price),
            "discount_percent": line.discount_percent.normalize() or None,
            "treatment": treatment_of(line).value,
            "regime_code": line.regime_code or "",
            "surcharge_rate": _surcharge(draft, line),
            "product_code": line.product_code,
        }
        for line in draft.lines
    ]


def _surcharge(draft: InvoiceDraft, line: LineDraft) -> str:
    rate = line.surcharge_rate or Decimal(0)
    return plain(rate) if rate or draft.equivalence_surcharge else ""
