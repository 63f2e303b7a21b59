"""``GET /token`` tells an integrator what it does wrong, and is cheap enough to be asked again and again."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from core.ids import new_id
from integrations.models import (
    ApiToken,
    AttemptOutcome,
    CallMinute,
    DeliveryAttempt,
    DeliveryState,
    EndpointStatus,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.monitoring import advice
from integrations.monitoring.advice import advice_on
from integrations.monitoring.keeping import keep_calls
from integrations.monitoring.usage import Ending, EndpointState, Usage, endpoint_states, usage_of
from integrations.outbox import publish
from tests.builders import MARIA, a_seller
from tests.integrations.doors import a_token, caller

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def a_minute(token, *, ago=timedelta(minutes=5), calls=1, status=200, code="", ms=10, **more):
    return CallMinute.objects.create(
        minute=timezone.now().replace(second=0, microsecond=0) - ago,
        token=token,
        operation="POST /api/v1/invoices",
        status=status,
        code=code,
        calls=calls,
        total_ms=calls * ms,
        max_ms=ms,
        **more,
    )


def an_endpoint(seller, **changes):
    values = {"url": "https://example.com/hook", "event_types": ["*"], "created_by": "user:maria", **changes}
    return WebhookEndpoint.objects.create(seller=seller, mode=seller.mode, created_at=timezone.now(), **values)


def a_delivery(endpoint, *, state=DeliveryState.PENDING, ago=timedelta(0)):
    now = timezone.now()
    event = publish("ping", seller_id=endpoint.seller_id, mode=endpoint.mode, object_id="o", payload={}, by=MARIA)
    return WebhookDelivery.objects.create(
        endpoint=endpoint,
        event=event,
        seller_id=endpoint.seller_id,
        state=state,
        due_at=now,
        created_at=now - ago,
        finished_at=None if state == DeliveryState.PENDING else now,
    )


def health(secret, language="en"):
    return caller(secret, **{"Accept-Language": language}).get("/api/v1/token").json()["health"]


def test_a_token_that_does_all_well_is_given_no_advice():
    secret = a_token(a_seller())
    for _ in range(3):
        caller(secret).get("/api/v1/sellers")
    keep_calls()
    told = health(secret)
    assert told["calls"] == 3
    assert told["failures"] == told["retries_without_key"] == told["deprecated_calls"] == 0
    assert told["failures_by_code"] == told["webhooks"] == told["advice"] == []


def test_what_it_does_wrong_is_counted_and_said():
    secret = a_token(a_seller())
    token = ApiToken.objects.get()
    a_minute(token, calls=70, ms=30)
    a_minute(token, calls=2, ms=1_500, status=201, over_200_ms=2, over_1000_ms=2, unkeyed_repeats=2, deprecated=1)
    a_minute(token, calls=28, status=422, code="validation_failed")
    a_minute(token, calls=4, status=400, code="idempotency_key_missing")
    a_minute(token, calls=999, ago=timedelta(hours=25))
    a_minute(None, calls=999)
    told = health(secret)
    assert (told["calls"], told["failures"], told["retries_without_key"], told["deprecated_calls"]) == (104, 32, 2, 1)
    assert told["failures_by_code"] == [
        {"code": "validation_failed", "status": 422, "calls": 28},
        {"code": "idempotency_key_missing", "status": 400, "calls": 4},
    ]
    assert told["latency"] == {"mean_ms": 52, "max_ms": 1_500, "over_200_ms": 2, "over_1000_ms": 2}
    assert [each["code"] for each in told["advice"]] == [
        "retries_without_key",
        "idempotency_key_missing",
        "deprecated_use",
        "many_faults",
    ]
    assert told["advice"][3]["detail"].startswith("28 of 104 calls had faults.")


def test_its_webhooks_are_told_and_nobody_elses():
    seller = a_seller()
    other = a_seller(tax_id="99999910G")
    endpoint = an_endpoint(seller)
    a_delivery(endpoint, ago=timedelta(minutes=20))
    a_delivery(endpoint)
    a_delivery(endpoint, state=DeliveryState.DEAD)
    a_delivery(endpoint, state=DeliveryState.DELIVERED)
    an_endpoint(seller, deleted_at=timezone.now())
    a_delivery(an_endpoint(other))
    told = health(a_token(seller))
    [webhook] = told["webhooks"]
    assert 1_200 <= webhook.pop("lag_seconds") < 1_300
    assert webhook == {"endpoint": str(endpoint.id), "pending": 2, "dead": 1}
    assert [each["code"] for each in told["advice"]] == ["webhooks_behind", "dead_letters"]


def test_a_disabled_endpoint_and_an_expiring_token_are_advised_on():
    seller = a_seller()
    an_endpoint(seller, status=EndpointStatus.DISABLED, disabled_at=timezone.now())
    now = timezone.now()
    secret = a_token(seller, now=now, expires_at=now + timedelta(days=5, hours=1))
    assert [(each["code"], each["detail"].split()[-4:]) for each in health(secret)["advice"]][1] == (
        "token_expires",
        ["5", "days:", "rotate", "it."],
    )


def test_success_is_that_of_the_last_day():
    endpoint = an_endpoint(a_seller())
    delivery, now = a_delivery(endpoint), timezone.now()
    for outcome, status, hours in (
        (AttemptOutcome.DELIVERED, 200, 1),
        (AttemptOutcome.TIMED_OUT, None, 2),
        (AttemptOutcome.ANSWERED, 503, 2),
        (AttemptOutcome.ANSWERED, 503, 3),
        (AttemptOutcome.DELIVERED, 200, 25),
    ):
        DeliveryAttempt.objects.create(
            delivery=delivery,
            endpoint=endpoint,
            number=1,
            at=now - timedelta(hours=hours),
            duration_ms=5 * hours,
            outcome=outcome,
            status=status,
        )
    [state] = endpoint_states(now=now)
    assert (state.attempts, state.delivered, state.mean_ms) == (4, 1, 10)
    assert state.failures == (("503", 2), ("timed_out", 1))
    [state] = endpoint_states(now=now, with_attempts=False)
    assert (state.attempts, state.failures) == (0, ())


def test_little_trouble_is_no_habit():
    def codes(faulty, calls):
        usage = Usage(NOW, calls=calls, failures=(Ending(422, "validation_failed", faulty),))
        return [each.code for each in advice_on(usage, [], expires_at=None, now=NOW)]

    assert codes(19, 19) == []
    assert codes(20, 201) == []
    assert codes(20, 200) == ["many_faults"]


def test_a_paused_endpoint_is_behind_by_its_owners_wish():
    paused = EndpointState(new_id(), "paused", 5, NOW - timedelta(days=2), 0, 0, 0)
    assert advice_on(Usage(NOW), [paused], expires_at=None, now=NOW) == []


def test_asking_costs_three_queries(django_assert_num_queries):
    secret = a_token(a_seller())
    door = caller(secret)
    door.get("/api/v1/token")
    with django_assert_num_queries(3):
        door.get("/api/v1/token")


def test_a_busy_token_among_many_rows_is_read_through_its_index():
    a_token(a_seller())
    token = ApiToken.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integrations_callminute
                (minute, token_id, operation, status, code, calls, total_ms, max_ms, over_200_ms, over_1000_ms,
                 deprecated, unkeyed_repeats)
            SELECT now() - minute * interval '1 minute', CASE WHEN operation = 0 THEN %s::uuid END,
                   'GET /' || operation, 200, '', 1, 10, 10, 0, 0, 0, 0
            FROM generate_series(1, 10000) AS minute, generate_series(0, 9) AS operation
            """,
            [token.id],
        )
        cursor.execute("ANALYZE integrations_callminute")
        cursor.execute(
            "EXPLAIN SELECT sum(calls) FROM integrations_callminute WHERE token_id = %s AND minute >= now() - interval '1 day'",
            [token.id],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "call_minute_by_token" in plan
    began = time.perf_counter()
    assert usage_of(token.id, since=timezone.now() - timedelta(days=1)).calls in {1_439, 1_440}
    assert time.perf_counter() - began < 1


def test_integrators_can_look_up_every_code_of_the_advice():
    root = Path(__file__).parents[2]
    source = (root / "integrations" / "monitoring" / "advice.py").read_text()
    codes = {*re.findall(r'Advice\(\s*"(\w+)"', source), *advice._BY_CODE}
    page = (root / "docs" / "for-integrators.md").read_text()
    assert len(codes) > 10
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []
