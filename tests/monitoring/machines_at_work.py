"""A house that machines have used for a week: some well, some badly, and webhooks that arrive or do not."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta

from billing.models import Seller
from core.modes import Mode
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
from integrations.outbox import publish
from integrations.services.tokens import create_token
from tests.builders import MARIA

HOUR = timedelta(hours=1)


def a_token_row(seller: Seller, name: str, *, now: datetime, **changes: object) -> ApiToken:
    token, _secret = create_token(
        name=name,
        mode=Mode(seller.mode),
        seller_ids=[seller.id],
        scopes=["invoices:read"],
        by=MARIA,
        now=now,
        **changes,
    )
    return token


def an_endpoint(seller: Seller, url: str, *, now: datetime, **changes: object) -> WebhookEndpoint:
    values = {"event_types": ["*"], "created_by": "user:maria", "created_at": now, **changes}
    return WebhookEndpoint.objects.create(seller=seller, mode=seller.mode, url=url, **values)


def a_delivery(
    endpoint: WebhookEndpoint, *, now: datetime, state: str = DeliveryState.PENDING, ago: timedelta = timedelta(0)
) -> WebhookDelivery:
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


def a_week(seller: Seller, *, now: datetime) -> dict[str, ApiToken]:
    """Four tokens with their calls, three endpoints with their deliveries."""
    chance = random.Random(7)
    tokens = {
        name: a_token_row(seller, name, now=now - 100 * 24 * HOUR, **changes)
        for name, changes in {
            "shop": {},
            "warehouse": {"calls_per_minute": 60},
            "crm": {"expires_at": now + 12 * 24 * HOUR},
            "of an old project": {},
        }.items()
    }
    ApiToken.objects.filter(name__in=["shop", "warehouse", "crm"]).update(last_used_at=now)
    hour = now.replace(minute=5, second=0, microsecond=0)
    rows = []
    for back in range(24 * 7):
        at = hour - back * HOUR
        daily = 40 + int(200 * max(0, math.sin((at.hour - 6) / 24 * 2 * math.pi)))
        rows += [
            _minute(tokens["shop"], at, "POST /api/v1/invoices", daily, ms=24),
            _minute(tokens["shop"], at, "GET /api/v1/invoices/{invoice_id}", daily // 2, ms=6),
            _minute(tokens["shop"], at, "POST /api/v1/invoices", chance.randrange(3), 422, "validation_failed"),
            _minute(tokens["warehouse"], at, "POST /api/v1/invoices", 30, ms=230, over_200_ms=12, over_1000_ms=2),
            _minute(tokens["warehouse"], at, "POST /api/v1/invoices", 9, 400, "idempotency_key_missing"),
            _minute(tokens["warehouse"], at, "POST /api/v1/clients", 4, 201, unkeyed_repeats=1),
            _minute(tokens["crm"], at, "GET /api/v1/clients", chance.randrange(6), deprecated=1),
            _minute(None, at, "GET (unknown path)", 2, 404, "not_found"),
        ]
    CallMinute.objects.bulk_create(row for row in rows if row.calls)
    _webhooks(seller, now)
    return tokens


def _minute(
    token: ApiToken | None,
    at: datetime,
    operation: str,
    calls: int,
    status: int = 200,
    code: str = "",
    *,
    ms: int = 9,
    **more: int,
) -> CallMinute:
    return CallMinute(
        minute=at, token=token, operation=operation, status=status, code=code, calls=calls, total_ms=calls * ms,
        max_ms=3 * ms, **more,
    )  # fmt: skip


def _webhooks(seller: Seller, now: datetime) -> None:
    well = an_endpoint(seller, "https://hooks.shop.example.com/correlativa", now=now)
    badly = an_endpoint(seller, "https://warehouse.example.com/in", now=now, owner_email="owner@example.com")
    an_endpoint(
        seller,
        "https://old.example.com/",
        now=now,
        status=EndpointStatus.DISABLED,
        disabled_at=now,
        disabled_reason="410",
    )
    for minutes in range(20):
        _try(a_delivery(well, now=now, state=DeliveryState.DELIVERED), AttemptOutcome.DELIVERED, now)
        late = a_delivery(badly, now=now, ago=timedelta(minutes=20 + minutes))
        _try(late, AttemptOutcome.DELIVERED if minutes % 3 == 0 else AttemptOutcome.TIMED_OUT, now)
    for _ in range(3):
        a_delivery(badly, now=now, state=DeliveryState.DEAD)


def _try(delivery: WebhookDelivery, outcome: str, now: datetime) -> None:
    DeliveryAttempt.objects.create(
        delivery=delivery, endpoint=delivery.endpoint, number=1, at=now - HOUR, duration_ms=40, outcome=outcome
    )
