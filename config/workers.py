"""The background work that must neither stall nor double, step by step (django-q2 does the rest: config/schedules.py).

The rows are the queue: a step claims some that are due, works, and says how many it did. As many processes on as many
machines as one likes may run the same steps. In a process each step has a thread of its own, so that a slow AEAT or a
long document holds up no webhook.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from django.db import close_old_connections, connections
from django.utils import timezone

from billing.services.rendering import render_due_documents
from config.alerts import Watch
from config.stopping import Stopping
from core.actors import worker
from integrations import deployment
from integrations.services.confirming import note_that_it_is_behind
from integrations.services.delivering import Deliveries
from integrations.services.heartbeats import beat
from integrations.services.noticing import send_due_notices
from integrations.services.sequencing import number_events
from verifactu.services.sending import send_due

logger = logging.getLogger(__name__)

IDLE = 0.5
"""Seconds between two looks at empty tables. No NOTIFY wakes us: it takes a lock on the whole database at commit."""

PROMPT = 0.15
"""The same for the two steps between an event and its receiver."""

REST = 5.0
"""Seconds that a step rests after a failure; the others go on."""

BEAT = 10.0
"""Seconds between two signs of life of a step: often enough for ``/readyz``, too seldom to cost anything."""


class Work(Protocol):
    """Do some rows that are due at ``now``, and return how many."""

    def __call__(self, *, now: datetime) -> int: ...


def _nothing() -> None:
    """Most steps have nothing under way between two calls."""


@dataclass(frozen=True, slots=True)
class Step:
    """``run`` does few rows a call, so that a request to stop is heard between them. ``idle`` are the seconds until the
    next look when there was nothing to do; ``finish`` ends what is still under way."""

    name: str
    run: Work
    idle: float = IDLE
    finish: Callable[[], None] = _nothing


def keep_watch(*, now: datetime) -> int:
    """Know the database again: lay claim to a new one, notice an older one, and mark outside how far it has come."""
    del now  # whenever it is
    deployment.claim()
    if not deployment.keep_marks():
        note_that_it_is_behind(by=worker("deployment"))
    return 0


def steps() -> tuple[Step, ...]:
    """Those of one process."""
    deliveries = Deliveries()
    return (
        Step("deployment", keep_watch),
        Step("feed", number_events, idle=PROMPT),
        Step("webhooks", deliveries, idle=PROMPT, finish=deliveries.finish),
        Step("documents", partial(render_due_documents, limit=1)),
        Step("aeat", send_due),
        Step("alerts", Watch()),
        Step("notices", send_due_notices),
    )


STEPS: tuple[str, ...] = tuple(step.name for step in steps())


@dataclass(slots=True)
class Loop:
    """Has each step go round until ``stopping`` is set: at once while there is work, else with a pause."""

    steps: Sequence[Step]
    stopping: Stopping = field(default_factory=Stopping)
    rest: float = REST
    _rests_until: dict[str, float] = field(default_factory=dict)
    _beats_at: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Work until told to stop; what is at hand is finished. A thread for each step, and this one for signals."""
        threads = [threading.Thread(target=self._go_on, args=[step], name=step.name) for step in self.steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(IDLE)  # in pieces, between which signals are heard

    def run_once(self) -> None:
        """Work until nothing is due, in this thread. What a step raises ends it, for whoever called."""
        for step in self.steps:
            while not self.stopping.is_set() and self._take(step):
                pass
            step.finish()

    def attempt(self, step: Step) -> int:
        """Give a step its turn. Nothing that it raises ends the loop: not a fault of ours, not a database that
        restarts."""
        if time.monotonic() < self._rests_until.get(step.name, 0.0):
            return 0
        try:
            return self._take(step)
        except Exception:
            logger.exception("step %s failed and rests for %s s", step.name, self.rest)
            self._rests_until[step.name] = time.monotonic() + self.rest
            close_old_connections()  # the database may have gone; the next turn opens a new one
            return 0

    def _go_on(self, step: Step) -> None:
        """The life of a step's thread."""
        try:
            while not self.stopping.is_set():
                if not self.attempt(step):
                    self.stopping.wait(step.idle)
            step.finish()
        except Exception:
            logger.exception("step %s did not end well", step.name)
        finally:
            connections.close_all()  # this thread's

    def _take(self, step: Step) -> int:
        done = step.run(now=timezone.now())
        if time.monotonic() >= self._beats_at.get(step.name, 0.0):
            self._beats_at[step.name] = time.monotonic() + BEAT
            beat(name=step.name, now=timezone.now())
        return done
