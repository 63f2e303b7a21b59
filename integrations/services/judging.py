"""What the answers of the last moment say about endpoints: their circuits, and whether their owners must know."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from integrations.models import AttemptOutcome
from integrations.services import giving_up
from integrations.services.claiming import Claimed
from integrations.webhooks import breaker
from integrations.webhooks.breaker import Health, Report
from integrations.webhooks.postman import Returned

Results = Sequence[Returned[Claimed]]

_FRESH: Final = timedelta(seconds=5)
"""So soon after another one a success is no news: the endpoint's row is not written anew for it."""


def judge_endpoints(results: Results, *, now: datetime) -> None:
    """In the caller's transaction: move the circuits of the endpoints that answered, tell owners, give endpoints up."""
    of_endpoint: defaultdict[uuid.UUID, list[Returned[Claimed]]] = defaultdict(list)
    for result in results:
        if result.answer.is_ours:
            continue
        of_endpoint[result.of.endpoint_id].append(result)
    known = _held(of_endpoint)
    judged = {key: _judge(key, known[key], of_endpoint[key], now) for key in sorted(known)}
    _write({key: health for key, health in judged.items() if _is_news(known[key], health)})


def _judge(endpoint_id: uuid.UUID, before: Health, results: Results, now: datetime) -> Health:
    reports = [_report(result, now) for result in results]
    health = breaker.after(before, reports)
    if any(result.answer.outcome == AttemptOutcome.GONE for result in results):
        giving_up.disable_endpoint(endpoint_id=endpoint_id, why=giving_up.GONE, now=now)
    elif breaker.is_given_up(health, now=now):
        giving_up.disable_endpoint(endpoint_id=endpoint_id, why=giving_up.FAILED_TOO_LONG, now=now)
    elif breaker.begins_to_fail(health, reports, now=now):
        giving_up.tell_that_it_fails(endpoint_id=endpoint_id, now=now)
        return breaker.told(health, at=now)
    return health


def _report(result: Returned[Claimed], now: datetime) -> Report:
    return Report(
        at=now,
        is_success=result.answer.outcome == AttemptOutcome.DELIVERED,
        is_probe=result.of.is_probe,
        attempts=result.of.round_attempts,
    )


def _is_news(before: Health, health: Health) -> bool:
    if before.last_success_at is None or health.last_success_at is None:
        return before != health
    is_fresh = health.last_success_at - before.last_success_at <= _FRESH
    return not is_fresh or replace(health, last_success_at=before.last_success_at) != before


_MISSING: Final = """
    INSERT INTO integrations_endpointhealth (endpoint_id, consecutive_failures)
    SELECT endpoint.id, 0 FROM unnest(%s::uuid[]) AS endpoint (id)
    WHERE NOT EXISTS (SELECT FROM integrations_endpointhealth AS known WHERE known.endpoint_id = endpoint.id)
    ORDER BY endpoint.id ON CONFLICT DO NOTHING
"""
# In the order of the ids, so that two workers never wait for each other crosswise.
_HELD: Final = """
    SELECT endpoint_id, consecutive_failures, failing_since, open_until, last_success_at, last_failure_at, told_at
    FROM integrations_endpointhealth WHERE endpoint_id = ANY (%s) ORDER BY endpoint_id FOR UPDATE
"""
_WRITTEN: Final = """
    UPDATE integrations_endpointhealth AS health
    SET consecutive_failures = became.consecutive_failures, failing_since = became.failing_since,
        open_until = became.open_until, last_success_at = became.last_success_at,
        last_failure_at = became.last_failure_at, told_at = became.told_at
    FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[])
        AS became (endpoint_id, consecutive_failures, failing_since, open_until, last_success_at, last_failure_at,
            told_at)
    WHERE health.endpoint_id = became.endpoint_id
"""


def _held(endpoint_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Health]:
    """Their health, locked until the transaction ends."""
    ids = [*endpoint_ids]
    with connection.cursor() as cursor:
        rows = cursor.execute(_HELD, [ids]).fetchall()
        if len(rows) < len(ids):  # its first answer
            cursor.execute(_MISSING, [ids])
            rows = cursor.execute(_HELD, [ids]).fetchall()
    return {endpoint_id: Health(*values) for endpoint_id, *values in rows}


def _write(became: Mapping[uuid.UUID, Health]) -> None:
    if became:
        rows = [(endpoint_id, *astuple(health)) for endpoint_id, health in became.items()]
        with connection.cursor() as cursor:
            cursor.execute(_WRITTEN, [list(column) for column in zip(*rows, strict=True)])
