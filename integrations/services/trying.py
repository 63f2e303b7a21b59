"""Events that happened for one endpoint alone, so that its owner sees it work: they are no part of the feed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from audit.rows import write
from audit.services import record
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from integrations import outbox
from integrations.event_types import EVENT_TYPES, PING
from integrations.example_events import example_of
from integrations.models import EndpointStatus, WebhookDelivery, WebhookEndpoint
from integrations.pointers import pointer
from integrations.services.endpoints import lock_endpoint, subject_of, try_at_once


@transaction.atomic(savepoint=False)
def ping(*, endpoint_id: uuid.UUID, by: Actor, now: datetime) -> WebhookDelivery:
    """Send ``ping``. Raises NotFound; Conflict ``endpoint_not_active``."""
    endpoint = _active(endpoint_id)
    record("endpoint.pinged", by=by, subject=subject_of(endpoint))
    return _send(endpoint, PING, {"endpoint": str(endpoint.id), "description": endpoint.description}, by=by, now=now)


@transaction.atomic(savepoint=False)
def send_test_event(*, endpoint_id: uuid.UUID, type: str, by: Actor, now: datetime) -> WebhookDelivery:
    """Send an event of this type with an example of its object, marked as a test. Raises NotFound; Conflict
    ``endpoint_not_active``; Invalid ``event_type_unknown``."""
    if type == PING:
        return ping(endpoint_id=endpoint_id, by=by, now=now)
    if type not in EVENT_TYPES:
        message = gettext_noop("There is no event type %(type)s: name one of the contract's.")
        raise Invalid([Fault("event_type_unknown", message, pointer("type"), params={"type": type[:60]})])
    endpoint = _active(endpoint_id)
    record("endpoint.tested", by=by, subject=subject_of(endpoint), after={"type": type})
    return _send(endpoint, type, example_of(type), by=by, now=now)


def _active(endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """Somebody is waiting for the answer: what would only arrive some day is refused."""
    endpoint = lock_endpoint(endpoint_id)
    if endpoint.status != EndpointStatus.ACTIVE:
        message = gettext_noop("Nothing is sent to this endpoint at present: resume it first.")
        raise Conflict("endpoint_not_active", message)
    return endpoint


def _send(
    endpoint: WebhookEndpoint, type: str, payload: Mapping[str, object], *, by: Actor, now: datetime
) -> WebhookDelivery:
    event = outbox.event(
        type,
        seller_id=endpoint.seller_id,
        mode=endpoint.mode,
        object_id=str(payload.get("id", endpoint.id)),
        payload=payload,
        by=by,
    )
    event.only_for = endpoint
    delivery = WebhookDelivery(endpoint=endpoint, event=event, seller_id=endpoint.seller_id, due_at=now, created_at=now)
    write(event, delivery)
    try_at_once(endpoint, now=now)
    return delivery
