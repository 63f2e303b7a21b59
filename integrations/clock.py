"""What time it is for a seller: the true time, or a test seller's own (``integrations.services.clocks`` sets it).

What a seller does carries its time: dates, numbers' years, what is due, the times in its fiscal records. What the house
does keeps the true time: the audit log, tokens, limits, idempotency keys, events and their delivery, leases.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from core.modes import Mode
from integrations import sandbox
from integrations.models import TestClock

_NONE = timedelta(0)


def now_of(seller_id: uuid.UUID, mode: str = Mode.TEST) -> datetime:
    """The seller's present. A live seller, whose ``mode`` is said, costs no query; nor does a test seller in a token's
    call, which brings its sellers' clocks along."""
    return timezone.now() + offset_of(seller_id, mode)


def offset_of(seller_id: uuid.UUID, mode: str = Mode.TEST) -> timedelta:
    """How far the seller's clock is ahead of the true time; nothing for most."""
    if mode == Mode.LIVE:
        return _NONE
    here = sandbox.standing.get()
    if here is None or seller_id not in here.sellers:
        return fresh_offset_of(seller_id)
    return here.ahead.get(seller_id, _NONE)


def fresh_offset_of(seller_id: uuid.UUID) -> timedelta:
    """The same, asked anew: for whoever has just set it."""
    return sandbox.standing_of(frozenset({seller_id})).ahead.get(seller_id, _NONE)


def offsets(most: int = 50) -> dict[uuid.UUID, timedelta]:
    """By how much the clocks that were set last are ahead, by seller: for pages about everybody."""
    clocks = TestClock.objects.filter(shows__gt=F("set_at")).order_by("-set_at")[:most]
    return {one.seller_id: one.shows - one.set_at for one in clocks}
