"""Figures of the machines' side for Prometheus: calls, webhooks, the feed, alerts, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count, Min

from config.exposition import labelled
from core.modes import Mode
from integrations.models import (
    Alert,
    DeliveryAttempt,
    EndpointStatus,
    Event,
    Notice,
    NoticeState,
    WebhookEndpoint,
)
from integrations.monitoring.usage import endpoint_states
from integrations.services.token_care import expiring_tokens

WINDOW: Final = timedelta(minutes=5)
KEPT_BY: Final = timedelta(seconds=10)
"""After that the processes have written a minute's calls down."""

MOST_ENDPOINTS: Final = 5_000

EXPLAINED: Final = {
    "api_calls_5m": "Calls in the last five whole minutes, by operation and class of status.",
    "api_call_seconds_5m": "Seconds that they took in all, by operation.",
    "api_slow_calls_5m": "How many of them took longer, by operation.",
    "webhook_deliveries": "Deliveries that wait (pending) or were given up (dead), up to 10000 for each endpoint.",
    "webhook_oldest_pending_seconds": "For how long the oldest has waited, of endpoints that are active.",
    "webhook_endpoints": "Endpoints by status.",
    "webhook_attempts_5m": "Attempts in the last five minutes by outcome.",
    "events_unnumbered": "Events that wait for their place in the feed.",
    "events_unnumbered_oldest_seconds": "For how long the oldest of them has waited.",
    "alerts_open": "Alerts that last, by kind and severity.",
    "alerts_unacknowledged": "Those of them that nobody looks after, by severity.",
    "notices": "Notices that wait (pending) or were given up (failed).",
    "tokens_expiring": "Tokens that end within 30 days.",
}


def machine_figures(now: datetime) -> Iterator[tuple[str, float]]:
    """Names, with labels, and values at ``now``; each through an index."""
    yield from _calls(now)
    yield from _webhooks(now)
    yield from _feed(now)
    yield from _alerts()
    by_mode = dict(expiring_tokens(now).order_by().values_list("mode").annotate(count=Count("pk")))
    for mode in Mode:
        yield labelled("tokens_expiring", mode=mode), by_mode.get(mode, 0)


_CALLS: Final = """
    SELECT operation, status / 100, sum(calls), sum(total_ms) / 1000.0, sum(over_200_ms), sum(over_1000_ms)
    FROM integrations_callminute WHERE minute >= %s AND minute < %s
    GROUP BY operation, status / 100 ORDER BY operation, status / 100
"""


def _calls(now: datetime) -> Iterator[tuple[str, float]]:
    until = (now - KEPT_BY).replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [until - WINDOW, until])
        rows = cursor.fetchall()
    for operation, class_, calls, *_rest in rows:
        yield labelled("api_calls_5m", operation=operation, status=f"{class_}xx"), int(calls)
    for operation in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == operation]
        yield labelled("api_call_seconds_5m", operation=operation), float(sum(row[3] for row in own))
        for over, column in (("200ms", 4), ("1s", 5)):
            yield labelled("api_slow_calls_5m", operation=operation, over=over), int(sum(row[column] for row in own))


def _webhooks(now: datetime) -> Iterator[tuple[str, float]]:
    modes = dict(WebhookEndpoint.objects.filter(deleted_at=None).values_list("id", "mode"))
    states = endpoint_states(now=now, limit=MOST_ENDPOINTS, with_attempts=False)
    for mode in Mode:
        own = [state for state in states if modes.get(state.id) == mode]
        lags = [state.lag(now).total_seconds() for state in own if state.status == EndpointStatus.ACTIVE]
        yield labelled("webhook_deliveries", state="pending", mode=mode), sum(state.pending for state in own)
        yield labelled("webhook_deliveries", state="dead", mode=mode), sum(state.dead for state in own)
        yield labelled("webhook_oldest_pending_seconds", mode=mode), max(lags, default=0)
        for status in EndpointStatus:
            yield labelled("webhook_endpoints", status=status, mode=mode), sum(s.status == status for s in own)
    lately = DeliveryAttempt.objects.filter(endpoint__in=[state.id for state in states], at__gte=now - WINDOW)
    for outcome, count in lately.order_by("outcome").values_list("outcome").annotate(count=Count("pk")):
        yield labelled("webhook_attempts_5m", outcome=outcome), count


def _feed(now: datetime) -> Iterator[tuple[str, float]]:
    waiting = Event.objects.filter(sequence=None, only_for=None).aggregate(count=Count("pk"), oldest=Min("created_at"))
    yield "events_unnumbered", waiting["count"]
    yield "events_unnumbered_oldest_seconds", max((now - (waiting["oldest"] or now)).total_seconds(), 0)


def _alerts() -> Iterator[tuple[str, float]]:
    lasting = Alert.objects.filter(resolved_at=None).order_by("kind", "severity")
    for kind, severity, count in lasting.values_list("kind", "severity").annotate(count=Count("pk")):
        yield labelled("alerts_open", kind=kind, severity=severity), count
    new = dict(lasting.filter(acknowledged_at=None).order_by().values_list("severity").annotate(count=Count("pk")))
    for severity in ("info", "warning", "critical"):
        yield labelled("alerts_unacknowledged", severity=severity), new.get(severity, 0)
    unsent = Notice.objects.filter(state__in=[NoticeState.PENDING, NoticeState.FAILED])
    counts = dict(unsent.order_by().values_list("state").annotate(count=Count("pk")))
    for state in (NoticeState.PENDING, NoticeState.FAILED):
        yield labelled("notices", state=state), counts.get(state, 0)
