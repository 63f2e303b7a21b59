"""An event as the outside reads it: the same in the feed and in a webhook's body, so that one parser serves."""

from __future__ import annotations

import logging

from core.modes import Mode
from integrations.event_types import PING
from integrations.models import Event
from integrations.versions import CannotBeShown, Payload, as_version

logger = logging.getLogger(__name__)


def envelope(event: Event, *, version: str, previous_sequence: int | None) -> dict[str, object]:
    """``event`` in the shape of Standard Webhooks, its object as the API's major ``version`` shows it.

    ``data.id`` is the event's, and the ``webhook-id`` of its deliveries. ``previous_sequence`` is the place of the
    event before it for whoever reads this: in the feed one less (None for the first), for an endpoint that of the last
    one it was sent; a reader who does not know that one has a hole. ``test`` stands where nothing happened: somebody
    asked for a try. Raises CannotBeShown.
    """
    return _around(event, as_version(event.payload, event.type, version), previous_sequence)


def envelope_at_least(event: Event, *, version: str, previous_sequence: int | None) -> dict[str, object]:
    """The same, with the object as it is stored where it cannot be shown: one event must not stop whoever reads on."""
    try:
        return envelope(event, version=version, previous_sequence=previous_sequence)
    except CannotBeShown:
        logger.exception("event %s cannot be shown as %s", event.id, version)
        return _around(event, event.payload, previous_sequence)


def _around(event: Event, shown: Payload, previous_sequence: int | None) -> dict[str, object]:
    data: dict[str, object] = {
        "id": str(event.id),
        "sequence": event.sequence,
        "previous_sequence": previous_sequence,
        "object": shown,
        "correlation_id": event.correlation_id,
        "livemode": event.mode == Mode.LIVE,
    }
    if is_test(event):
        data["test"] = True
    return {"type": event.type, "timestamp": event.created_at.isoformat().replace("+00:00", "Z"), "data": data}


def is_test(event: Event) -> bool:
    """Whether it was made for one endpoint to try itself with."""
    return event.only_for_id is not None and event.type != PING
