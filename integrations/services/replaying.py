"""Sending again what was sent before, and what ought to have been."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.rows import write
from audit.services import record
from core.actors import Actor
from core.errors import Fault, Invalid, NotFound, gettext_noop
from integrations.event_types import EVERYTHING, meant_by
from integrations.models import DeliveryAttempt, DeliveryState, Event, WebhookDelivery, WebhookEndpoint
from integrations.pointers import pointer
from integrations.services.endpoints import lock_endpoint, refuse_if_disabled, subject_of, try_at_once

MAX_REPLAY: Final = 10_000
"""Events of one call; the answer says how to go on."""

Place = tuple[uuid.UUID, int | None]
"""An event and its sequence; what was made for one endpoint has none, but always a delivery."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How many deliveries were set going. ``continue_with`` is what to ask next where one call was not enough."""

    deliveries: int
    continue_with: Mapping[str, object] | None = None


@transaction.atomic(savepoint=False)
def retry_delivery(*, delivery_id: uuid.UUID, by: Actor, now: datetime) -> WebhookDelivery:
    """Send one event again, now, whatever became of it before. Raises NotFound; Conflict ``endpoint_disabled``."""
    delivery = WebhookDelivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        raise delivery_not_found()
    endpoint = lock_endpoint(delivery.endpoint_id)
    refuse_if_disabled(endpoint)
    _again(WebhookDelivery.objects.filter(pk=delivery_id), now=now)
    try_at_once(endpoint, now=now)
    after = {"delivery": str(delivery.id), "event": str(delivery.event_id)}
    record("endpoint.delivery_retried", by=by, subject=subject_of(endpoint), after=after)
    delivery.refresh_from_db()
    return delivery


@transaction.atomic(savepoint=False)
def replay(
    *,
    endpoint_id: uuid.UUID,
    by: Actor,
    now: datetime,
    after: int | None = None,
    event_ids: Sequence[uuid.UUID] | None = None,
    failed_since: datetime | None = None,
    limit: int = MAX_REPLAY,
) -> Replay:
    """Send again: all that the endpoint asked for behind a sequence, or these events, or all that failed since.

    Exactly one of the three. The first two also make deliveries that there never were (the endpoint was disabled, or
    had not asked for that type); these events are sent whatever it asked for. Each keeps its id, which is how receivers
    know a repeat. Raises NotFound; Conflict ``endpoint_disabled``; Invalid.
    """
    asked = {"after": after, "event_ids": event_ids, "failed_since": failed_since}
    named = {name: value for name, value in asked.items() if value is not None}
    if len(named) != 1:
        raise Invalid([Fault("replay_ambiguous", gettext_noop("Say one of after, event_ids and failed_since."))])
    endpoint = lock_endpoint(endpoint_id)
    refuse_if_disabled(endpoint)
    if event_ids is not None:
        done = _of_events(endpoint, _asked(endpoint, event_ids), now=now)
    elif failed_since is not None:
        done = _failed(endpoint, failed_since, limit=limit, now=now)
    else:
        done = _behind(endpoint, after or 0, limit=limit, now=now)
    try_at_once(endpoint, now=now)
    told = {**_in_words(named), "deliveries": done.deliveries}
    record("endpoint.replayed", by=by, subject=subject_of(endpoint), after=told)
    return done


def _in_words(named: Mapping[str, Any]) -> dict[str, object]:
    """What was asked, for the audit log: of many ids the first twenty."""
    [(name, value)] = named.items()
    if isinstance(value, datetime):
        return {name: value.isoformat()}
    return {name: value if isinstance(value, int) else [str(event_id) for event_id in value[:20]]}


def delivery_not_found() -> NotFound:
    """There is none for whoever asked."""
    return NotFound("delivery_not_found", gettext_noop("There is no such delivery."))


def _behind(endpoint: WebhookEndpoint, after: int, *, limit: int, now: datetime) -> Replay:
    events = Event.objects.filter(seller_id=endpoint.seller_id, sequence__gt=after)
    if EVERYTHING not in endpoint.event_types:
        events = events.filter(type__in=meant_by(endpoint.event_types))
    rows = list(events.order_by("sequence").values_list("id", "sequence")[: limit + 1])
    done = _of_events(endpoint, rows[:limit], now=now, known_until=after)
    more = {"after": rows[limit - 1][1]} if len(rows) > limit else None
    return Replay(done.deliveries, more)


