"""Calls at the machine's door, counted in this process's memory (keeping.py writes them down every few seconds).

A call costs a few microseconds and never a write: what is counted are groups of a minute, whose number is bounded. An
operation is named as the OpenAPI document writes it, every path that nobody serves shares one name, and so do methods
that nobody knows.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.http import HttpRequest

UNKNOWN_PATH = "(unknown path)"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
MAX_OPERATION = 120

SLOW_MS, VERY_SLOW_MS = 200, 1_000

REPEATED_WITHIN = 90.0
"""Seconds within which the same call without a key is taken for a retry of the first."""

REMEMBERED = 5_000
"""So many calls without a key are remembered for that."""


class Group(NamedTuple):
    """Calls that are counted together. ``minute`` is Unix time, in minutes."""

    minute: int
    token_id: uuid.UUID | None
    operation: str
    status: int
    code: str


@dataclass(slots=True)
class Tally:
    """How many calls of a group there were, and how long they took."""

    calls: int = 0
    total_ms: int = 0
    max_ms: int = 0
    over_200_ms: int = 0
    over_1000_ms: int = 0
    deprecated: int = 0
    unkeyed_repeats: int = 0

    def add(self, other: Tally) -> None:
        self.calls += other.calls
        self.total_ms += other.total_ms
        self.max_ms = max(self.max_ms, other.max_ms)
        self.over_200_ms += other.over_200_ms
        self.over_1000_ms += other.over_1000_ms
        self.deprecated += other.deprecated
        self.unkeyed_repeats += other.unkeyed_repeats


@dataclass(slots=True)
class Call:
    """What the rooms that a call passes know of it: whose it is, and whether it repeats one without a key."""

    token_id: uuid.UUID | None = None
    is_unkeyed_repeat: bool = False


under_way: ContextVar[Call | None] = ContextVar("call_under_way", default=None)
"""The call at the door, for who can tell something about it; None where nobody counts."""


def tally_of(*, ms: int, is_deprecated: bool = False, is_unkeyed_repeat: bool = False) -> Tally:
    """One call that took ``ms``."""
    return Tally(1, ms, ms, int(ms > SLOW_MS), int(ms > VERY_SLOW_MS), int(is_deprecated), int(is_unkeyed_repeat))


class CallCounter:
    """What was counted and not yet kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[Group, Tally] = {}

    def count(self, group: Group, tally: Tally) -> None:
        with self._lock:
            known = self._tallies.get(group)
            if known is None:
                self._tallies[group] = tally
            else:
                known.add(tally)

    def take(self) -> dict[Group, Tally]:
        """All of it, to be kept elsewhere: it is no longer here."""
        with self._lock:
            taken, self._tallies = self._tallies, {}
        return taken

    def __len__(self) -> int:
        return len(self._tallies)


class Repeats:
    """Calls without a key that were made a moment ago: the same again is probably a retry, and may do things twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[int, float] = OrderedDict()

    def note(self, *parts: object, at: float) -> bool:
        """Remember a call by what makes it the same; whether it was made within REPEATED_WITHIN before."""
        digest = hash(parts)  # of this process alone, like everything here
        with self._lock:
            before = self._seen.pop(digest, None)
            self._seen[digest] = at
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return before is not None and at - before <= REPEATED_WITHIN


_repeats = Repeats()


def note_unkeyed(fingerprint: bytes) -> None:
    """A call that takes an Idempotency-Key has none: notice when it is the same as a moment ago."""
    call = under_way.get()
    if call is not None and call.token_id is not None:
        call.is_unkeyed_repeat = _repeats.note(call.token_id, fingerprint, at=time.monotonic())


def operation_of(request: HttpRequest) -> str:
    """Method and path as the OpenAPI document writes them: ``POST /api/v1/invoices/{invoice_id}/issue``."""
    method = request.method if request.method in METHODS else "OTHER"
    match = request.resolver_match
    return f"{method} {_template(match.route) if match else UNKNOWN_PATH}"[:MAX_OPERATION]


@lru_cache(maxsize=1_000)
def _template(route: str) -> str:
    return "/" + re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", route).strip("/")
