"""The places of events in their seller's feed, and the deliveries that follow from them (docs/adr/0024).

Who writes an event waits for nobody: its number comes afterwards, from one worker at a time. A number that a writer
took itself would either queue all writers of a seller behind each other, or, from a PostgreSQL sequence, show 8 to a
reader before 7 was committed: who reads on from 8 never sees 7.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest

from audit.rows import write
from integrations.event_types import matches
from integrations.locks import take_lock, try_lock
from integrations.models import EndpointStatus, Event, WebhookDelivery, WebhookEndpoint

_LOCK: Final = "feed"

# The oldest that wait, whosever they are; within a seller behind its last. What commits late is simply numbered later.
_NUMBER: Final = """
    WITH waiting AS MATERIALIZED (
        SELECT id, seller_id, row_number() OVER (PARTITION BY seller_id ORDER BY created_at, id) AS place
        FROM (
            SELECT id, seller_id, created_at FROM integrations_event
            WHERE sequence IS NULL AND only_for_id IS NULL
            ORDER BY created_at, id LIMIT %s
        ) AS oldest
    ), head AS MATERIALIZED (
        SELECT seller_id, coalesce((
            SELECT max(sequence) FROM integrations_event AS numbered WHERE numbered.seller_id = seller.seller_id
        ), 0) AS sequence
        FROM (SELECT DISTINCT seller_id FROM waiting) AS seller
    )
    UPDATE integrations_event AS event SET sequence = head.sequence + waiting.place
    FROM waiting JOIN head ON head.seller_id = waiting.seller_id
    WHERE event.id = waiting.id
    RETURNING event.seller_id, event.sequence, event.type, event.id
"""


class Numbered(NamedTuple):
    """An event that has just got its place."""

    seller_id: uuid.UUID
    sequence: int
    type: str
    id: uuid.UUID


@transaction.atomic(savepoint=False)
def number_events(*, now: datetime, limit: int = 500) -> int:
    """Give the next places to at most ``limit`` events, make their deliveries, and return how many events there were.

    0 as well where another worker is at it. The lock is asked for in a statement of its own: READ COMMITTED takes a
    snapshot per statement, so that what is read next has all that the lock's last holder committed.
    """
    if not try_lock(_LOCK):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [limit])
        numbered = sorted(Numbered(*row) for row in cursor.fetchall())
    if deliveries := list(_deliveries(numbered, now)):
        write(*deliveries)
    return len(numbered)


def stand_still() -> None:
    """Until the caller's transaction ends nothing is numbered: who begins to listen misses nothing in between."""
    take_lock(_LOCK)


def head_of(seller_id: uuid.UUID) -> int:
    """The last sequence of the seller's feed; 0 before the first."""
    found: int | None = Event.objects.filter(seller_id=seller_id).aggregate(last=Max("sequence"))["last"]
    return found or 0


def _deliveries(numbered: Sequence[Numbered], now: datetime) -> Iterator[WebhookDelivery]:
    """One for each event and endpoint that asked for it; each knows the one before it."""
    events = defaultdict(list)
    for event in numbered:
        events[event.seller_id].append(event)
    for endpoint in _listening(events.keys()):
        previous = endpoint.told_until
        for event in events[endpoint.seller_id]:
            if matches(endpoint.event_types, event.type):
                yield WebhookDelivery(
                    endpoint_id=endpoint.id,
                    event_id=event.id,
                    seller_id=event.seller_id,
                    sequence=event.sequence,
                    previous_sequence=previous or None,
                    due_at=now,
                    created_at=now,
                )
                previous = event.sequence


class Listener(NamedTuple):
    """An endpoint, with the last sequence that it was told, or before which it did not listen."""

    id: uuid.UUID
    seller_id: uuid.UUID
    event_types: list[str]
    told_until: int


def _listening(seller_ids: Collection[uuid.UUID]) -> list[Listener]:
    """The endpoints of these sellers for which deliveries are made: those that are paused get theirs later."""
    last = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), sequence__isnull=False).order_by("-sequence")
    told = Greatest(F("begins_after"), Coalesce(Subquery(last.values("sequence")[:1]), 0))
    endpoints = WebhookEndpoint.objects.filter(seller_id__in=seller_ids, deleted_at=None)
    rows = endpoints.exclude(status=EndpointStatus.DISABLED).annotate(told_until=told).order_by("id")
    return [Listener(*row) for row in rows.values_list("id", "seller_id", "event_types", "told_until")]
