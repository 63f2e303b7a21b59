"""Which deliveries a worker takes next: fair between endpoints, each delivery by one worker at a time."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from django.db import connection

from integrations.models import Event
from integrations.webhooks.pacing import FIRST, SHARE

LEASE: Final = timedelta(seconds=30)
"""Twice as long as a call may last. A worker that has died by then has its deliveries taken over."""

# The endpoints that have something waiting are found by jumps through the index of what waits: what it costs does not
# grow with the number of endpoints, nor with what was delivered. An endpoint whose circuit is open gets nothing; when
# its time is over, whoever moves it on first (the row is updated once, by one) has the probe. Rows are counted as
# attempts when they are taken, so that one which kills its worker is not tried for ever. An endpoint whose last call
# failed has one under way at a time, and a seller no more than its share of a worker's places, however many endpoints
# it has: those who are silent hold up nobody but their own.
_CLAIM: Final = """
    WITH RECURSIVE waiting (endpoint_id) AS (
        (SELECT endpoint_id FROM integrations_webhookdelivery WHERE state = 'pending' ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT further.endpoint_id FROM integrations_webhookdelivery AS further
            WHERE further.state = 'pending' AND further.endpoint_id > waiting.endpoint_id
            ORDER BY further.endpoint_id LIMIT 1
        )
        FROM waiting WHERE waiting.endpoint_id IS NOT NULL
    ), candidate AS MATERIALIZED (
        SELECT endpoint.id, endpoint.seller_id, own.is_probe, random() AS chance, due.wanted
        FROM waiting
        JOIN integrations_webhookendpoint AS endpoint ON endpoint.id = waiting.endpoint_id
        LEFT JOIN integrations_endpointhealth AS health ON health.endpoint_id = endpoint.id
        LEFT JOIN unnest(%(endpoints)s::uuid[], %(rooms)s::int[]) AS known (endpoint_id, room)
            ON known.endpoint_id = endpoint.id
        CROSS JOIN LATERAL (
            SELECT health.open_until IS NOT NULL AS is_probe, CASE
                WHEN health.open_until IS NOT NULL THEN 1
                WHEN health.consecutive_failures > 0 AND endpoint.id = ANY (%(busy)s::uuid[]) THEN 0
                WHEN health.consecutive_failures > 0 THEN least(known.room, 1)
                ELSE coalesce(known.room, %(first)s)
            END AS room
        ) AS own
        CROSS JOIN LATERAL (
            SELECT count(*) AS wanted FROM (
                SELECT FROM integrations_webhookdelivery AS delivery
                WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending' AND delivery.due_at <= %(now)s
                LIMIT own.room
            ) AS next
        ) AS due
        WHERE endpoint.status = 'active' AND endpoint.deleted_at IS NULL
            AND (health.open_until IS NULL OR health.open_until <= %(now)s) AND due.wanted > 0
    ), shared AS (
        SELECT candidate.*, %(share)s - coalesce(held.places, 0)
            - sum(wanted) OVER (PARTITION BY seller_id ORDER BY is_probe DESC, chance) + wanted AS free
        FROM candidate
        LEFT JOIN unnest(%(sellers)s::uuid[], %(places)s::int[]) AS held (seller_id, places) USING (seller_id)
    ), probe AS (
        UPDATE integrations_endpointhealth AS health SET open_until = %(leased)s
        FROM shared
        WHERE shared.is_probe AND shared.free > 0
            AND health.endpoint_id = shared.id AND health.open_until <= %(now)s
        RETURNING health.endpoint_id
    ), turn AS (
        SELECT id, is_probe, least(wanted, free)::bigint AS room
        FROM shared
        WHERE free > 0 AND (NOT is_probe OR id IN (SELECT endpoint_id FROM probe))
        ORDER BY is_probe DESC, chance
    ), taken AS MATERIALIZED (
        SELECT due.id, turn.id AS endpoint_id, turn.is_probe
        FROM turn CROSS JOIN LATERAL (
            SELECT delivery.id FROM integrations_webhookdelivery AS delivery
            WHERE delivery.endpoint_id = turn.id AND delivery.state = 'pending' AND delivery.due_at <= %(now)s
            ORDER BY delivery.due_at LIMIT turn.room
            FOR UPDATE SKIP LOCKED
        ) AS due
        LIMIT %(limit)s
    ), receiver AS MATERIALIZED (
        SELECT endpoint.id, endpoint.url, endpoint.payload_version, ARRAY(
            SELECT secret.encrypted FROM integrations_endpointsecret AS secret
            WHERE secret.endpoint_id = endpoint.id AND (secret.valid_until IS NULL OR secret.valid_until > %(now)s)
            ORDER BY secret.id DESC
        ) AS secrets, ARRAY(
            SELECT scenario.kind FROM integrations_scenario AS scenario
            WHERE endpoint.mode = 'test' AND scenario.seller_id = endpoint.seller_id AND scenario.ended_at IS NULL
        ) AS scenarios
        FROM integrations_webhookendpoint AS endpoint WHERE endpoint.id IN (SELECT endpoint_id FROM taken)
    )
    UPDATE integrations_webhookdelivery AS delivery
    SET due_at = %(leased)s, attempts = delivery.attempts + 1, round_attempts = delivery.round_attempts + 1
    FROM taken, receiver
    WHERE delivery.id = taken.id AND receiver.id = taken.endpoint_id
    RETURNING delivery.id, delivery.endpoint_id, delivery.attempts, delivery.round_attempts,
        delivery.previous_sequence, taken.is_probe, receiver.url, receiver.payload_version, receiver.secrets,
        receiver.scenarios, delivery.event_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker has until its lease is over. ``number`` counts its attempts, this one included,
    ``round_attempts`` those of its round. ``secrets`` are encrypted, the newest first; ``scenarios`` the faults that
    its test seller has asked for."""

    id: uuid.UUID
    endpoint_id: uuid.UUID
    number: int
    round_attempts: int
    previous_sequence: int | None
    is_probe: bool
    url: str
    payload_version: str
    secrets: Sequence[bytes]
    scenarios: Sequence[str]
    event: Event


def claim(
    *,
    limit: int,
    rooms: Mapping[uuid.UUID, int],
    now: datetime,
    busy: Collection[uuid.UUID] = (),
    held: Mapping[uuid.UUID, int] = MappingProxyType({}),
    known: Mapping[uuid.UUID, Event] = MappingProxyType({}),
) -> list[Claimed]:
    """Take at most ``limit`` deliveries that are due, of each endpoint as many as it has room for, of each seller up to
    SHARE with the ``held`` that it has under way. ``busy`` are the endpoints that have some under way; events that are
    ``known`` are not read again."""
    values: dict[str, Any] = {
        "now": now,
        "leased": now + LEASE,
        "limit": limit,
        "first": FIRST,
        "share": SHARE,
        "endpoints": [*rooms],
        "rooms": [*rooms.values()],
        "busy": [*busy],
        "sellers": [*held],
        "places": [*held.values()],
    }
    with connection.cursor() as cursor:
        rows = cursor.execute(_CLAIM, values).fetchall()
    # Apart, so that an event comes once for all who are told of it.
    wanted = {event_id for *_own, event_id in rows}
    events = {**{key: known[key] for key in wanted & known.keys()}, **Event.objects.in_bulk(wanted - known.keys())}
    return [Claimed(*[*own, events[event_id]]) for *own, event_id in rows]


# As it was before the claim, but due later. The attempt was none.
_PUT_BACK: Final = """
    UPDATE integrations_webhookdelivery AS delivery
    SET due_at = %(due_at)s, attempts = delivery.attempts - 1, round_attempts = delivery.round_attempts - 1
    FROM unnest(%(ids)s::uuid[], %(numbers)s::int[]) AS claimed (id, number)
    WHERE delivery.id = claimed.id AND delivery.state = 'pending' AND delivery.attempts = claimed.number
