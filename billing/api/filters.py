"""The query parameters of the list of invoices."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import date

from django.db.models import Q
from rest_framework.request import Request

from billing.models import InvoiceStatus, Series, SourceEvent
from core.errors import Fault, gettext_noop

STATUSES = (*InvoiceStatus.values, "voided")
SellerIds = Collection[uuid.UUID]


class _Unusable(Exception):
    """The value of a parameter says nothing."""


def conditions(request: Request, seller_ids: SellerIds) -> tuple[Q, list[Fault]]:
    """What the parameters ask for, and every one that cannot be understood."""
    asked, faults = Q(), []
    for name, value in request.query_params.items():
        if name not in FILTERS:
            continue
        condition, message = FILTERS[name]
        try:
            asked &= condition(value, seller_ids)
        except (_Unusable, ValueError):
            faults.append(Fault("parameter_invalid", message, parameter=name))
    return asked, faults


def _status(value: str, _sellers: SellerIds) -> Q:
    wanted = value.split(",")
    if not set(wanted) <= set(STATUSES):
        raise _Unusable
    return Q(status__in=wanted)


def _seller(value: str, _sellers: SellerIds) -> Q:
    return Q(seller=uuid.UUID(value))


def _client(value: str, _sellers: SellerIds) -> Q:
    return Q(client=uuid.UUID(value))


def _series(value: str, sellers: SellerIds) -> Q:
    """Asked for beforehand: with the ids in hand PostgreSQL knows which index serves."""
    series = Series.objects.filter(seller__in=sellers, code__in=_texts(value))
    return Q(series__in=[*series.values_list("pk", flat=True)])


def _source_event(value: str, sellers: SellerIds) -> Q:
    """``source:type:id``; only the id may hold a colon."""
    source, kind, event_id = _text(value).split(":", 2)
    events = SourceEvent.objects.filter(seller__in=sellers, source=source, type=kind, event_id=event_id)
    return Q(pk__in=[*events.values_list("invoice", flat=True)])


def _is(column: str) -> Callable[[str, SellerIds], Q]:
    return lambda value, _sellers: Q(**{column: _text(value)})


def _date(lookup: str) -> Callable[[str, SellerIds], Q]:
    return lambda value, _sellers: Q(**{lookup: date.fromisoformat(value)})


def _texts(value: str) -> list[str]:
    return _text(value).split(",")


def _text(value: str) -> str:
    if not value or "\0" in value:
        raise _Unusable
    return value


_STATUS = gettext_noop("Must be one or more of draft, in_review, approved, issued, voided and discarded, by commas.")
_ID = gettext_noop("Must be an identifier.")
_SOURCE_EVENT = gettext_noop("Must be source:type:id.")
_DATE = gettext_noop("Must be a date: YYYY-MM-DD.")
_TEXT = gettext_noop("Must not be empty.")

FILTERS: dict[str, tuple[Callable[[str, SellerIds], Q], str]] = {
    "status": (_status, _STATUS),
    "seller": (_seller, _ID),
    "client": (_client, _ID),
    "series": (_series, _TEXT),
    "number": (_is("display_number"), _TEXT),
    "external_id": (_is("external_id"), _TEXT),
    "source_event": (_source_event, _SOURCE_EVENT),
    "correlation_id": (_is("correlation_id"), _TEXT),
    "issue_date": (_date("issue_date"), _DATE),
    "issue_date.gte": (_date("issue_date__gte"), _DATE),
    "issue_date.lte": (_date("issue_date__lte"), _DATE),
}
