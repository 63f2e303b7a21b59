"""The calls of each token in the present quarter of an hour, beside those of the same hour of the past days."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

DAYS: Final = 14
QUARTER: Final = timedelta(minutes=15)


@dataclass(slots=True)
class Rhythm:
    """One token's calls, and its failed ones: now, and in comparable quarters of an hour before."""

    token_id: uuid.UUID
    calls: int
    failed: int
    past_calls: list[int] = field(default_factory=list)
    past_failed: list[int] = field(default_factory=list)


# The same hour by the clocks on the wall, which is when people and their shops do the same: four quarters around the
# present time of day, on each of the past days. Quarters in which the token made no call count as none, from its first
# call on.
_PAST: Final = """
    WITH quarters AS MATERIALIZED (
        SELECT at + quarter * interval '15 minutes' AS begins, at + (quarter + 1) * interval '15 minutes' AS ends
        FROM generate_series(1, %(days)s) AS day
        CROSS JOIN LATERAL (
            SELECT (%(now)s::timestamptz AT TIME ZONE %(zone)s - day * interval '1 day') AT TIME ZONE %(zone)s AS at
        ) AS same_time
        CROSS JOIN generate_series(-2, 1) AS quarter
    ), tokens AS MATERIALIZED (
        SELECT token_id, (
            SELECT minute FROM integrations_callminute AS first WHERE first.token_id = token.token_id
            ORDER BY minute LIMIT 1
        ) AS since
        FROM unnest(%(tokens)s::uuid[]) AS token (token_id)
    )
    SELECT tokens.token_id, coalesce(sum(calls), 0)::bigint,
           coalesce(sum(calls) FILTER (WHERE status >= 400), 0)::bigint
    FROM tokens
    JOIN quarters ON quarters.begins >= tokens.since
    LEFT JOIN integrations_callminute AS kept
        ON kept.token_id = tokens.token_id AND kept.minute >= quarters.begins AND kept.minute < quarters.ends
    GROUP BY tokens.token_id, quarters.begins
"""
_PRESENT: Final = """
    SELECT token_id, sum(calls)::bigint, coalesce(sum(calls) FILTER (WHERE status >= 400), 0)::bigint
    FROM integrations_callminute
    WHERE minute >= %s AND minute < %s AND token_id IS NOT NULL
    GROUP BY token_id
"""


def rhythms(*, now: datetime, least: int) -> Iterator[Rhythm]:
    """The tokens that made at least so many calls in the last quarter of an hour, each with its past. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, [now - QUARTER, now])
        found = {row[0]: Rhythm(*row) for row in cursor.fetchall() if row[1] >= least}
        if not found:
            return
        values: dict[str, Any] = {"now": now, "days": DAYS, "zone": settings.TIME_ZONE, "tokens": list(found)}
        cursor.execute(_PAST, values)
        past: dict[uuid.UUID, list[tuple[int, int]]] = defaultdict(list)
        for token_id, calls, failed in cursor.fetchall():
            past[token_id].append((calls, failed))
    for rhythm in found.values():
        rhythm.past_calls = [calls for calls, _failed in past[rhythm.token_id]]
        rhythm.past_failed = [failed for _calls, failed in past[rhythm.token_id]]
        yield rhythm


def commonest_failure(token_id: uuid.UUID, *, since: datetime) -> str:
    """The code that most of a token's failed calls ended with."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT code FROM integrations_callminute WHERE token_id = %s AND minute >= %s AND status >= 400
            GROUP BY code ORDER BY sum(calls) DESC, code LIMIT 1
            """,
            [token_id, since],
        )
        row = cursor.fetchone()
    return row[0] if row else ""
