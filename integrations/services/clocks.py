"""Setting a test seller's clock."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from audit.services import Subject, record
from core.actors import Actor
from core.errors import Conflict, Fault, Forbidden, Invalid, NotFound, gettext_noop
from core.modes import Mode
from integrations.locks import take_lock
from integrations.models import TestClock
from integrations.models.sandbox import FURTHEST
from integrations.sellers import modes_of


@transaction.atomic
def set_clock(*, seller_id: uuid.UUID, to: datetime, by: Actor, now: datetime) -> TestClock:
    """Let a test seller's clock show ``to`` at the true time ``now``, and run on from there.

    It only goes forwards, at most to ten years from now. What the seller does from then on carries its time; audit log,
    tokens, limits, idempotency and deliveries keep the true one. Raises NotFound; Forbidden ``sandbox_only``; Invalid
    ``clock_too_far``; Conflict ``clock_goes_back``, since neither series nor chains ever do: that is what a fresh start
    is for.
    """
    refuse_unless_test(seller_id)
    take_lock("test clock", seller_id)
    clock = TestClock.objects.filter(seller_id=seller_id).first()
    present = now if clock is None else clock.shows + (now - clock.set_at)
    if to > now + FURTHEST:
        message = gettext_noop("A test clock goes ten years ahead at most, to %(latest)s.")
        latest = {"latest": (now + FURTHEST).isoformat(timespec="seconds")}
        raise Invalid([Fault("clock_too_far", message, "#/now", params=latest)])
    if to < present:
        message = gettext_noop(
            "The clock shows %(present)s and only goes forwards, as series and chains do. To begin again at the true "
            "time, make a fresh start."
        )
        raise Conflict("clock_goes_back", message, params={"present": present.isoformat(timespec="seconds")})
    clock, _ = TestClock.objects.update_or_create(seller_id=seller_id, defaults={"shows": to, "set_at": now})
    record(
        "clock.set",
        by=by,
        subject=Subject("clock", str(seller_id), seller_id=seller_id, mode=Mode.TEST),
        before={"now": present.isoformat()},
        after={"now": to.isoformat()},
    )
    return clock


def refuse_unless_test(seller_id: uuid.UUID) -> None:
    """Raises NotFound where there is no such seller, and Forbidden ``sandbox_only`` where it is a live one."""
    mode = modes_of([seller_id]).get(seller_id)
    if mode is None:
        raise NotFound("seller_not_found", gettext_noop("There is no such seller."))
    if mode != Mode.TEST:
        raise sandbox_only()


def sandbox_only() -> Forbidden:
    """The sandbox is no place for live sellers, nor for their tokens."""
    return Forbidden("sandbox_only", gettext_noop("Only test sellers have a sandbox; a live token has no way in."))
