"""How many deliveries of one endpoint a worker has under way at a time: few at first, more while it answers quickly,
fewer when it asks for a break or is slow. So a slow receiver holds a few of the worker's places, never all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from integrations.models import AttemptOutcome
from integrations.webhooks.posting import Answer

FIRST, LEAST, MOST = 4, 1, 32

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

    def begin(self, endpoint_id: uuid.UUID) -> None:
        """One more is under way."""
        self._windows.setdefault(endpoint_id, _Window()).under_way += 1

    def end(self, endpoint_id: uuid.UUID, answer: Answer) -> None:
        """One less; what came of it decides how many there may be from now on."""
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


def _is_overloaded(answer: Answer) -> bool:
    if answer.outcome == AttemptOutcome.TIMED_OUT or answer.status in _OVERLOADED:
        return True
    return answer.duration_ms >= _SLOW_MS
