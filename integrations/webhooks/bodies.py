"""The bytes of a delivery: what is signed, what is sent, and what the delivery log shows."""

from __future__ import annotations

import json

from integrations.events import envelope, envelope_at_least
from integrations.models import Event


def body_of(event: Event, *, previous_sequence: int | None, version: str) -> bytes:
    """``event`` for one endpoint, as the payload ``version`` it has chosen writes it: JSON without spaces, in UTF-8.

    The same rows give the same bytes, at every attempt and in the log. Raises CannotBeShown.
    """
    return _written(envelope(event, version=version, previous_sequence=previous_sequence))


def body_in_the_log(event: Event, *, previous_sequence: int | None, version: str) -> bytes:
    """The same; of an event that cannot be shown, and is therefore not sent, what is stored."""
    return _written(envelope_at_least(event, version=version, previous_sequence=previous_sequence))


def _written(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
