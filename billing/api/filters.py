"""The query parameters of the list of invoices."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q

from billing.models import Annulment, InvoiceStatus, Series, SeriesCounter, SourceEvent
from billing.representation import VOIDED
from integrations.filtering import Filters

STATUSES = (*InvoiceStatus.values, VOIDED)
NAMES = (
    "status",
    "seller",
    "client",
    "series",
    "number",
    "external_id",
    "source_event",
    "correlation_id",
    "issue_date",
    "issue_date.gte",
    "issue_date.lte",
)


def filters_for(seller_ids: Collection[uuid.UUID]) -> Filters:
    """What each parameter asks for, among the invoices of these sellers.

    Series and source events are looked up beforehand: with their ids in hand PostgreSQL knows which index serves.
    """

    def series(codes: str) -> Q:
        found = Series.objects.filter(seller__in=seller_ids, code__in=codes.split(","))
        return Q(series__in=[*found.values_list("pk", flat=True)])

    def source_event(key: str) -> Q:
        source, kind, event_id = key.split(":", 2)  # only the id may hold a colon
        found = SourceEvent.objects.filter(seller__in=seller_ids, source=source, type=kind, event_id=event_id)
        return Q(pk__in=[*found.values_list("invoice", flat=True)])

    def number(value: str) -> Q:
        """As printed; digits alone may also be the number in a series."""
        printed = Q(display_number=value)
        if not (value.isascii() and value.isdecimal() and len(value) <= 18):
            return printed
        counters = SeriesCounter.objects.filter(series__seller__in=seller_ids)
        places = [*counters.values_list("series", "fiscal_year")]
        in_series = Q(series__in={place[0] for place in places}, fiscal_year__in={place[1] for place in places})
        return printed | (in_series & Q(number=int(value)))

    return {**_PLAIN, "series": series, "source_event": source_event, "number": number}


def _status(value: str) -> Q:
    wanted = set(value.split(","))
    if not wanted <= set(STATUSES):
        raise ValueError(value)
    if not wanted & {VOIDED, InvoiceStatus.ISSUED}:
        return Q(status__in=wanted)
    found = Q(status__in=wanted - {VOIDED, InvoiceStatus.ISSUED})
    annulled = Exists(Annulment.objects.filter(invoice=OuterRef("pk")))
    if VOIDED in wanted:  # the row of a voided invoice stays as it was issued
        found |= Q(annulled)
    if InvoiceStatus.ISSUED in wanted:
        found |= Q(status=InvoiceStatus.ISSUED) & ~Q(annulled)
    return found


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # Python also reads 20261123 and weeks; the contract does not


def _date(lookup: str) -> Callable[[str], Q]:
    def on(value: str) -> Q:
        if not _DAY.fullmatch(value):
            raise ValueError(value)
        return Q(**{lookup: date.fromisoformat(value)})

    return on


_PLAIN: Filters = {
    "status": _status,
    "seller": lambda value: Q(seller=uuid.UUID(value)),
    "client": lambda value: Q(client=uuid.UUID(value)),
    "external_id": lambda value: Q(external_id=value),
    "correlation_id": lambda value: Q(correlation_id=value),
    "issue_date": _date("issue_date"),
    "issue_date.gte": _date("issue_date__gte"),
    "issue_date.lte": _date("issue_date__lte"),
}
