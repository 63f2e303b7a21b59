"""Endpoints and deliveries as their owners see them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from integrations.models import EndpointHealth, WebhookDelivery, WebhookEndpoint
from integrations.services.endpoints import endpoint_not_found
from integrations.services.replaying import delivery_not_found

MOST_COUNTED: Final = 10_000
"""Nobody needs to know more exactly how many wait; counting a million would be slow."""

# For each endpoint at most so many entries of its partial indexes.
_QUEUES: Final = """
    SELECT endpoint.id, waiting.number, waiting.oldest, dead.number
    FROM unnest(%(ids)s::uuid[]) AS endpoint (id),
    LATERAL (SELECT count(*) AS number, min(since) AS oldest FROM (
        SELECT coalesce(replayed_at, created_at) AS since FROM integrations_webhookdelivery
        WHERE endpoint_id = endpoint.id AND state = 'pending' ORDER BY due_at LIMIT %(most)s) AS waits) AS waiting,
    LATERAL (SELECT count(*) AS number FROM (
        SELECT FROM integrations_webhookdelivery
        WHERE endpoint_id = endpoint.id AND state = 'dead' LIMIT %(most)s) AS given_up) AS dead
"""


class Queue(NamedTuple):
    """What waits for an endpoint, since when, and what was given up; numbers stop at MOST_COUNTED."""

    pending: int = 0
    oldest_at: datetime | None = None
    dead: int = 0


def visible_endpoints(seller_ids: Collection[uuid.UUID]) -> QuerySet[WebhookEndpoint]:
    """The endpoints of these sellers that were not taken away, each with its health."""
    endpoints = WebhookEndpoint.objects.filter(seller_id__in=seller_ids, deleted_at=None)
    return endpoints.select_related("health")


def visible_endpoint(endpoint_id: uuid.UUID, *, seller_ids: Collection[uuid.UUID]) -> WebhookEndpoint:
    """One of them. Raises NotFound: another seller's looks the same as none."""
    endpoint = visible_endpoints(seller_ids).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise endpoint_not_found()
    return endpoint


def health_of(endpoint: WebhookEndpoint) -> EndpointHealth:
    """How it has been answering; a clean slate where no worker has written anything."""
    return getattr(endpoint, "health", None) or EndpointHealth(endpoint=endpoint)


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """The endpoint's log, with the events."""
    return WebhookDelivery.objects.filter(endpoint=endpoint).select_related("event")


def delivery_of(endpoint: WebhookEndpoint, delivery_id: uuid.UUID) -> WebhookDelivery:
    """One delivery of the endpoint's log. Raises NotFound."""
    delivery = deliveries_of(endpoint).filter(pk=delivery_id).first()
    if delivery is None:
        raise delivery_not_found()
    return delivery


def queues_of(endpoint_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Queue]:
    """What waits for each of these endpoints."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES, {"ids": list(endpoint_ids), "most": MOST_COUNTED})
        return {endpoint_id: Queue(*values) for endpoint_id, *values in cursor.fetchall()}
