"""Voiding: a draft is thrown away; an issued invoice stays."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from billing.models import InvoiceStatus
from billing.representation import Parts
from billing.services.drafting import Condition, discard_draft, lock_invoice
from core.actors import Actor
from core.errors import Conflict, gettext_noop


@transaction.atomic(savepoint=False)
def void_invoice(
    *, invoice_id: uuid.UUID, reason: str, by: Actor, now: datetime, provided: Condition | None = None
) -> Parts:
    """Discard a draft, with the reason.

    ``provided`` may refuse what it sees. Raises NotFound; Conflict ``invoice_discarded``; Conflict
    ``void_not_available`` for an issued invoice, whose annulment record (RD 1007/2023 art. 11) this version cannot make
    yet.
    """
    invoice = lock_invoice(invoice_id)
    if invoice.status == InvoiceStatus.ISSUED:
        raise Conflict(
            "void_not_available",
            gettext_noop("Invoice %(number)s is issued; annulment records are not available in this version."),
            params={"number": invoice.display_number or ""},
            extra={"invoice": str(invoice.id), "advice": "correct"},
        )
    return discard_draft(invoice_id=invoice_id, by=by, now=now, reason=reason, provided=provided)
