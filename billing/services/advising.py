"""The adviser: what to do with an invoice in which something is wrong."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from billing import queries
from billing.advice import Advice, Facts, Situation, advise
from billing.models import FiscalType, InvoiceStatus
from billing.representation import VOIDED, Parts
from billing.services.fitting import accrual_of
from verifactu.models import RecordAnswer, RecordOutcome

_KINDS = {FiscalType.F2: "simplified", FiscalType.R5: "simplified", FiscalType.F3: "replacement"}
_STATUSES = {
    VOIDED: "voided",
    InvoiceStatus.ISSUED: "issued",
    InvoiceStatus.DISCARDED: "discarded",
}


def advise_on(
    *,
    invoice_id: uuid.UUID,
    what: Situation,
    now: datetime,
    delivered: bool = False,
    event_date: date | None = None,
) -> Advice:
    """What to do with this invoice when ``what`` is wrong. ``delivered`` says that the customer has it. Raises
    NotFound."""
    parts = queries.parts_of(queries.get_invoice(invoice_id))
    return advice_for(parts, what, now=now, delivered=delivered, event_date=event_date)


def advice_for(
    parts: Parts,
    what: Situation,
    *,
    now: datetime,
    delivered: bool = False,
    event_date: date | None = None,
) -> Advice:
    """The same for an invoice that was read already."""
    invoice = parts.invoice
    issued = invoice.status == InvoiceStatus.ISSUED
    return advise(
        what,
        facts_of(parts, delivered=delivered),
        accrual_date=accrual_of(invoice) if issued else None,
        event_date=event_date,
        today=now.astimezone(invoice.seller.zone).date(),
    )


def facts_of(parts: Parts, *, delivered: bool = False) -> Facts:
    """What the table asks of an invoice, read from its rows. A replacement that was withdrawn stands no more, and shows
    all the same that the operation existed, as a correction does."""
    invoice = parts.invoice
    replaced = queries.replacement_in_force([invoice.id]) is not None
    return Facts(
        status=_STATUSES.get(parts.status, "draft"),
        kind=_KINDS.get(FiscalType(invoice.fiscal_type), "full"),
        paid=invoice.payments.filter(reverses=None, reversal=None).exists(),
        corrected=any(link.invoice.correction_method or not replaced for link in parts.following),
        replaced=replaced,
        objected=_is_objected_to(invoice.id),
        delivered=delivered,
    )


def _is_objected_to(invoice_id: uuid.UUID) -> bool:
    """Whether the AEAT's last word on the invoice was no, or yes with errors."""
    last = RecordAnswer.objects.filter(record__invoice=invoice_id).order_by("record__generated_at", "record__sequence")
    answer = last.last()
    return answer is not None and answer.outcome != RecordOutcome.ACCEPTED
