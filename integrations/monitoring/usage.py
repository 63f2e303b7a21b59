"""How a token was used, and how webhooks arrive: from the minutes' rows and the deliveries, by index and bounded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

DAY: Final = timedelta(days=1)

COUNTED: Final = 10_000
"""Beyond that nobody counts deliveries: the figure says «so many, at least»."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Calls that ended alike."""

    status: int
    code: str
    calls: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The calls of one token, or of nobody, over some time; durations in milliseconds."""

    since: datetime
    calls: int = 0
    failures: tuple[Ending, ...] = ()
    """By code, the most frequent first: every answer of 400 and above."""
    retries_without_key: int = 0
    deprecated: int = 0
    total_ms: int = 0
    max_ms: int = 0
    over_200_ms: int = 0
    over_1000_ms: int = 0

    @property
    def failed(self) -> int:
        return sum(ending.calls for ending in self.failures)

    @property
    def mean_ms(self) -> int:
        return round(self.total_ms / self.calls) if self.calls else 0

    def with_code(self, code: str) -> int:
        """How many calls ended with this code."""
        return sum(ending.calls for ending in self.failures if ending.code == code)


@dataclass(frozen=True, slots=True)
class EndpointState:
    """How an endpoint's deliveries go. ``oldest`` is since when the one waits that has waited longest, from
    its replay on where there was one; counts end at COUNTED."""

    id: uuid.UUID
    status: str
    pending: int
    oldest: datetime | None
    dead: int
    attempts: int
    """Of the last day, at most the last COUNTED; how many of them were successes, how long they took, and how the
    others ended: by the receiver's status, else by outcome."""
    delivered: int
    mean_ms: int = 0
    failures: tuple[tuple[str, int], ...] = ()

    def lag(self, now: datetime) -> timedelta:
        """For how long the oldest has waited."""
        return max(now - self.oldest, timedelta()) if self.oldest else timedelta()


_ENDINGS: Final = """
    SELECT status, code, sum(calls)::bigint, sum(unkeyed_repeats)::bigint, sum(deprecated)::bigint,
           sum(total_ms)::bigint, max(max_ms), sum(over_200_ms)::bigint, sum(over_1000_ms)::bigint
    FROM integrations_callminute
    WHERE token_id = %s AND minute >= %s
    GROUP BY status, code
"""


def usage_of(token_id: uuid.UUID, *, since: datetime) -> Usage:
    """One query, through the index by token and minute."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDINGS, [token_id, since])
        rows = cursor.fetchall()
    failures = sorted((Ending(*row[:3]) for row in rows if row[0] >= 400), key=lambda each: (-each.calls, each.code))
    sums: list[int] = [sum(column) for column in list(zip(*rows, strict=True))[2:]] or [0] * 7
    calls, repeats, deprecated, total_ms, _max, over_200_ms, over_1000_ms = sums
    return Usage(
        since=since,
        calls=calls,
        failures=tuple(failures),
        retries_without_key=repeats,
        deprecated=deprecated,
        total_ms=total_ms,
        max_ms=max((row[6] for row in rows), default=0),
        over_200_ms=over_200_ms,
        over_1000_ms=over_1000_ms,
    )


_ENDPOINTS: Final = """
    SELECT endpoint.id, endpoint.status, waiting.count, waiting.oldest, dead.count, tried.count, tried.delivered,
           tried.mean_ms, tried.failures
    FROM integrations_webhookendpoint AS endpoint
    CROSS JOIN LATERAL (
        SELECT count(*), min(since) AS oldest FROM (
            SELECT coalesce(replayed_at, created_at) AS since FROM integrations_webhookdelivery
            WHERE endpoint_id = endpoint.id AND state = 'pending' ORDER BY due_at LIMIT %(most)s
        ) AS pending
    ) AS waiting
    CROSS JOIN LATERAL (
        SELECT count(*) FROM (
            SELECT FROM integrations_webhookdelivery
            WHERE endpoint_id = endpoint.id AND state = 'dead' LIMIT %(most)s
        ) AS letters
    ) AS dead
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(count), 0)::bigint AS count,
               coalesce(sum(count) FILTER (WHERE outcome = 'delivered'), 0)::bigint AS delivered,
               coalesce(sum(ms) / sum(count), 0)::bigint AS mean_ms,
               coalesce(jsonb_object_agg(ended, count) FILTER (WHERE outcome <> 'delivered'), '{}')::text AS failures
        FROM (
            SELECT outcome, ended, count(*), sum(duration_ms) AS ms FROM (
                SELECT outcome, duration_ms, CASE outcome WHEN 'answered' THEN status::text ELSE outcome END AS ended
                FROM integrations_deliveryattempt
                WHERE endpoint_id = endpoint.id AND at >= %(since)s::timestamptz ORDER BY at DESC LIMIT %(most)s
            ) AS lately GROUP BY outcome, ended
        ) AS by_end
    ) AS tried
    WHERE endpoint.deleted_at IS NULL AND (%(sellers)s::uuid[] IS NULL OR endpoint.seller_id = ANY (%(sellers)s))
    ORDER BY endpoint.created_at, endpoint.id
    LIMIT %(endpoints)s
"""


def endpoint_states(
    *, now: datetime, seller_ids: Collection[uuid.UUID] | None = None, limit: int = 200, with_attempts: bool = True
) -> list[EndpointState]:
    """How the deliveries of these sellers' endpoints go, or of everybody's; one query. Without attempts for who asks
    every few seconds: they are most of the work."""
    values: dict[str, Any] = {
        "most": COUNTED,
        "since": now - DAY if with_attempts else None,
        "sellers": None if seller_ids is None else list(seller_ids),
        "endpoints": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENDPOINTS, values)
        return [replace(EndpointState(*row[:-1]), failures=_most_first(row[-1])) for row in cursor.fetchall()]


def _most_first(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(json.loads(text).items(), key=lambda each: (-each[1], each[0])))
