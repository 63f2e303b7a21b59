"""How the calls of every token went by the hour, for people who look: two queries, whatever there is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from integrations.monitoring.usage import Ending

HOUR: Final = timedelta(hours=1)


@dataclass(slots=True)
class Trend:
    """The calls of one token, or of nobody that we know. ``hours`` are (calls, failed ones), the oldest first;
    ``peak`` are the most calls of a minute."""

    hours: list[tuple[int, int]]
    calls: int = 0
    failed: int = 0
    total_ms: int = 0
    max_ms: int = 0
    over_200_ms: int = 0
    over_1000_ms: int = 0
    retries_without_key: int = 0
    deprecated: int = 0
    peak: int = 0
    endings: list[Ending] = field(default_factory=list)

    @property
    def mean_ms(self) -> int:
        return round(self.total_ms / self.calls) if self.calls else 0

    def share(self, part: int) -> float:
        """``part`` of the calls, in per cent."""
        return 100 * part / self.calls if self.calls else 0.0


# By the minute first, for the peak.
_BY_HOUR: Final = """
    SELECT token_id, extract(epoch FROM date_trunc('hour', minute, 'UTC'))::bigint, sum(calls)::bigint,
           sum(failed)::bigint, sum(total_ms)::bigint, max(max_ms), sum(over_200_ms)::bigint,
           sum(over_1000_ms)::bigint, sum(unkeyed_repeats)::bigint, sum(deprecated)::bigint, max(calls)::bigint
    FROM (
        SELECT token_id, minute, sum(calls) AS calls, coalesce(sum(calls) FILTER (WHERE status >= 400), 0) AS failed,
               sum(total_ms) AS total_ms, max(max_ms) AS max_ms, sum(over_200_ms) AS over_200_ms,
               sum(over_1000_ms) AS over_1000_ms, sum(unkeyed_repeats) AS unkeyed_repeats, sum(deprecated) AS deprecated
        FROM integrations_callminute
        WHERE minute >= %(since)s AND (%(token)s::uuid IS NULL OR token_id = %(token)s)
        GROUP BY token_id, minute
    ) AS by_minute
    GROUP BY 1, 2
"""
_ENDINGS: Final = """
    SELECT token_id, status, code, sum(calls)::bigint AS calls
    FROM integrations_callminute
    WHERE minute >= %(since)s AND status >= 400 AND (%(token)s::uuid IS NULL OR token_id = %(token)s)
    GROUP BY token_id, status, code
    ORDER BY calls DESC, code
"""
_OPERATIONS: Final = """
    SELECT operation, sum(calls)::bigint AS calls, coalesce(sum(calls) FILTER (WHERE status >= 400), 0)::bigint,
           (sum(total_ms) / sum(calls))::bigint, max(max_ms), sum(over_200_ms)::bigint, sum(over_1000_ms)::bigint
    FROM integrations_callminute
    WHERE token_id = %s AND minute >= %s
    GROUP BY operation
    ORDER BY calls DESC, operation
    LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class OperationUse:
    """How one operation was used."""

    operation: str
    calls: int
    failed: int
    mean_ms: int
    max_ms: int
    over_200_ms: int
    over_1000_ms: int


def trends(*, now: datetime, hours: int, token_id: uuid.UUID | None = None) -> dict[uuid.UUID | None, Trend]:
    """The last ``hours``, the present one included, by token; or of one token alone. None stands for nobody."""
    first = now.replace(minute=0, second=0, microsecond=0) - (hours - 1) * HOUR
    values: dict[str, Any] = {"since": first, "token": token_id}
    found: dict[uuid.UUID | None, Trend] = {}
    for token, hour, *figures in _rows(_BY_HOUR, values):
        trend = found.setdefault(token, Trend([(0, 0)] * hours))
        _add(trend, (hour - int(first.timestamp())) // 3600, figures)
    for token, status, code, calls in _rows(_ENDINGS, values):
        found[token].endings.append(Ending(status, code, calls))
    return found


def operations_of(token_id: uuid.UUID, *, since: datetime) -> list[OperationUse]:
    """What a token calls, the most used first."""
    return [OperationUse(*row) for row in _rows(_OPERATIONS, [token_id, since])]


def _add(trend: Trend, hour: int, figures: list[int]) -> None:
    calls, failed, total_ms, max_ms, over_200_ms, over_1000_ms, repeats, deprecated, peak = figures
    if 0 <= hour < len(trend.hours):
        trend.hours[hour] = (calls, failed)
    trend.calls += calls
    trend.failed += failed
    trend.total_ms += total_ms
    trend.max_ms = max(trend.max_ms, max_ms)
    trend.over_200_ms += over_200_ms
    trend.over_1000_ms += over_1000_ms
    trend.retries_without_key += repeats
    trend.deprecated += deprecated
    trend.peak = max(trend.peak, peak)


def _rows(sql: str, values: Any) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()
