"""Review: a person looks at a draft before it becomes law."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import transaction

from audit.models import AuditEntry, Outcome
from billing import queries
from billing.models import Approval, Invoice, InvoiceStatus
from billing.models.seller import ApprovalPolicy
from billing.representation import Parts, content_digest
from billing.services.drafting import Condition, lock_invoice, refuse_unless_editable
from billing.services.issuing import issue_invoice, refuse_unless_issuable
from billing.services.moving import move, put_in_review
from core.actors import Actor, ActorKind
from core.errors import Conflict, Forbidden, gettext_noop


@transaction.atomic(savepoint=False)
def submit_invoice(*, invoice_id: uuid.UUID, by: Actor, now: datetime, provided: Condition | None = None) -> Parts:
    """Ask a person to review a draft. Asking again changes nothing.

    ``provided`` may refuse what it sees. Raises NotFound, Conflict (``invoice_immutable``, ``invoice_discarded``).
    """
    invoice = lock_invoice(invoice_id)
    refuse_unless_editable(invoice)
    if provided is not None:
        provided(queries.parts_of(invoice))
    if invoice.status != InvoiceStatus.DRAFT:
        return queries.parts_of(invoice)
    return put_in_review(invoice, "invoice.submitted", by=by, now=now)


@transaction.atomic(savepoint=False)
def approve_invoice(*, invoice_id: uuid.UUID, by: Actor, now: datetime, seen_digest: str | None = None) -> Parts:
    """A person's word that the draft may be issued as it stands.

    ``seen_digest`` is the ``content_digest`` of what the person saw; Conflict ``approval_stale`` when the draft has
    changed since. Raises Forbidden ``approval_needs_a_person`` for machines, and ``approval_needs_another_person`` for
    whoever wrote any of it where the seller wants four eyes.
    """
    invoice = lock_invoice(invoice_id)
    refuse_unless_issuable(invoice)
    if by.kind != ActorKind.USER:
        raise Forbidden("approval_needs_a_person", gettext_noop("Only a person may approve an invoice."))
    if invoice.seller.approval_policy == ApprovalPolicy.FOUR_EYES and _wrote(invoice, by):
        message = gettext_noop("Its author may not approve an invoice; somebody else must (four eyes).")
        raise Forbidden("approval_needs_another_person", message)
    digest = content_digest(invoice, queries.parts_of(invoice).lines)
    if seen_digest is not None and seen_digest != digest:
        message = gettext_noop("The draft changed while you were looking at it; look again.")
        raise Conflict("approval_stale", message, extra={"invoice": str(invoice.id)})
    Approval.objects.create(
        invoice=invoice, content_digest=digest, approved_at=now, approved_by=str(by), approver_id=by.id
    )
    move(invoice, InvoiceStatus.APPROVED, "invoice.approved", by=by, now=now)
    return queries.parts_of(invoice)


@transaction.atomic(savepoint=False)
def approve_and_issue(
    *, invoice_id: uuid.UUID, by: Actor, now: datetime, seen_digest: str | None = None, on: date | None = None
) -> Parts:
    """«Aprobar y emitir»: approve what was seen and issue it, in one transaction.

    Raises what ``approve_invoice`` and ``issue_invoice`` raise.
    """
    approve_invoice(invoice_id=invoice_id, by=by, now=now, seen_digest=seen_digest)
    return issue_invoice(invoice_id=invoice_id, by=by, now=now, on=on)


@transaction.atomic(savepoint=False)
def return_to_draft(*, invoice_id: uuid.UUID, by: Actor, now: datetime, reason: str) -> Parts:
    """Send a reviewed draft back to its author, with the reason.

    Raises NotFound, Conflict (``invoice_immutable``, ``invoice_discarded``).
    """
    invoice = lock_invoice(invoice_id)
    refuse_unless_editable(invoice)
    move(invoice, InvoiceStatus.DRAFT, "invoice.returned", by=by, now=now, reason=reason)
    return queries.parts_of(invoice)


def _wrote(invoice: Invoice, by: Actor) -> bool:
    """Whether the person made the draft or changed it since: by id, for a name can be changed or taken over."""
    return AuditEntry.objects.filter(
        subject_type="invoice",
        subject_id=str(invoice.id),
        action__in=["invoice.created", "invoice.changed"],
        outcome=Outcome.DONE,
        actor_kind=by.kind,
        actor_id=by.id,
    ).exists()
