"""Receivers and events for tests that are about neither HTTP nor invoices."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from billing.models import Seller
from integrations.models import Event, WebhookDelivery, WebhookEndpoint
from integrations.outbox import publish
from integrations.services.endpoints import create_endpoint
from integrations.services.sequencing import number_events
from tests.builders import MARIA, NOW, SHOP

URL = "https://93.184.216.34/hooks"
"""A public address whose name nobody has to look up."""


def an_endpoint(seller: Seller, *event_types: str, **changes: Any) -> WebhookEndpoint:
    """A receiver of these events of the seller; of all unless told otherwise."""
    values = {"url": URL, "event_types": event_types or ("*",), **changes}
    endpoint, _secret = create_endpoint(seller_id=seller.id, mode=seller.mode, by=MARIA, now=NOW, **values)
    return endpoint


def happened(seller: Seller, *types: str) -> list[Event]:
    """Events of these types, one after the other, without a number yet."""
    return [
        publish(name, seller_id=seller.id, mode=seller.mode, object_id="x", payload={"id": "x"}, by=SHOP)
        for name in types or ("invoice.issued",)
    ]


def number_all() -> None:
    """As the worker does until nothing waits."""
    while number_events(now=timezone.now()):
        pass


def feed_of(seller: Seller) -> list[tuple[int, str]]:
    """Every number with its type."""
    events = Event.objects.filter(seller=seller, sequence__isnull=False).order_by("sequence")
    return list(events.values_list("sequence", "type"))


def told(endpoint: WebhookEndpoint) -> list[tuple[int | None, int | None]]:
    """What the receiver reads of each delivery: its number, and the one before."""
    deliveries = WebhookDelivery.objects.filter(endpoint=endpoint).order_by("sequence", "id")
    return list(deliveries.values_list("sequence", "previous_sequence"))
