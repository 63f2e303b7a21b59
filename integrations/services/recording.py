"""What receivers answered, written down: each attempt, its delivery's next step, and its endpoint's health."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from integrations.models import AttemptOutcome, DeliveryState
from integrations.services.claiming import Claimed
from integrations.services.judging import judge_endpoints
from integrations.webhooks.postman import Returned
from integrations.webhooks.retries import next_pause

Results = Sequence[Returned[Claimed]]


@transaction.atomic
def record_answers(results: Results, *, now: datetime) -> None:
    """All of them in one transaction.

    A delivery that another worker has taken over in the meantime keeps what that one writes, unless ours arrived.
    Recorded twice, after a commit of which nobody heard, they say the same. Locks in the order of all verbs: an
    endpoint's health, the endpoint, deliveries.
    """
    judge_endpoints(results, now=now)
    _move_deliveries(results, now)
    _keep_attempts(results)


_MOVE: Final = """
    UPDATE integrations_webhookdelivery AS delivery
    SET state = result.state, due_at = coalesce(result.due_at, delivery.due_at), last_outcome = result.outcome,
        last_status = result.status, finished_at = CASE WHEN result.state <> 'pending' THEN %s::timestamptz END
    FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::timestamptz[], %s::text[], %s::smallint[])
        AS result (id, number, state, due_at, outcome, status)
    WHERE delivery.id = result.id AND (
        (delivery.state = 'pending' AND delivery.attempts = result.number)
        OR (delivery.state <> 'delivered' AND result.state = 'delivered')
    )
"""


def _move_deliveries(results: Results, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [now, *_columns(_moved(result, now) for result in results)])


def _moved(result: Returned[Claimed], now: datetime) -> tuple[Any, ...]:
    delivery, answer = result.of, result.answer
    state, due_at = _next_step(result, now)
    return delivery.id, delivery.number, state.value, due_at, answer.outcome.value, answer.status


def _next_step(result: Returned[Claimed], now: datetime) -> tuple[DeliveryState, datetime | None]:
    """What becomes of the delivery, and when it is tried again."""
    if result.answer.outcome == AttemptOutcome.DELIVERED:
        return DeliveryState.DELIVERED, None
    retry_after = result.answer.headers.get("retry-after")
    pause = next_pause(result.of.round_attempts, retry_after=retry_after, now=now, chance=random.random)
    if pause is None or result.answer.outcome == AttemptOutcome.GONE:
        return DeliveryState.DEAD, None
    return DeliveryState.PENDING, now + pause


_KEEP: Final = """
    INSERT INTO integrations_deliveryattempt
        (delivery_id, number, endpoint_id, url, at, duration_ms, outcome, status, problem, answer_body, answer_headers)
    SELECT tried.delivery_id, tried.number, tried.endpoint_id, tried.url, tried.at, tried.duration_ms, tried.outcome,
        tried.status, tried.problem, tried.answer_body, tried.answer_headers::jsonb
    FROM unnest(%s::uuid[], %s::int[], %s::uuid[], %s::text[], %s::timestamptz[], %s::int[], %s::text[],
            %s::smallint[], %s::text[], %s::bytea[], %s::text[])
        AS tried (delivery_id, number, endpoint_id, url, at, duration_ms, outcome, status, problem, answer_body,
            answer_headers)
    WHERE NOT EXISTS (
        SELECT FROM integrations_deliveryattempt AS kept
        WHERE kept.delivery_id = tried.delivery_id AND kept.number = tried.number
    )
"""


def _keep_attempts(results: Results) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, _columns(map(_tried, results)))


def _tried(result: Returned[Claimed]) -> tuple[Any, ...]:
    delivery, answer = result.of, result.answer
    return (
        *(delivery.id, delivery.number, delivery.endpoint_id, delivery.url, result.at, answer.duration_ms),
        *(answer.outcome.value, answer.status, answer.problem, answer.body, json.dumps(dict(answer.headers))),
    )


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """For ``unnest``: a list of each column's values."""
    return [list(column) for column in zip(*rows, strict=True)]
