"""Clients that want their invoices whatever happens: the same call with the same key until it is answered."""

from __future__ import annotations

import http.client
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.running_house import Answer, Caller

PATIENCE = 180.0  # seconds for one order
MUST_REPEAT = (500, 502, 503)


@dataclass
class Load:
    """``clients`` machines at a time, each order with a key of its own. ``failures`` are what they had to bear."""

    caller: Caller
    body: dict[str, Any]
    answers: dict[str, Answer] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def run(self, orders: int, *, clients: int = 16) -> None:
        """Until each order was answered."""
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(self._order, [str(uuid.uuid4()) for _ in range(orders)]))

    def _order(self, key: str) -> None:
        until = time.monotonic() + PATIENCE
        while (answer := self._try(key)) is None:
            assert time.monotonic() < until, f"no answer within {PATIENCE} s: {self.failures[-3:]}"
            time.sleep(0.1)
        self.answers[key] = answer

    def _try(self, key: str) -> Answer | None:
        """The answer, or None where the call must be repeated."""
        try:
            answer = self.caller.post("/invoices", self.body, key=key)
        except (OSError, http.client.HTTPException) as failure:
            self.failures.append(type(failure).__name__)
            return None
        if answer.status in MUST_REPEAT or answer.code == "idempotency_in_progress":
            self.failures.append(f"{answer.status} {answer.code}")
            return None
        return answer