def _asked(endpoint: WebhookEndpoint, event_ids: Sequence[uuid.UUID]) -> list[Place]:
    """The seller's events of these ids that are in the feed, or were made for this endpoint."""
    known = Q(sequence__isnull=False) | Q(only_for=endpoint)
    events = Event.objects.filter(known, seller_id=endpoint.seller_id, id__in=event_ids)
    found = {event_id: (event_id, sequence) for event_id, sequence in events.values_list("id", "sequence")}
    message = gettext_noop("There is no such event in the seller's feed.")
    faults = [
        Fault("event_unknown", message, pointer("event_ids", index))
        for index, event_id in enumerate(event_ids)
        if event_id not in found
    ]
    if faults:
        raise Invalid(faults)
    return sorted(found.values(), key=lambda row: row[1] or 0)


def _of_events(
    endpoint: WebhookEndpoint, rows: Sequence[Place], *, now: datetime, known_until: int | None = None
) -> Replay:
    """``known_until`` is the sequence that the receiver says it has."""
    deliveries = WebhookDelivery.objects.filter(endpoint=endpoint, event__in=[event_id for event_id, _ in rows])
    delivered = set(deliveries.values_list("event_id", flat=True))
    _again(deliveries, now=now)
    missing = [(event_id, sequence) for event_id, sequence in rows if event_id not in delivered and sequence]
    if missing:
        write(*_made(endpoint, missing, now=now, known_until=known_until))
    return Replay(len(rows))


_BEFORE: Final = """
    SELECT (
        SELECT max(sequence) FROM integrations_webhookdelivery WHERE endpoint_id = %s AND sequence < missing.sequence
    ) FROM unnest(%s::bigint[]) WITH ORDINALITY AS missing (sequence, place) ORDER BY place
"""


def _made(
    endpoint: WebhookEndpoint, missing: Sequence[tuple[uuid.UUID, int]], *, now: datetime, known_until: int | None
) -> Iterator[WebhookDelivery]:
    """Deliveries that there never were, in the order of the feed; each knows the one before it for this endpoint."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [endpoint.pk, [sequence for _, sequence in missing]])
        before = [found or 0 for (found,) in cursor.fetchall()]
    previous = known_until or 0
    for (event_id, sequence), delivered in zip(missing, before, strict=True):
        yield WebhookDelivery(
            endpoint_id=endpoint.pk,
            event_id=event_id,
            seller_id=endpoint.seller_id,
            sequence=sequence,
            previous_sequence=max(previous, delivered) or None,
            due_at=now,
            created_at=now,
        )
        previous = sequence


def _failed(endpoint: WebhookEndpoint, since: datetime, *, limit: int, now: datetime) -> Replay:
    """The dead letters since then, and what has failed since then and waits for its next attempt."""
    tried = DeliveryAttempt.objects.filter(delivery=OuterRef("pk"), at__gte=since)
    dead = Q(state=DeliveryState.DEAD, finished_at__gte=since)
    waiting = Q(Exists(tried), state=DeliveryState.PENDING, round_attempts__gt=0)
    ids = _ids(endpoint, dead, limit + 1)
    ids += _ids(endpoint, waiting, limit + 1 - len(ids))
    _again(WebhookDelivery.objects.filter(pk__in=ids[:limit]), now=now)
    more = {"failed_since": since.isoformat()} if len(ids) > limit else None
    return Replay(len(ids[:limit]), more)


def _ids(endpoint: WebhookEndpoint, wanted: Q, limit: int) -> list[uuid.UUID]:
    return list(WebhookDelivery.objects.filter(wanted, endpoint=endpoint).values_list("pk", flat=True)[:limit])


def _again(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> None:
    """Begin the round anew. What has not been tried yet in its present round comes anyhow, and may be on its way."""
    begun: dict[str, Any] = {"round_attempts": 0, "due_at": now, "replayed_at": now}
    changes = {"state": DeliveryState.PENDING, "finished_at": None, **begun}
    ids = deliveries.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)
    untouched = Q(state=DeliveryState.PENDING, round_attempts=0)
    WebhookDelivery.objects.filter(pk__in=list(ids)).exclude(untouched).update(**changes)
