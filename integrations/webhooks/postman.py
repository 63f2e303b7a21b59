"""An event loop in a thread of its own that carries letters out: many at a time, and nothing else on it.

Rows are read and written by whoever hands the letters over (services/delivering.py): the loop never waits for the
database, nor the database for a receiver.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from integrations.models import AttemptOutcome
from integrations.webhooks.posting import Answer, Poster
from integrations.webhooks.signing import signed_headers

Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Letter(Generic[Of]):
    """``body`` for ``url``, to be signed with each of ``secrets`` at the moment of sending. ``of`` comes back with the
    answer."""

    of: Of
    url: str
    livemode: bool
    id: str
    body: bytes
    secrets: Sequence[str]


@dataclass(frozen=True, slots=True)
class Returned(Generic[Of]):
    """What became of a letter, and when it was sent."""

    of: Of
    at: datetime
    answer: Answer


class Postman(Generic[Of]):
    """``send`` letters, ``collect`` what became of them; ``stop`` when none is under way."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._loop = asyncio.new_event_loop()
        self._returned: deque[Returned[Of]] = deque()
        self._awaited, self._arrived = 1, threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._thread.start()

    def send(self, letters: Iterable[Letter[Of]]) -> None:
        """Begin with all of them now."""
        self._loop.call_soon_threadsafe(self._begin, list(letters))

    def collect(self, seconds: float, *, enough: int = 1) -> list[Returned[Of]]:
        """What has come back; waits that long for ``enough``, and is woken once: two threads that wake each other for
        each answer hinder each other."""
        self._awaited = max(enough, 1)
        self._arrived.clear()
        if len(self._returned) < self._awaited:
            self._arrived.wait(seconds)
        return [self._returned.popleft() for _ in range(len(self._returned))]

    def is_alive(self) -> bool:
        """Whether its thread still runs: nothing that a receiver does ends it."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._work())
        self._loop.close()

    async def _work(self) -> None:
        async with self._poster:
            await self._over.wait()
            await asyncio.gather(*self._tasks)

    def _begin(self, letters: Iterable[Letter[Of]]) -> None:
        for letter in letters:
            task = self._loop.create_task(self._carry(letter))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, letter: Letter[Of]) -> None:
        seconds = time.time()
        try:
            headers = signed_headers(letter.secrets, id=letter.id, timestamp=int(seconds), body=letter.body)
        except ValueError as error:
            answer = Answer(AttemptOutcome.UNREACHABLE, problem=str(error))
        else:
            answer = await self._poster.post(letter.url, letter.body, headers, livemode=letter.livemode)
        self._returned.append(Returned(letter.of, datetime.fromtimestamp(seconds, UTC), answer))
        if len(self._returned) >= self._awaited:
            self._arrived.set()
