"""What the objects of events look like: carried by test events, so that receivers are built before the first sale."""

from __future__ import annotations

from typing import Any

from billing.api.examples import DRAFT, FINGERPRINT, INVOICE, INVOICE_ID, PAYMENT, PAYMENT_ID
from integrations.example_events import register

_RECORD: dict[str, Any] = {
    "id": "019ab1f2-c3d4-7e5f-8a9b-0c1d2e3f4a5d",
    "invoice": INVOICE_ID,
    "kind": "registration",
    "sequence": 1,
    "display_number": INVOICE["display_number"],
    "fingerprint": FINGERPRINT,
    "status": "accepted",
    "code": None,
    "description": "",
    "receipt_code": "A-7Y8VQ2J6F8N4Z",
}
_FAULT = {
    "pointer": "#/lines/1/tax_rate",
    "code": "tax_rate_not_in_force",
    "detail": "IVA has no rate of 23 % on 2026-11-23. In force: 21, 10, 4, 0.",
}

EVENTS: dict[str, dict[str, Any]] = {
    "invoice": INVOICE,
    "invoice.created": DRAFT,
    "invoice.in_review": {**DRAFT, "status": "in_review"},
    "invoice.voided": {**INVOICE, "status": "voided"},
    "document.rendered": {"invoice": INVOICE_ID, "document": "pdf", "sha256": FINGERPRINT.lower(), "size": 48211},
    "payment.recorded": PAYMENT,
    "payment.reversed": {**PAYMENT, "id": f"{PAYMENT_ID[:-1]}4", "amount": "-119.30", "reverses": PAYMENT_ID},
    "validation.failed": {"refused": "invoice.created", "code": "validation_failed", "errors": [_FAULT]},
    "fiscal_record.accepted": _RECORD,
    "fiscal_record.accepted_with_errors": {
        **_RECORD,
        "status": "accepted_with_errors",
        "code": 2000,
        "description": "El cálculo de la huella suministrada es incorrecta.",
    },
    "fiscal_record.rejected": {
        **_RECORD,
        "status": "rejected",
        "code": 1239,
        "description": "Error en el bloque Destinatario.",
    },
}


def register_event_examples() -> None:
    """At start: what test events of billing's types carry."""
    register(EVENTS)
