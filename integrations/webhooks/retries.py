"""When a delivery that failed is tried again. Pure: the caller brings the clock's time and the chance."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After the first attempt, after the second, …: the contract's schedule, 75 hours and a half in all."""

MOST_ATTEMPTS: Final = len(PAUSES) + 1
"""Those of one round. After the last it is a dead letter, until somebody asks for a replay."""

JITTER: Final = 0.2
"""So that those who failed together do not come back together."""

LONGEST: Final = timedelta(days=1)
"""Nobody makes us wait longer, whatever they ask for (before chance has its say)."""

_SECONDS = re.compile(r"\s*([0-9]{1,9})\s*")


def next_pause(
    attempts: int, *, retry_after: str | None, now: datetime, chance: Callable[[], float]
) -> timedelta | None:
    """How long to wait after ``attempts`` failures of this round; None when it was the last.

    The receiver's ``Retry-After`` can put it off further, up to a day, and chance never calls earlier than it asked
    for. ``chance`` gives numbers from 0 to 1.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    asked = min(asked_for(retry_after, now=now), LONGEST)
    pause = min(max(PAUSES[attempts - 1], asked), LONGEST)
    return max(pause * (1 - JITTER + 2 * JITTER * chance()), asked)


def asked_for(retry_after: str | None, *, now: datetime) -> timedelta:
    """What ``Retry-After`` says (RFC 9110, 10.2.3: seconds or a date); nothing where it says nothing sensible."""
    if retry_after is None:
        return timedelta(0)
    if seconds := _SECONDS.fullmatch(retry_after):
        return timedelta(seconds=int(seconds[1]))
    try:
        date = parsedate_to_datetime(retry_after)
        return max(date.replace(tzinfo=date.tzinfo or UTC) - now, timedelta(0))
    except (ValueError, OverflowError):
        return timedelta(0)
