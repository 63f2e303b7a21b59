"""How many calls a token may make in a minute (draft-ietf-httpapi-ratelimit-headers-11).

Counted in this process, or in Redis where REDIS_URL is set; never in PostgreSQL. Without Redis every web process has
its share, ``calls_per_minute / WEB_PROCESSES``, and tells what is left of that.
"""

from __future__ import annotations

import importlib
import logging
import math
import threading
import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.conf import settings

from core.errors import gettext_noop
from integrations.errors import TooManyRequests
from integrations.monitoring.counting import under_way

logger = logging.getLogger(__name__)

WINDOW = 60
FAILURES_PER_MINUTE = 20
"""How often an address may fail to say who it is, before it is only told to wait."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Where a token stands in the present minute: its quota, the calls it has left, and the seconds until the next."""

    quota: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """What every authenticated answer carries."""
        return {
            "RateLimit-Policy": f'"default";q={self.quota};w={WINDOW}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset}',
        }


standing: ContextVar[RateLimit | None] = ContextVar("rate_limit", default=None)
"""The standing of the call under way, for the middleware that writes the headers."""


class Counter(Protocol):
    """Counts the calls of one key in one window."""

    share: int
    """Among how many processes a quota is divided."""

    def add(self, key: str, window: int) -> int:
        """Count one call, and return how many there were in that window."""


class ProcessCounter:
    """Counts in this process's memory; only the present window is kept."""

    def __init__(self, share: int) -> None:
        self.share = share
        self._window = 0
        self._calls: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, key: str, window: int) -> int:
        with self._lock:
            if window != self._window:
                self._window, self._calls = window, {}
            self._calls[key] = self._calls.get(key, 0) + 1
            return self._calls[key]


class RedisCounter:
    """Counts for all processes and machines together."""

    share = 1

    def __init__(self, client: Any, *, failure: type[Exception]) -> None:
        self._client, self._failure, self._fallback = client, failure, ProcessCounter(self.share)

    def add(self, key: str, window: int) -> int:
        """As the protocol says; while Redis is away this process counts alone, since billing must go on."""
        name = f"correlativa:calls:{key}:{window}"
        try:
            calls, _expiry = self._client.pipeline().incr(name).expire(name, 2 * WINDOW).execute()
        except self._failure:
            logger.warning("Redis does not answer: calls are counted in this process")
            return self._fallback.add(key, window)
        return int(calls)


@cache
def counter() -> Counter:
    """This process's counter."""
    if not settings.REDIS_URL:
        return ProcessCounter(settings.WEB_PROCESSES)
    redis = importlib.import_module("redis")  # an optional dependency, needed only here
    return RedisCounter(redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5), failure=redis.RedisError)


def count_call(token_id: uuid.UUID, calls_per_minute: int, *, now: float) -> None:
    """Count one call of a token at ``now`` (Unix time); ``TooManyRequests`` (429) when its minute is used up."""
    if call := under_way.get():
        call.token_id = token_id
    counting = counter()
    window, elapsed = divmod(now, WINDOW)
    allowed = math.ceil(calls_per_minute / counting.share)
    calls = counting.add(str(token_id), int(window))
    rate = RateLimit(calls_per_minute, max(0, allowed - calls), math.ceil(WINDOW - elapsed))
    standing.set(rate)
    if calls > allowed:
        message = gettext_noop("Too many calls: try again in %(seconds)s seconds.")
        headers = {"Retry-After": str(rate.reset)}
        raise TooManyRequests("rate_limited", message, params={"seconds": rate.reset}, headers=headers)


def count_failure(address: str, *, now: float) -> None:
    """Count a failure to authenticate against the address that it came from; ``TooManyRequests`` (429) from the
    twenty-first of a minute on, before anything more is done or written about it.

    Nobody who shows a good token is turned away: behind one address there may be many machines, and one of them with an
    old token must not shut out the others.
    """
    counting = counter()
    window, elapsed = divmod(now, WINDOW)
    if counting.add(f"failures:{address}", int(window)) > math.ceil(FAILURES_PER_MINUTE / counting.share):
        seconds = math.ceil(WINDOW - elapsed)
        message = gettext_noop("Too many failed attempts from this address: try again in %(seconds)s seconds.")
        headers = {"Retry-After": str(seconds)}
        raise TooManyRequests("too_many_failed_attempts", message, params={"seconds": seconds}, headers=headers)
