"""How the caller has been doing: the part of ``GET /token`` that tells an integrator what to do otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from integrations.authentication import StoredToken
from integrations.monitoring.advice import advice_on
from integrations.monitoring.usage import DAY, EndpointState, Usage, endpoint_states, usage_of

MOST_CODES = 20


class CallFailureShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="The problem's code.")
    status = serializers.IntegerField()
    calls = serializers.IntegerField()


class CallLatencyShape(serializers.Serializer[Any]):
    mean_ms = serializers.IntegerField()
    max_ms = serializers.IntegerField()
    over_200_ms = serializers.IntegerField(help_text="How many calls took longer.")
    over_1000_ms = serializers.IntegerField(help_text="How many calls took longer.")


class WebhookHealthShape(serializers.Serializer[Any]):
    endpoint = serializers.UUIDField()
    lag_seconds = serializers.IntegerField(help_text="For how long the oldest undelivered event has waited.")
    pending = serializers.IntegerField(help_text="10000 stands for more.")
    dead = serializers.IntegerField(help_text="Given up, until they are replayed. 10000 stands for more.")


class UsageAdviceShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable; switch on it.")
    detail = serializers.CharField(help_text="For people, in the language asked for.")


class TokenHealthShape(serializers.Serializer[Any]):
    """The last 24 hours, known to within some seconds."""

    since = serializers.DateTimeField()
    calls = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Answers of 400 and above.")
    failures_by_code = CallFailureShape(many=True, help_text=f"The {MOST_CODES} most frequent.")
    retries_without_key = serializers.IntegerField(
        help_text="POSTs that repeated another one within 90 seconds without an Idempotency-Key."
    )
    deprecated_calls = serializers.IntegerField(help_text="Answers with the header Deprecation.")
    latency = CallLatencyShape()
    webhooks = WebhookHealthShape(many=True, help_text="The endpoints of the token's sellers.")
    advice = UsageAdviceShape(many=True, help_text="What to do otherwise; empty when all is well.")


EXAMPLE = {
    "since": "2026-11-24T12:00:00Z",
    "calls": 1204,
    "failures": 31,
    "failures_by_code": [
        {"code": "validation_failed", "status": 422, "calls": 27},
        {"code": "idempotency_key_missing", "status": 400, "calls": 4},
    ],
    "retries_without_key": 2,
    "deprecated_calls": 0,
    "latency": {"mean_ms": 14, "max_ms": 310, "over_200_ms": 1, "over_1000_ms": 0},
    "webhooks": [
        {"endpoint": "019ab1f0-0000-7000-8000-000000000009", "lag_seconds": 4, "pending": 1, "dead": 0},
    ],
    "advice": [
        {
            "code": "retries_without_key",
            "detail": "2 calls repeated another one without an Idempotency-Key, and may have done things twice. Send "
            "the key of the first try again.",
        },
    ],
}


def represent_health(token: StoredToken, *, now: datetime) -> dict[str, object]:
    """What this token did in the last 24 hours, and how its sellers' webhooks arrive. Two queries."""
    usage = usage_of(token.id, since=(now - DAY).replace(second=0, microsecond=0))
    endpoints = endpoint_states(now=now, seller_ids=token.seller_ids, with_attempts=False)
    advice = advice_on(usage, endpoints, expires_at=token.expires_at, now=now)
    return {
        "since": usage.since.isoformat().replace("+00:00", "Z"),
        "calls": usage.calls,
        "failures": usage.failed,
        "failures_by_code": [
            {"code": each.code, "status": each.status, "calls": each.calls} for each in usage.failures[:MOST_CODES]
        ],
        "retries_without_key": usage.retries_without_key,
        "deprecated_calls": usage.deprecated,
        "latency": _latency(usage),
        "webhooks": [_webhook(endpoint, now) for endpoint in endpoints],
        "advice": [{"code": each.code, "detail": gettext(each.message) % each.params} for each in advice],
    }


def _latency(usage: Usage) -> dict[str, int]:
    return {
        "mean_ms": usage.mean_ms,
        "max_ms": usage.max_ms,
        "over_200_ms": usage.over_200_ms,
        "over_1000_ms": usage.over_1000_ms,
    }


def _webhook(endpoint: EndpointState, now: datetime) -> dict[str, object]:
    return {
        "endpoint": str(endpoint.id),
        "lag_seconds": int(endpoint.lag(now).total_seconds()),
        "pending": endpoint.pending,
        "dead": endpoint.dead,
    }
