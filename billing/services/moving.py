"""From one state of a draft to another, each with its audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from audit import services as audit
from billing import queries
from billing.models import Invoice, InvoiceStatus
from billing.representation import Parts, represent
from billing.services.drafting import subject_of
from core.actors import Actor
from integrations import outbox


def move(
    invoice: Invoice,
    status: InvoiceStatus,
    action: str,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    why: Mapping[str, object] | None = None,
) -> None:
    """Give a locked draft its new state. ``why`` are facts for the audit log."""
    before = invoice.status
    invoice.status, invoice.updated_at = status, now
    invoice.save(force_update=True, update_fields=["status", "updated_at"])
    audit.record(
        action,
        by=by,
        subject=subject_of(invoice),
        before={"status": before},
        after={"status": status.value, **(why or {})},
        reason=reason,
    )


def put_in_review(
    invoice: Invoice, action: str, *, by: Actor, now: datetime, why: Mapping[str, object] | None = None
) -> Parts:
    """Ask a person to look at a draft, and tell those who listen (``invoice.in_review``)."""
    move(invoice, InvoiceStatus.IN_REVIEW, action, by=by, now=now, why=why)
    parts = queries.parts_of(invoice)
    outbox.publish(
        "invoice.in_review",
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        object_id=str(invoice.id),
        payload={**represent(parts), **(why or {})},
        by=by,
    )
    return parts
