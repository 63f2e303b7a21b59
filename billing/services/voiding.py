"""Voiding: a draft is thrown away; an issued invoice that should never have existed is annulled."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from audit import services as audit
from audit.rows import write
from billing import fiscal, queries
from billing.advice import Situation
from billing.balance import crossed
from billing.families import Family, balance_without, family_of
from billing.models import Annulment, Invoice, InvoiceStatus, PrecedingInvoice
from billing.representation import VOIDED, Parts, represent
from billing.services.advising import advice_for
from billing.services.drafting import Condition, discard_draft, lock_invoice, subject_of
from billing.services.standing import hold_families
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from integrations import outbox
from verifactu.history import wants_another_annulment
from verifactu.past import past_of
from verifactu.services.chaining import annul_invoice


@transaction.atomic(savepoint=False)
def void_invoice(
    *, invoice_id: uuid.UUID, reason: str, by: Actor, now: datetime, provided: Condition | None = None
) -> Parts:
    """Declare that the operation never existed. A draft is discarded; an issued invoice gets an annulment and its
    fiscal record (RD 1007/2023 art. 11), in one transaction, and reads ``voided`` from then on: its number and its row
    stay as they are. One that is voided gets another record, and nothing else, where the AEAT rejected the last one.

    ``provided`` may refuse what it sees. Raises NotFound; Invalid without a reason; Conflict ``invoice_discarded``,
    ``already_voided``, and ``void_not_lawful``, with the advised act, where a payment, a correction or a replacement
    shows that the operation did exist.
    """
    invoice = lock_invoice(invoice_id)
    if invoice.status != InvoiceStatus.ISSUED:
        return discard_draft(invoice_id=invoice_id, by=by, now=now, reason=reason, provided=provided)
    if not reason.strip():
        raise Invalid([Fault("required", gettext_noop("Say why."), "#/reason")])
    hold_families(invoice.seller_id)
    parts = queries.parts_of(invoice)
    refuse_unless_voidable(parts, now=now)
    if provided is not None:
        provided(parts)
    return _annul(parts, reason=reason, by=by, now=now)


def refuse_unless_voidable(parts: Parts, *, now: datetime) -> None:
    """Raise the Conflict that says why an issued invoice cannot be voided."""
    invoice = parts.invoice
    if parts.annulment is not None:
        if wants_another_annulment(past_of(invoice.id)):
            return
        raise Conflict(
            "already_voided",
            gettext_noop("Invoice %(number)s was voided already."),
            params={"number": invoice.display_number},
            extra={"invoice": str(invoice.id)},
        )
    shown = _shows_that_it_existed(parts)
    if shown:
        advice = advice_for(parts, Situation.SALE_CANCELLED, now=now)
        raise Conflict(
            "void_not_lawful",
            shown,
            params={"number": invoice.display_number},
            extra={"invoice": str(invoice.id), "advice": advice.to_json(gettext)},
        )


def _shows_that_it_existed(parts: Parts) -> str:
    """The sentence that says why it cannot be voided, or nothing."""
    invoice = parts.invoice
    if invoice.payments.filter(reverses=None, reversal=None).exists():
        return gettext_noop("Invoice %(number)s was paid, so the operation existed: correct it instead.")
    if any(link.invoice.correction_method for link in parts.following):
        return gettext_noop("Invoice %(number)s was corrected, so the operation existed: correct it further.")
    if parts.following:
        return gettext_noop(
            "Invoice %(number)s was replaced by a full one, so the operation existed: correct that one."
        )
    return _others_count_on(invoice) if invoice.correction_method else ""


def _others_count_on(invoice: Invoice) -> str:
    """The same of a correction: what was made of what it left."""
    family = family_of([invoice.id])
    if queries.replacement_in_force(_standing_on(family)):
        return gettext_noop("A full invoice was made of what %(number)s left: withdraw that one first.")
    if crossed(balance_without(family, [invoice.id])):
        return gettext_noop("Without %(number)s more would have been taken back than there was: correct it instead.")
    return ""


def _standing_on(family: Family) -> list[uuid.UUID]:
    """The simplified invoices that count on a correction: its own, and those that a withdrawn replacement set free."""
    members = [member.id for member in family.members]
    freed = PrecedingInvoice.objects.filter(invoice__in=members, invoice__correction_method="")
    return [*members, *freed.values_list("original", flat=True)]


def _annul(parts: Parts, *, reason: str, by: Actor, now: datetime) -> Parts:
    invoice, subject = parts.invoice, subject_of(parts.invoice)
    if parts.annulment is None:
        before, after = {"status": invoice.status}, {"status": VOIDED}
        told = audit.entry("invoice.voided", by=by, subject=subject, before=before, after=after, reason=reason)
        write(Annulment(invoice_id=invoice.id, reason=reason, created_at=now, created_by=str(by)), told)
    else:
        audit.record("invoice.annulled_again", by=by, subject=subject, reason=reason)
    annul_invoice(
        fiscal.annulment_of(invoice),
        invoice_id=invoice.id,
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        zone=invoice.seller.zone,
    )
    voided = queries.parts_of(queries.get_invoice(invoice.id))
    if parts.annulment is None:
        outbox.publish(
            "invoice.voided",
            seller_id=invoice.seller_id,
            mode=invoice.mode,
            object_id=str(invoice.id),
            payload=represent(voided),
            by=by,
        )
    return voided
