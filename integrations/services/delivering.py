"""Deliver what is due: claim rows, hand them to the postman, write down what came of them.

The rows are the queue. Whoever claims one has it for a lease; what a dead worker had comes free when its lease is over,
and is sent again under the same ``webhook-id``. As many workers on as many machines as one likes.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from core.context import working_for
from core.modes import Mode
from integrations import deployment, sandbox, vault
from integrations.models import AttemptOutcome, Event, ScenarioKind
from integrations.services.claiming import Claimed, bury_abandoned, claim, put_back
from integrations.services.recording import record_answers
from integrations.versions import CannotBeShown
from integrations.webhooks.bodies import body_of
from integrations.webhooks.pacing import PLACES, Pace
from integrations.webhooks.posting import Answer, Poster
from integrations.webhooks.postman import Letter, Postman, Returned
from integrations.webhooks.retries import MOST_ATTEMPTS

logger = logging.getLogger(__name__)

KEY_PAUSE: Final = timedelta(minutes=5)
"""Until deliveries are tried again whose secret no key of ours reads."""

_LOOK: Final = 0.05  # seconds to wait for an answer while some are under way
_GATHER: Final = 0.02  # seconds to wait for half of them, so that a look at the tables is for many
_SWEEP: Final = 10.0  # seconds between two looks for what nobody will try again
_EVENTS: Final = 512  # that are remembered: one receiver of a seller is ahead of another
_TRUST: Final = 1.0  # seconds for which the fence is not asked again


_ASKED_FOR: Final = "asked for in the sandbox"
_SIMULATED: Final[Mapping[str, Answer]] = {
    ScenarioKind.WEBHOOK_FAILURE.value: Answer(AttemptOutcome.SIMULATED, 500, problem=_ASKED_FOR),
    ScenarioKind.WEBHOOK_TIMEOUT.value: Answer(AttemptOutcome.TIMED_OUT, problem=_ASKED_FOR),
    ScenarioKind.WEBHOOK_GONE.value: Answer(AttemptOutcome.GONE, 410, problem=_ASKED_FOR),
}


class Deliveries:
    """The step of ``manage.py work``: a call writes down what came back, and sends on as much as there is room for.

    One of them belongs to one thread; its postman has another.
    """

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._pace = Pace()
        self._postman: Postman[Claimed] | None = None
        self._under_way = 0
        self._unwritten: list[Returned[Claimed]] = []
        self._events: dict[uuid.UUID, Event] = {}
        self._open_until = self._sweep_at = 0.0

    def __call__(self, *, now: datetime) -> int:
        """Return how many deliveries moved or are under way: 0 when there is nothing to do.

        Raises what the database raises; the answers that came meanwhile are kept for the next call.
        """
        self._collect(_GATHER, enough=self._under_way // 2)
        moved = 0 if self._has_good_news_alone() else self._write_down()
        try:
            if self._may_speak():
                moved += self._send(now)
        finally:
            moved += self._write_down()  # while those are under way
        self._sweep(now)
        if not moved and self._under_way:
            self._collect(_LOOK)
        return moved + self._under_way + len(self._unwritten)

    def finish(self) -> None:
        """Wait for what is under way (15 s at most), write it down, and end."""
        try:
            while self._under_way or self._unwritten:
                self._collect(1.0)
                self._write_down()
        finally:
            if self._postman is not None:
                self._postman.stop()
                self._postman = None

    def _has_good_news_alone(self) -> bool:
        """A failure is written down before more is taken: it may be a reason to take less."""
        return all(returned.answer.outcome == AttemptOutcome.DELIVERED for returned in self._unwritten)

    def _write_down(self) -> int:
        """What came back."""
        results, self._unwritten = self._unwritten, []
        if results:
            try:
                record_answers(results, now=self._clock())
            except (OperationalError, InterfaceError):
                self._unwritten = results  # the database has gone: they wait until it is back
                raise
            # What cannot be written down for another reason is let go: its lease ends, it is sent again, and the others
            # are not held up.
            _log(results)
        return len(results)

    def _collect(self, seconds: float, *, enough: int = 1) -> None:
        """Take what came back; wait so long for ``enough``, where nothing waits to be written down."""
        if self._postman is None or not self._under_way:
            return
        for returned in self._postman.collect(0.0 if self._unwritten else seconds, enough=enough):
            self._under_way -= 1
            self._pace.end(returned.of.endpoint_id, returned.of.event.seller_id, returned.answer)
            self._unwritten.append(returned)
        if not self._postman.is_alive():  # nobody knows why: begin anew, rather than wait for ever
            self._postman, self._under_way, self._pace = None, 0, Pace()
            raise RuntimeError("the postman's thread has ended; what it had is sent again when its leases are over")

    def _send(self, now: datetime) -> int:
        free = PLACES - self._under_way
        if free <= 0:
            return 0
        pace = self._pace
        rooms = pace.rooms()
        claimed = claim(limit=free, rooms=rooms, busy=pace.busy(), held=pace.held(), known=self._events, now=now)
        self._remember(claimed)
        letters, unreadable = [], []
        for delivery in claimed:
            try:
                prepared = _prepared(delivery)
            except vault.LostKeyError:
                unreadable.append(delivery)
                continue
            if isinstance(prepared, Answer):
                self._unwritten.append(Returned(delivery, now, prepared))
            else:
                letters.append(prepared)
                self._pace.begin(delivery.endpoint_id, delivery.event.seller_id)
        if letters:
            self._under_way += len(letters)
            self._out().send(letters)
        if unreadable:
            endpoints = sorted({str(delivery.endpoint_id) for delivery in unreadable})
            logger.error("%s; what waits for it is tried again: endpoints %s", vault.LOST, ", ".join(endpoints))
            put_back(unreadable, until=now + KEY_PAUSE)
        return len(claimed)

    def _remember(self, claimed: Sequence[Claimed]) -> None:
        """Their events, which never change, for the other endpoints that are told of them."""
        self._events |= {delivery.event.id: delivery.event for delivery in claimed}
        for oldest in list(self._events)[: max(len(self._events) - _EVENTS, 0)]:
            del self._events[oldest]

    def _out(self) -> Postman[Claimed]:
        if self._postman is None or not self._postman.is_alive():
            self._postman = Postman(Poster(allowed_hosts=settings.WEBHOOK_ALLOWED_HOSTS))
        return self._postman

    def _may_speak(self) -> bool:
        """Whether this database is the one that may."""
        if time.monotonic() >= self._open_until:
            if deployment.standing().is_fenced:
                return False
            self._open_until = time.monotonic() + _TRUST
        return True

    def _sweep(self, now: datetime) -> None:
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + (0.0 if bury_abandoned(now=now) else _SWEEP)


def _prepared(delivery: Claimed) -> Letter[Claimed] | Answer:
    """What is to be sent, or what came of it without. Raises LostKeyError."""
    if failure := _failure_of_ours(delivery):
        return failure
    try:
        return _letter(delivery)
    except CannotBeShown as error:
        logger.exception("event %s cannot be sent to endpoint %s", delivery.event.id, delivery.endpoint_id)
        return _ours(str(error))


def _letter(delivery: Claimed) -> Letter[Claimed]:
    event = delivery.event
    return Letter(
        of=delivery,
        url=delivery.url,
        livemode=event.mode == Mode.LIVE,
        id=str(event.id),
        body=_body(event, delivery.previous_sequence, delivery.payload_version),
        secrets=[_readable(secret) for secret in delivery.secrets],
    )


def _failure_of_ours(delivery: Claimed) -> Answer | None:
    """Why this attempt is over before it begins."""
    if delivery.round_attempts > MOST_ATTEMPTS:
        return _ours("the last attempt died with the worker that made it")
    for kind, answer in _SIMULATED.items():
        if kind in delivery.scenarios and sandbox.take(delivery.event.seller_id, kind):
            return answer
    return None if delivery.secrets else _ours("the endpoint has no secret to sign with")


def _ours(problem: str) -> Answer:
    return Answer(AttemptOutcome.UNREACHABLE, problem=problem, is_ours=True)


@lru_cache(maxsize=512)
def _body(event: Event, previous_sequence: int | None, version: str) -> bytes:
    """Written once for all endpoints that are told the same: what is stored of an event never changes. Raises
    CannotBeShown."""
    return body_of(event, previous_sequence=previous_sequence, version=version)


@lru_cache(maxsize=4096)
def _readable(encrypted: bytes) -> str:
    """Decrypted once by each process. Raises LostKeyError."""
    return vault.decrypt(encrypted)


def _log(results: Sequence[Returned[Claimed]]) -> None:
    for returned in results:
        delivery, answer = returned.of, returned.answer
        level = logging.INFO if answer.outcome == AttemptOutcome.DELIVERED else logging.WARNING
        if logger.isEnabledFor(level):
            with working_for(delivery.event.correlation_id):
                logger.log(
                    level,
                    "event %s to endpoint %s, attempt %s: %s (%s) in %s ms",
                    *(delivery.event.id, delivery.endpoint_id, delivery.number),
                    *(answer.outcome.value, answer.status or answer.problem, answer.duration_ms),
                )
