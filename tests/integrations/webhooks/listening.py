"""A seller whose events somebody listens to."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.models import Seller
from integrations.models import EndpointHealth, Event, WebhookDelivery, WebhookEndpoint
from integrations.outbox import publish
from integrations.services.delivering import Deliveries
from integrations.services.endpoints import create_endpoint
from integrations.services.sequencing import number_events
from tests.builders import MARIA, SHOP


@dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint and its secret."""

    endpoint: WebhookEndpoint
    secret: str

    @property
    def deliveries(self) -> list[WebhookDelivery]:
        """In the order of their events."""
        return list(WebhookDelivery.objects.filter(endpoint=self.endpoint).order_by("sequence", "id"))

    @property
    def health(self) -> EndpointHealth:
        return EndpointHealth.objects.get(endpoint=self.endpoint)

    @property
    def now(self) -> WebhookEndpoint:
        """As the database has it."""
        return WebhookEndpoint.objects.get(pk=self.endpoint.pk)


def a_listener(seller: Seller, url: str, *, now: datetime, **changes: Any) -> Listener:
    """Hears everything from now on."""
    endpoint, secret = create_endpoint(seller_id=seller.id, mode=seller.mode, url=url, by=MARIA, now=now, **changes)
    return Listener(endpoint, secret)


def happens(seller: Seller, times: int = 1, *, now: datetime, type: str = "invoice.issued") -> list[Event]:
    """So many events, numbered, with their deliveries made."""
    events = [
        publish(
            type,
            seller_id=seller.id,
            mode=seller.mode,
            object_id=str(uuid.uuid4()),
            payload={"id": str(number), "number": "Ñ-1", "total": "121.00"},
            by=SHOP,
        )
        for number in range(times)
    ]
    while number_events(now=now):
        pass
    return events


def work(deliveries: Deliveries, *, now: datetime, seconds: float = 30) -> None:
    """Until nothing more is due at ``now``, nor under way."""
    until = time.monotonic() + seconds
    while deliveries(now=now):
        assert time.monotonic() < until, "it goes on and on"


def states(deliveries: Sequence[WebhookDelivery]) -> list[str]:
    return [str(delivery.state) for delivery in deliveries]
