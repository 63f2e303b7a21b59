"""Makes endpoints, and events that wait for them: ``python -m benchmarks.webhooks_fill SELLER EVENTS URL…``.

The events are copies of one that an invoice made, so that bodies are as long as in life.
"""

from __future__ import annotations

import sys
import uuid

import django

django.setup()

from django.utils import timezone  # noqa: E402 - Django comes first

from audit.rows import write  # noqa: E402 - Django comes first
from core.actors import command  # noqa: E402 - Django comes first
from integrations.models import Event, WebhookDelivery, WebhookEndpoint  # noqa: E402 - Django comes first
from integrations.outbox import event  # noqa: E402 - Django comes first
from integrations.services.endpoints import create_endpoint, delete_endpoint  # noqa: E402 - Django comes first
from integrations.services.sequencing import number_events  # noqa: E402 - Django comes first

BATCH = 500


def main(seller_id: uuid.UUID, events: int, urls: list[str]) -> None:
    """Endpoints of an earlier measurement are taken away first."""
    by = command("bench")
    while number_events(now=timezone.now()):
        pass
    for endpoint in WebhookEndpoint.objects.filter(deleted_at=None):
        delete_endpoint(endpoint_id=endpoint.id, by=by, now=timezone.now())
    WebhookDelivery.objects.filter(state="pending").update(state="dead", finished_at=timezone.now())
    for url in urls:
        create_endpoint(seller_id=seller_id, mode="test", url=url, by=by, now=timezone.now())
    like = Event.objects.filter(seller_id=seller_id, type="invoice.issued").latest("created_at")
    for begin in range(0, events, BATCH):
        write(
            *(
                event(
                    like.type,
                    seller_id=seller_id,
                    mode=like.mode,
                    object_id=like.object_id,
                    payload=like.payload,
                    by=by,
                )
                for _ in range(min(BATCH, events - begin))
            )
        )
    while number_events(now=timezone.now()):
        pass


if __name__ == "__main__":
    main(uuid.UUID(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
