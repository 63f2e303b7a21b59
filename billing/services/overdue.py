"""Telling subscribers that an invoice was due and nobody has paid it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from billing import queries
from billing.models import CorrectionMethod, Invoice, InvoiceStatus
from billing.representation import Parts, represent
from core.actors import worker
from integrations import clock, outbox
from integrations.locks import try_lock
from integrations.models import Event

TYPE: Final = "invoice.overdue"

LOOKED_BACK: Final = timedelta(days=90)
"""What is looked at is what became due in these days: what bounces later makes nobody overdue."""


class Place(NamedTuple):
    """Behind this invoice, in the order of the index."""

    due_date: date
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Batch:
    """How many were told of, and where to go on; None at the end."""

    told: int
    last: Place | None = None


@transaction.atomic(savepoint=False)
def tell_of_overdue(*, now: datetime, after: Place | None = None, limit: int = 200) -> Batch:
    """An event for each of the next ``limit`` invoices that are overdue: issued, in force, owed, and due before today
    in their seller's zone, by its clock. Each is told of once. Nothing where another worker is at it."""
    if not try_lock(TYPE):
        return Batch(0)
    ahead = clock.offsets()
    invoices = list(queries.with_parts(_candidates(now, ahead, after).select_related("seller"))[:limit])
    told = 0
    for parts in _owed(invoices):
        invoice = parts.invoice
        today = (now + ahead.get(invoice.seller_id, timedelta(0))).astimezone(invoice.seller.zone).date()
        if invoice.due_date is not None and invoice.due_date < today:
            _tell(parts)
            told += 1
    return Batch(told, _place_of(invoices[-1]) if len(invoices) == limit else None)


def _candidates(now: datetime, ahead: dict[uuid.UUID, timedelta], after: Place | None) -> QuerySet[Invoice]:
    """What may be overdue somewhere, was not told of, and is not paid by what it says itself."""
    told = Event.objects.filter(object_id=Cast(OuterRef("pk"), TextField()), type=TYPE)
    became_due = _due_by(now) & ~Q(seller__in=[*ahead])
    for seller_id, offset in ahead.items():
        became_due |= _due_by(now + offset) & Q(seller=seller_id)
    issued = Invoice.objects.filter(became_due, ~Exists(told), status=InvoiceStatus.ISSUED, annulment=None)
    if after is not None:
        issued = issued.filter(Q(due_date=after.due_date, id__gt=after.id) | Q(due_date__gt=after.due_date))
    return queries.with_paid(issued).filter(amount_due__gt=F("paid_sum")).order_by("due_date", "id")


def _due_by(now: datetime) -> Q:
    """In the last days, by any of the country's clocks."""
    today = now.date()
    return Q(due_date__gte=today - LOOKED_BACK, due_date__lte=today)


def _owed(invoices: list[Invoice]) -> Iterator[Parts]:
    """Those that stand, and of which, with all that was corrected, something is left to be paid."""
    for parts in queries.parts_of_all(invoices):
        standing = parts.standing
        if not _is_superseded(parts) and (standing is None or standing.due > standing.paid):
            yield parts


def _is_superseded(parts: Parts) -> bool:
    """Whether another invoice stands in its place, which is due by itself."""
    methods = {link.invoice.correction_method for link in parts.following}
    if CorrectionMethod.SUBSTITUTION in methods:
        return True
    return "" in methods and queries.replacement_in_force([parts.invoice.id]) is not None


def _tell(parts: Parts) -> None:
    invoice = parts.invoice
    outbox.publish(
        TYPE,
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        object_id=str(invoice.id),
        payload=represent(parts),
        by=worker("overdue", correlation_id=invoice.correlation_id),
    )


def _place_of(invoice: Invoice) -> Place:
    assert invoice.due_date is not None, "what is overdue was due"
    return Place(invoice.due_date, invoice.id)