"""


def put_back(deliveries: Sequence[Claimed], *, until: datetime) -> None:
    """Nobody can send them now, and that is nobody's failure but ours: they wait, and lose no attempt."""
    values: dict[str, Any] = {
        "due_at": until,
        "ids": [delivery.id for delivery in deliveries],
        "numbers": [delivery.number for delivery in deliveries],
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUT_BACK, values)


# In batches: a receiver that was given up may leave a million behind, and no lock is held for long.
_BURY: Final = """
    WITH abandoned AS (
        SELECT waiting.id
        FROM integrations_webhookendpoint AS endpoint CROSS JOIN LATERAL (
            SELECT delivery.id FROM integrations_webhookdelivery AS delivery
            WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending'
            LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) AS waiting
        WHERE endpoint.status = 'disabled' OR endpoint.deleted_at IS NOT NULL
        LIMIT %(limit)s
    )
    UPDATE integrations_webhookdelivery AS delivery SET state = 'dead', finished_at = %(now)s
    FROM abandoned WHERE delivery.id = abandoned.id
"""


def bury_abandoned(*, now: datetime, limit: int = 5_000) -> int:
    """Make dead letters of what waits for endpoints that were disabled or taken away; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_BURY, {"now": now, "limit": limit})
        return int(cursor.rowcount)
