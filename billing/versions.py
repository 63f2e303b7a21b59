"""An invoice as each version of the contract shows it: pure functions of what ``billing.representation`` made.

v1 told what an invoice itself came to and what was paid of it alone, so that one that had been taken back by a
correction read as unpaid for ever. v2 says instead how the parties stand about it (``settlement``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from billing.settlement import settlement_of
from integrations.versions import Payload, register, within

REPLACED = ("amount_due", "paid_amount", "payment_status")
"""What v1 shows and v2 does not."""
ADDED = "settlement"


def as_v1(invoice: Payload) -> Payload:
    return {name: value for name, value in invoice.items() if name != ADDED}


def as_v2(invoice: Payload) -> Payload:
    shown = {name: value for name, value in invoice.items() if name not in REPLACED}
    if ADDED not in invoice and {*REPLACED} <= {*invoice}:  # an event from before there was a second version
        shown[ADDED] = _settlement_of(invoice)
    if "documents" in invoice:
        shown["documents"] = _within(invoice["documents"], "v2")
    return shown


def _settlement_of(invoice: Payload) -> dict[str, object]:
    """As well as it was known then: of the invoice by itself."""
    due, paid = Decimal(str(invoice["amount_due"])), Decimal(str(invoice["paid_amount"]))
    return settlement_of(str(invoice["status"]), due, paid=paid).to_json()


def _within(documents: object, version: str) -> object:
    """Links stay within the version."""
    pdf = documents.get("pdf") if isinstance(documents, Mapping) else None
    return {"pdf": {**pdf, "url": within(pdf["url"], version)}} if pdf else documents


def register_versions() -> None:
    """At start: how events and answers about invoices are shown."""
    register("invoice", "v1", as_v1)
    register("invoice", "v2", as_v2)
