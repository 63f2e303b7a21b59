"""The query parameters of endpoints and their log."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from core.ids import floor_of
from integrations.api.event_filters import types_named
from integrations.filtering import Filters
from integrations.models import DeliveryState
from integrations.pagination import Keyset

ENDPOINT_FILTERS: Filters = {"seller": lambda value: Q(seller=uuid.UUID(value))}
ENDPOINTS = Keyset(orderings={"id": "id"}, default="-id", filters=(*ENDPOINT_FILTERS,))

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})")
_SKEW = timedelta(minutes=5)


def _state(value: str) -> Q:
    return Q(state=DeliveryState(value))


def _since(value: str) -> Q:
    """Ids say when they were made, to the millisecond of some machine's clock: the index is entered nearby."""
    if not _INSTANT.fullmatch(value):
        raise ValueError(value)
    since = datetime.fromisoformat(value).astimezone(UTC)
    return Q(created_at__gte=since, id__gte=floor_of(since - _SKEW))


def _type(value: str) -> Q:
    types = types_named(value)
    return Q() if types is None else Q(event__type__in=types)


DELIVERY_FILTERS: Filters = {
    "state": _state,
    "type": _type,
    "event": lambda value: Q(event=uuid.UUID(value)),
    "since": _since,
}
DELIVERIES = Keyset(orderings={"id": "id"}, default="-id", filters=(*DELIVERY_FILTERS,))
