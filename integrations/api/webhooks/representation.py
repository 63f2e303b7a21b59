"""Endpoints and deliveries as the API shows them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from core.instants import written
from core.modes import Mode
from integrations.events import is_test
from integrations.models import (
    DeliveryAttempt,
    DeliveryState,
    EndpointHealth,
    EndpointStatus,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.services.endpoints import hint_of, valid_secrets
from integrations.webhook_queries import Queue, health_of, queues_of
from integrations.webhooks.bodies import body_in_the_log

MOST_TRIES: Final = 50
"""Attempts that are shown of one delivery, the newest first."""


def represent_endpoints(endpoints: Sequence[WebhookEndpoint], *, now: datetime) -> list[dict[str, object]]:
    """Endpoints with their health, what waits for them, and their secrets' beginnings."""
    ids = [endpoint.pk for endpoint in endpoints]
    queues, secrets = queues_of(ids), defaultdict(list)
    for secret in valid_secrets(ids, now=now):
        shown = {"hint": hint_of(secret), "created_at": written(secret.created_at)}
        secrets[secret.endpoint_id].append({**shown, "valid_until": written(secret.valid_until)})
    return [_endpoint(row, queues.get(row.pk, Queue()), secrets[row.pk]) for row in endpoints]


def represent_endpoint(endpoint: WebhookEndpoint, *, now: datetime) -> dict[str, object]:
    """One of them."""
    [shown] = represent_endpoints([endpoint], now=now)
    return shown


def represent_delivery(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> dict[str, object]:
    """A delivery as the log lists it."""
    event, waits = delivery.event, delivery.state == DeliveryState.PENDING
    return {
        "id": str(delivery.id),
        "event": str(delivery.event_id),
        "type": event.type,
        "sequence": delivery.sequence,
        "previous_sequence": delivery.previous_sequence,
        "test": is_test(event),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_attempt_at": written(delivery.due_at) if waits and endpoint.status == EndpointStatus.ACTIVE else None,
        "last_outcome": delivery.last_outcome or None,
        "last_status": delivery.last_status,
        "created_at": written(delivery.created_at),
        "finished_at": written(delivery.finished_at),
    }


def represent_delivery_wholly(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> dict[str, object]:
    """A delivery with what is sent and every attempt. The body is the very text that is signed."""
    tries = list(delivery.tries.order_by("-id")[:MOST_TRIES])
    version = endpoint.payload_version
    body = body_in_the_log(delivery.event, previous_sequence=delivery.previous_sequence, version=version)
    headers = {"content-type": "application/json", "webhook-id": str(delivery.event_id)}
    return {
        **represent_delivery(delivery, endpoint),
        "request": {"url": endpoint.url, "headers": headers, "body": body.decode(), "object": json.loads(body)},
        "tries": [represent_attempt(attempt) for attempt in tries],
    }


def represent_attempt(attempt: DeliveryAttempt) -> dict[str, object]:
    """One call to the receiver, and what came back."""
    answered = attempt.status is not None
    answer = {"status": attempt.status, "headers": attempt.answer_headers, "body": answer_text(attempt)}
    return {
        "number": attempt.number,
        "at": written(attempt.at),
        "url": attempt.url,
        "webhook_timestamp": int(attempt.at.timestamp()),
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "problem": attempt.problem,
        "answer": answer if answered else None,
    }


def answer_text(attempt: DeliveryAttempt) -> str:
    """What the receiver said, as far as it is text."""
    return bytes(attempt.answer_body).decode(errors="replace").replace("\x00", "�")


def _endpoint(endpoint: WebhookEndpoint, queue: Queue, secrets: Sequence[object]) -> dict[str, object]:
    return {
        "id": str(endpoint.id),
        "seller": str(endpoint.seller_id),
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "description": endpoint.description,
        "payload_version": endpoint.payload_version,
        "owner_email": endpoint.owner_email,
        "status": endpoint.status,
        "disabled_at": written(endpoint.disabled_at),
        "disabled_reason": endpoint.disabled_reason or None,
        "health": _health(health_of(endpoint)),
        "pending_deliveries": queue.pending,
        "oldest_pending_at": written(queue.oldest_at),
        "dead_deliveries": queue.dead,
        "secrets": [*secrets],
        "created_at": written(endpoint.created_at),
        "created_by": endpoint.created_by,
        "livemode": endpoint.mode == Mode.LIVE,
    }


def _health(health: EndpointHealth) -> dict[str, object]:
    return {
        "consecutive_failures": health.consecutive_failures,
        "failing_since": written(health.failing_since),
        "circuit_open_until": written(health.open_until),
        "last_success_at": written(health.last_success_at),
        "last_failure_at": written(health.last_failure_at),
    }
