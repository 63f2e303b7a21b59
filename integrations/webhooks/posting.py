"""One call of a receiver: bounded in time, and in what is kept of the answer."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from integrations.models import AttemptOutcome
from integrations.webhooks import guard
from integrations.webhooks.connecting import Dial, anything, open_session
from integrations.webhooks.guard import Lookup, RefusedAddress

logger = logging.getLogger(__name__)

TOTAL_SECONDS: Final = 15.0
"""For everything, by a watchdog: a limit for each read would let an answer drip for ever."""

KEPT_BYTES: Final = 64 * 1024
"""Of an answer's body; what comes after that is not read."""

_LOOKUPS: Final = 512
"""Names looked up at once, each in a thread that is made when it is needed: those of which nobody answers keep theirs
for a while, and must not keep the others waiting. A seller has at most 50 receivers."""

_KEPT_HEADERS: Final = frozenset(
    ("content-length", "content-type", "date", "location", "retry-after", "server", "traceparent", "via")
) | {"x-request-id", "x-correlation-id"}
_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # a compressed answer might unfold without end
    "User-Agent": "Correlativa-Webhooks/1.0",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call. ``status`` is None where no answer began; ``problem`` is for people, and has no secrets.
    ``is_ours`` where nothing was sent, by a fault of ours: it says nothing of the receiver."""

    outcome: AttemptOutcome
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""
    duration_ms: int = 0
    is_ours: bool = False


class Poster:
    """Calls receivers from one event loop: ``async with Poster(…) as poster: await poster.post(…)``.

    ``lookup``, ``dial`` and ``tls`` are the system's, unless a test has its own.
    """

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str],
        lookup: Lookup = guard.look_up,
        dial: Dial | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._lookup, self._dial, self._tls = lookup, dial, tls

    async def __aenter__(self) -> Self:
        pool = self._pool = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook-lookup")
        self._public, self._named = (
            open_session(check=check, lookup=self._lookup, pool=pool, dial=self._dial, tls=self._tls)
            for check in (guard.check_address, anything)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._public.close()
        await self._named.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, livemode: bool = True) -> Answer:
        """Call it once; never raises for what a receiver, its address or the network does."""
        begin, heard = time.monotonic(), _Heard()
        try:
            host, address = _read(url, livemode, self._allowed)
            session = self._named if host in self._allowed else self._public
            async with asyncio.timeout(TOTAL_SECONDS):
                await _call(session, address, body, headers, heard)
        except Exception as error:  # noqa: BLE001 - one odd receiver must not end the others' deliveries
            outcome, problem = _failure(error, heard.status)
        else:
            outcome, problem = _meaning(heard.status), ""
        milliseconds = round((time.monotonic() - begin) * 1000)
        return Answer(outcome, heard.status, heard.headers, bytes(heard.body), clean(problem)[:300], milliseconds)


def post_once(
    url: str, body: bytes, headers: Mapping[str, str], *, allowed_hosts: Collection[str], livemode: bool = True
) -> Answer:
    """One call by a worker that has no event loop of its own."""

    async def post() -> Answer:
        async with Poster(allowed_hosts=allowed_hosts) as poster:
            return await poster.post(url, body, headers, livemode=livemode)

    return asyncio.run(post())


def clean(text: str) -> str:
    """What PostgreSQL can keep of a text that somebody else sent: no NUL, and nothing that is not UTF-8."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


@dataclass(slots=True)
class _Heard:
    """As much of an answer as came before something went wrong."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


async def _call(
    session: aiohttp.ClientSession, address: URL, body: bytes, headers: Mapping[str, str], heard: _Heard
) -> None:
    async with session.post(address, data=body, headers={**_HEADERS, **headers}, allow_redirects=False) as answer:
        heard.status = answer.status
        heard.headers = {
            name.lower(): clean(value)[:500] for name, value in answer.headers.items() if name.lower() in _KEPT_HEADERS
        }
        while chunk := await answer.content.read(KEPT_BYTES - len(heard.body)):
            heard.body += chunk
        if not answer.content.at_eof():
            answer.close()  # the rest is not read, so the connection is of no more use


@lru_cache(maxsize=4096)
def _read(url: str, livemode: bool, allowed: frozenset[str]) -> tuple[str, URL]:
    """Raises RefusedAddress (which is not cached)."""
    return guard.check_url(url, livemode=livemode, allowed_hosts=allowed).host, URL(url, encoded=True)


def _meaning(status: int | None) -> AttemptOutcome:
    if status is None:
        return AttemptOutcome.UNREACHABLE
    if 200 <= status < 300:
        return AttemptOutcome.DELIVERED
    if 300 <= status < 400:
        return AttemptOutcome.REDIRECTED
    return AttemptOutcome.GONE if status == 410 else AttemptOutcome.ANSWERED


# The first that fits: many of these are kinds of each other.
_FAILURES: Final[tuple[tuple[type[Exception], AttemptOutcome], ...]] = (
    (RefusedAddress, AttemptOutcome.REFUSED_ADDRESS),
    (TimeoutError, AttemptOutcome.TIMED_OUT),
    (aiohttp.ClientConnectorDNSError, AttemptOutcome.DNS),
    (aiohttp.ClientSSLError, AttemptOutcome.TLS),
    (ssl.SSLError, AttemptOutcome.TLS),
    (aiohttp.ClientError, AttemptOutcome.UNREACHABLE),
    (OSError, AttemptOutcome.UNREACHABLE),
)


def _failure(error: Exception, status: int | None) -> tuple[AttemptOutcome, str]:
    if isinstance(error, aiohttp.ClientPayloadError):
        return _meaning(status), "the answer's body was cut off"
    for kind, outcome in _FAILURES:
        if isinstance(error, kind):
            return outcome, _in_words(error)
    logger.error("a call of a receiver ended in a way that nobody foresaw", exc_info=error)
    return AttemptOutcome.UNREACHABLE, _in_words(error)


def _in_words(error: Exception) -> str:
    """Never the whole address, as some exceptions have it: its query may be a secret."""
    if isinstance(error, RefusedAddress):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no connection, or no whole answer, in time ({TOTAL_SECONDS:.0f} s at most)"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    if isinstance(error, aiohttp.ClientResponseError):
        return error.message
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__
