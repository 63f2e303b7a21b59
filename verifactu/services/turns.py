"""Whose turn it is to send a chain's records. Many workers may run; one at a time works at a chain.

A turn is a lock of the worker's database session, so that a worker who is killed is followed at once, and a number: who
has lost the session in the middle, and comes back after another has taken over, finds another number in the row and
writes nothing. What it learnt from the AEAT, its successor asks for again.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from integrations.locks import try_hold
from verifactu.models import Chain, ExchangeOutcome, Sender, StopReason, Submission

MOST_RECORDS: Final = 1000
"""In one message."""

LOOKED_THROUGH: Final = 50
"""Chains that are due and that others may be working at."""

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


@contextmanager
def next_turn(*, now: datetime) -> Iterator[Turn | None]:
    """The turn at the chain that has waited longest among those that are due and nobody works at, if there is one."""
    for chain_id in _due(now).order_by("next_at", "chain_id").values_list("chain_id", flat=True)[:LOOKED_THROUGH]:
        with try_hold("sender", chain_id) as held:
            turn = _take(chain_id, now) if held else None
            if turn is not None:
                yield turn
                return
    yield None


@transaction.atomic
def _take(chain_id: uuid.UUID, now: datetime) -> Turn | None:
    """The turn, unless another worker has just done what was due.

    A submission that is found as ``sent`` had a worker who died before its answer was stored: it is doubtful from now
    on, and the AEAT is asked before anything is sent again.
    """
    found = _due(now).select_for_update(of=("self",)).select_related("chain__seller", "open_submission")
    sender = found.filter(chain=chain_id).first()
    if sender is None:
        return None
    sender.turn += 1
    sender.save(update_fields=["turn"])
    doubtful = sender.open_submission
    if doubtful is not None and doubtful.outcome == ExchangeOutcome.SENT:
        doubtful.outcome, doubtful.answered_at = ExchangeOutcome.UNKNOWN, now
        doubtful.save(update_fields=["outcome", "answered_at"])
    return Turn(sender.chain, sender.turn, sender.sent_through, sender.most_records, doubtful)


def _due(now: datetime) -> QuerySet[Sender]:
    """Senders with something to send that may call now. A thousand records need not wait for the AEAT's pause to end
    (Orden HAC/1177/2024 art. 16.2)."""
    full = Q(
        failures=0,
        open_submission=None,
        most_records=MOST_RECORDS,  # fewer to a message, while a bad one is looked for, are no reason to hurry
        chain__last_sequence__gte=F("sent_through") + MOST_RECORDS,
    )
    return Sender.objects.filter(
        Q(next_at__lte=now) | full,
        stop_reason__in=["", StopReason.CERTIFICATE],
        chain__last_sequence__gt=F("sent_through"),
    )


def hold(turn: Turn) -> Sender:
    """The sender's row, locked in the caller's transaction. Raises TurnLostError when somebody else has the turn."""
    sender = Sender.objects.select_for_update(of=("self",)).filter(chain=turn.chain, turn=turn.number).first()
    if sender is None:
        raise TurnLostError(str(turn.chain))
    return sender


def succeed(sender: Sender, *, next_at: datetime) -> None:
    """The AEAT has answered: go on at ``next_at``."""
    sender.failures, sender.failing_since, sender.last_failure = 0, None, ""
    sender.stop_reason = ""
    sender.next_at = next_at


def postpone(sender: Sender, *, now: datetime, why: str, pause: timedelta | None = None) -> None:
    """A failure that may pass: try again later, each time twice as late, up to hourly.

    ``pause`` is the AEAT's own wish, where it has one.
    """
    sender.failures += 1
    sender.failing_since = sender.failing_since or now
    sender.last_failure, sender.stop_reason = why[:2000], ""
    sender.next_at = now + (pause or _pause(sender))


def stop(sender: Sender, *, now: datetime, why: str, reason: StopReason) -> None:
    """Call the AEAT no more for this chain until somebody has mended what is wrong."""
    postpone(sender, now=now, why=why, pause=LOOK_AGAIN)
    sender.stop_reason = reason


def _pause(sender: Sender) -> timedelta:
    """With jitter, so that a thousand sellers do not all return in the same second."""
    shortest = max(timedelta(seconds=min(sender.wait_seconds, 60)), _SHORTEST_PAUSE)
    doublings = min(sender.failures - 1, 20)
    pause = min(shortest * (1 << doublings), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.0)  # noqa: S311 - no secret
