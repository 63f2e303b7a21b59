"""Outgoing events: rows first, deliveries later."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils import timezone

from audit.rows import write
from core.actors import Actor
from integrations.models import Event


def publish(
    type: str, *, seller_id: uuid.UUID, mode: str, object_id: str, payload: Mapping[str, object], by: Actor
) -> Event:
    """Write one event in the caller's transaction.

    ``payload`` is the object as the API shows it, ready to be sent: JSON values only. What is delivered, to whom and
    when is the workers' business.
    """
    written = event(type, seller_id=seller_id, mode=mode, object_id=object_id, payload=payload, by=by)
    write(written)
    return written


def event(
    type: str, *, seller_id: uuid.UUID, mode: str, object_id: str, payload: Mapping[str, object], by: Actor
) -> Event:
    """The row that ``publish`` writes, for a caller who inserts it together with what it tells of."""
    return Event(
        type=type,
        seller_id=seller_id,
        mode=mode,
        object_id=object_id,
        payload=payload,
        correlation_id=by.correlation_id,
        created_at=timezone.now(),
    )
