"""Whose turn it is to send a chain's records. Many workers may run; one at a time works at a chain.

A turn is a lease with a number. Whoever comes back after its lease ran out finds another number in the row, and writes
nothing: what it learnt from the AEAT, its successor asks for again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from verifactu.models import Chain, ExchangeOutcome, Sender, StopReason, Submission

LEASE: Final = timedelta(minutes=5)
"""Longer than a call of the AEAT may last (its watchdog ends it); renewed before each call."""

MOST_RECORDS: Final = 1000
"""In one message (Orden HAC/1177/2024 art. 16.2); so many need not wait for the AEAT's pause to be over."""

LONGEST_PAUSE: Final = timedelta(hours=1)
"""What could not be sent is tried again at least hourly (Orden HAC/1177/2024 art. 16.4)."""

LOOK_AGAIN: Final = timedelta(minutes=1)
"""Whether a certificate is there now is seen without calling anybody."""

_SHORTEST_PAUSE: Final = timedelta(milliseconds=200)


class TurnLostError(Exception):
    """Another worker has taken over meanwhile."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to work at one chain. ``doubtful`` is the submission whose answer is not known in full."""

    chain: Chain
    number: int
    sent_through: int
    most_records: int
    doubtful: Submission | None


@transaction.atomic
def take_turn(*, now: datetime) -> Turn | None:
    """The chain that has waited longest among those that are due, if any.

    A submission that is found as ``sent`` had a worker who died before its answer was stored: it is doubtful from now
    on, and the AEAT is asked before anything is sent again.
    """
    sender = _due(now)
    if sender is None:
        return None
    sender.turn += 1
    sender.lease_until = now + LEASE
    sender.save(update_fields=["turn", "lease_until"])
    doubtful = sender.open_submission
    if doubtful is not None and doubtful.outcome == ExchangeOutcome.SENT:
        doubtful.outcome, doubtful.answered_at = ExchangeOutcome.UNKNOWN, now
        doubtful.save(update_fields=["outcome", "answered_at"])
    return Turn(sender.chain, sender.turn, sender.sent_through, sender.most_records, doubtful)


def _due(now: datetime) -> Sender | None:
    accumulated = Q(failures=0, open_submission=None, chain__last_sequence__gte=F("sent_through") + MOST_RECORDS)
    return (
        Sender.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("chain__seller", "open_submission")
        .filter(Q(lease_until=None) | Q(lease_until__lte=now), Q(next_at__lte=now) | accumulated)
        .filter(stop_reason__in=["", StopReason.CERTIFICATE], chain__last_sequence__gt=F("sent_through"))
        .order_by("next_at", "chain_id")
        .first()
    )


def hold(turn: Turn, *, now: datetime) -> Sender:
    """The sender's row, locked, with the lease renewed. Raises TurnLostError when somebody else has the turn."""
    sender = Sender.objects.select_for_update(of=("self",)).filter(chain=turn.chain, turn=turn.number).first()
    if sender is None or sender.lease_until is None:
        raise TurnLostError(str(turn.chain))
    sender.lease_until = now + LEASE
    return sender


def succeed(sender: Sender, *, next_at: datetime) -> None:
    """Give the turn back after the AEAT has answered."""
    sender.failures, sender.failing_since, sender.last_failure = 0, None, ""
    sender.stop_reason = ""
    _give_back(sender, next_at)


def postpone(sender: Sender, *, now: datetime, why: str, pause: timedelta | None = None) -> None:
    """Give the turn back after a failure that may pass: try again later, each time twice as late, up to hourly.

    ``pause`` is the AEAT's own wish, where it has one.
    """
    sender.failures += 1
    sender.failing_since = sender.failing_since or now
    sender.last_failure, sender.stop_reason = why[:2000], ""
    _give_back(sender, now + (pause or _pause(sender)))


def stop(sender: Sender, *, now: datetime, why: str, reason: StopReason) -> None:
    """Give the turn back, and call the AEAT no more for this chain until somebody has mended what is wrong."""
    postpone(sender, now=now, why=why, pause=LOOK_AGAIN)
    sender.stop_reason = reason


def _pause(sender: Sender) -> timedelta:
    """With jitter, so that a thousand sellers do not all return in the same second."""
    shortest = max(timedelta(seconds=min(sender.wait_seconds, 60)), _SHORTEST_PAUSE)
    pause = min(shortest * 2 ** min(sender.failures - 1, 20), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.0)  # noqa: S311 - no secret


def _give_back(sender: Sender, next_at: datetime) -> None:
    sender.next_at, sender.lease_until = next_at, None
