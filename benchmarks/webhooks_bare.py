"""The limit: a bare aiohttp loop that posts the bodies of what waits, signed before the clock runs.

``python -m benchmarks.webhooks_bare HOW_MANY`` prints how many it posts a second; it changes nothing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

import aiohttp
import django

django.setup()

from django.utils import timezone  # noqa: E402 - Django comes first

from integrations import vault  # noqa: E402 - Django comes first
from integrations.models import EndpointSecret, WebhookDelivery  # noqa: E402 - Django comes first
from integrations.webhooks.bodies import body_of  # noqa: E402 - Django comes first
from integrations.webhooks.signing import signed_headers  # noqa: E402 - Django comes first

IN_FLIGHT = 50  # at which it was fastest

Letter = tuple[str, bytes, dict[str, str]]


def letters(how_many: int) -> Iterator[Letter]:
    """Address, body and headers of deliveries that wait."""
    secrets = {secret.endpoint_id: vault.decrypt(bytes(secret.encrypted)) for secret in EndpointSecret.objects.all()}
    now = int(timezone.now().timestamp())
    for delivery in WebhookDelivery.objects.filter(state="pending").select_related("event", "endpoint")[:how_many]:
        body = body_of(delivery.event, previous_sequence=delivery.previous_sequence, version="v1")
        headers = signed_headers([secrets[delivery.endpoint_id]], id=str(delivery.event_id), timestamp=now, body=body)
        yield delivery.endpoint.url, body, {**headers, "Content-Type": "application/json"}


async def post_all(waiting: list[Letter]) -> float:
    """Letters a second."""
    left = iter(waiting)

    async def carry(session: aiohttp.ClientSession) -> None:
        for url, body, headers in left:
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200
                await answer.read()

    begin = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(carry(session) for _ in range(IN_FLIGHT)))
    return len(waiting) / (time.perf_counter() - begin)


if __name__ == "__main__":
    print(asyncio.run(post_all(list(letters(int(sys.argv[1]))))))
