"""The examples of the OpenAPI document."""

from __future__ import annotations

from typing import Any

ENDPOINT_ID = "019ab1f3-0000-7000-8000-000000000001"
DELIVERY_ID = "019ab1f4-0000-7000-8000-000000000001"
EVENT_ID = "019ab1f2-c3d4-7e5f-8a9b-0c1d2e3f4a5c"
SELLER_ID = "019ab1f0-0000-7000-8000-000000000001"

REQUEST: dict[str, Any] = {
    "url": "https://hooks.example.com/correlativa",
    "event_types": ["invoice.*", "payment.recorded"],
    "description": "The shop",
    "owner_email": "shop@example.com",
}
ENDPOINT: dict[str, Any] = {
    "id": ENDPOINT_ID,
    "seller": SELLER_ID,
    **REQUEST,
    "payload_version": "v1",
    "status": "active",
    "disabled_at": None,
    "disabled_reason": None,
    "health": {
        "consecutive_failures": 0,
        "failing_since": None,
        "circuit_open_until": None,
        "last_success_at": "2026-11-23T12:00:01.123456Z",
        "last_failure_at": None,
    },
    "pending_deliveries": 0,
    "oldest_pending_at": None,
    "dead_deliveries": 0,
    "secrets": [{"hint": "whsec_MfKQ…", "created_at": "2026-11-23T11:00:00Z", "valid_until": None}],
    "created_at": "2026-11-23T11:00:00Z",
    "created_by": "token:shop",
    "livemode": False,
}
NEW_ENDPOINT: dict[str, Any] = {**ENDPOINT, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="}
EVENT: dict[str, Any] = {
    "type": "payment.recorded",
    "timestamp": "2026-11-23T12:00:00.123456Z",
    "data": {
        "id": EVENT_ID,
        "sequence": 42,
        "previous_sequence": 41,
        "object": {"id": "019ab200-0000-7000-8000-000000000003", "amount": "119.30"},
        "correlation_id": "order-1001",
        "livemode": False,
    },
}
DELIVERY: dict[str, Any] = {
    "id": DELIVERY_ID,
    "event": EVENT_ID,
    "type": "payment.recorded",
    "sequence": 42,
    "previous_sequence": 40,
    "test": False,
    "state": "pending",
    "attempts": 1,
    "next_attempt_at": "2026-11-23T12:00:06Z",
    "last_outcome": "answered",
    "last_status": 503,
    "created_at": "2026-11-23T12:00:00.5Z",
    "finished_at": None,
}
WHOLE_DELIVERY: dict[str, Any] = {
    **DELIVERY,
    "request": {
        "url": REQUEST["url"],
        "headers": {"content-type": "application/json", "webhook-id": EVENT_ID},
        "body": '{"type":"payment.recorded",…}',
        "object": {**EVENT, "data": {**EVENT["data"], "previous_sequence": 40}},
    },
    "tries": [
        {
            "number": 1,
            "at": "2026-11-23T12:00:01Z",
            "url": REQUEST["url"],
            "webhook_timestamp": 1795435201,
            "duration_ms": 84,
            "outcome": "answered",
            "problem": "",
            "answer": {"status": 503, "headers": {"retry-after": "5"}, "body": "busy"},
        }
    ],
}
