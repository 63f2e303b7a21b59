"""How many deliveries of one endpoint a worker has under way at a time: few at first, more while it answers quickly,
fewer when it asks for a break or is slow. So a slow receiver holds a few of the worker's places, never all of them;
nor does a seller who has many of them.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from integrations.models import AttemptOutcome
from integrations.webhooks.posting import Answer

FIRST, LEAST, MOST = 4, 1, 32

PLACES: Final = 512
"""Deliveries that one worker has under way at a time."""

SHARE: Final = 128
"""How many of them one seller may have, whatever the number of its endpoints."""

_QUICK_MS: Final = 1_000
_SLOW_MS: Final = 5_000
_OVERLOADED: Final = frozenset((429, 502, 503, 504))


@dataclass(slots=True)
class _Window:
    size: int = FIRST
    under_way: int = 0

    @property
    def is_as_at_first(self) -> bool:
        return self.size == FIRST and not self.under_way


@dataclass(slots=True)
class Pace:
    """What one worker has learned of the endpoints that it calls."""

    _windows: dict[uuid.UUID, _Window] = field(default_factory=dict)
    _held: Counter[uuid.UUID] = field(default_factory=Counter)

    def begin(self, endpoint_id: uuid.UUID, seller_id: uuid.UUID) -> None:
        """One more is under way."""
        self._windows.setdefault(endpoint_id, _Window()).under_way += 1
        self._held[seller_id] += 1

    def end(self, endpoint_id: uuid.UUID, seller_id: uuid.UUID, answer: Answer) -> None:
        """One less; what came of it decides how many there may be from now on."""
        self._let_go(seller_id)
        window = self._windows[endpoint_id]
        window.under_way -= 1
        if _is_overloaded(answer):
            window.size = max(window.size // 2, LEAST)
        elif answer.outcome == AttemptOutcome.DELIVERED and answer.duration_ms < _QUICK_MS:
            window.size = min(window.size + 1, MOST)
        if window.is_as_at_first:
            del self._windows[endpoint_id]

    def rooms(self) -> Mapping[uuid.UUID, int]:
        """How many more each endpoint may have; one that is not named may have FIRST."""
        return {endpoint_id: max(window.size - window.under_way, 0) for endpoint_id, window in self._windows.items()}

    def busy(self) -> Collection[uuid.UUID]:
        """The endpoints that have some under way."""
        return [endpoint_id for endpoint_id, window in self._windows.items() if window.under_way]

    def held(self) -> Mapping[uuid.UUID, int]:
        """How many each seller has under way."""
        return self._held

    def _let_go(self, seller_id: uuid.UUID) -> None:
        self._held[seller_id] -= 1
        if not self._held[seller_id]:
            del self._held[seller_id]


def _is_overloaded(answer: Answer) -> bool:
    if answer.outcome == AttemptOutcome.TIMED_OUT or answer.status in _OVERLOADED:
        return True
    return answer.duration_ms >= _SLOW_MS
