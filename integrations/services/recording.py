"""What receivers answered, written down: each attempt, its delivery's next step, and its endpoint's health."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from integrations.arrays import Cell, bytea, columns
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
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [*columns(_row(result, now) for result in results), now])


# One statement, so that it costs one round trip however many there are.
_RECORD: Final = """
    WITH result AS MATERIALIZED (
        SELECT * FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::timestamptz[], %s::text[], %s::smallint[],
                %s::uuid[], %s::text[], %s::timestamptz[], %s::int[], %s::text[], %s::bytea[], %s::text[])
            AS result (id, number, state, due_at, outcome, status, endpoint_id, url, at, duration_ms, problem,
                answer_body, answer_headers)
    ), moved AS (
        UPDATE integrations_webhookdelivery AS delivery
        SET state = result.state, due_at = coalesce(result.due_at, delivery.due_at), last_outcome = result.outcome,
            last_status = result.status,
            finished_at = CASE WHEN result.state <> 'pending' THEN %s::timestamptz END
        FROM result
        WHERE delivery.id = result.id AND (
            (delivery.state = 'pending' AND delivery.attempts = result.number)
            OR (delivery.state <> 'delivered' AND result.state = 'delivered')
        )
    )
    INSERT INTO integrations_deliveryattempt
        (delivery_id, number, endpoint_id, url, at, duration_ms, outcome, status, problem, answer_body, answer_headers)
    SELECT id, number, endpoint_id, url, at, duration_ms, outcome, status, problem, answer_body, answer_headers::jsonb
    FROM result
    WHERE NOT EXISTS (
        SELECT FROM integrations_deliveryattempt AS kept
        WHERE kept.delivery_id = result.id AND kept.number = result.number
    )
"""


def _row(result: Returned[Claimed], now: datetime) -> tuple[Cell, ...]:
    delivery, answer = result.of, result.answer
    state, due_at = _next_step(result, now)
    return (
        *(delivery.id, delivery.number, state.value, due_at, answer.outcome.value, answer.status),
        *(delivery.endpoint_id, delivery.url, result.at, answer.duration_ms, answer.problem),
        *(bytea(answer.body), json.dumps(dict(answer.headers))),
    )


def _next_step(result: Returned[Claimed], now: datetime) -> tuple[DeliveryState, datetime | None]:
    """What becomes of the delivery, and when it is tried again."""
    if result.answer.outcome == AttemptOutcome.DELIVERED:
        return DeliveryState.DELIVERED, None
    retry_after = result.answer.headers.get("retry-after")
    pause = next_pause(result.of.round_attempts, retry_after=retry_after, now=now, chance=random.random)
    if pause is None or result.answer.outcome == AttemptOutcome.GONE:
        return DeliveryState.DEAD, None
    return DeliveryState.PENDING, now + pause
