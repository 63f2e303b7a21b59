"""Sessions whose sockets lead to checked addresses alone."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from integrations.webhooks import guard
from integrations.webhooks.guard import Lookup

CONNECT_SECONDS: Final = 5.0

_IDLE_SECONDS: Final = 1.5  # shorter than receivers keep idle connections, else we would write into a closing one

Check = Callable[[str], None]
"""Raises RefusedAddress for an address that must not be connected."""

Way = tuple[int, int, int, str, Any]
"""Family, type, protocol, canonical name and address, as getaddrinfo has them."""

Dial = Callable[[Way], socket.socket]


def open_session(
    *,
    check: Check,
    lookup: Lookup,
    pool: ThreadPoolExecutor,
    dial: Dial | None = None,
    tls: ssl.SSLContext | None = None,
) -> aiohttp.ClientSession:
    """A session that connects what ``check`` lets pass. ``lookup`` and ``dial`` are the resolver (it runs in ``pool``)
    and the way to a socket; ``tls`` whom to trust, the system's authorities unless told otherwise."""

    def checked(way: Way) -> socket.socket:
        check(str(way[4][0]))
        return (dial or _socket)(way)

    connector = aiohttp.TCPConnector(
        limit=0,  # whoever calls us bounds that
        keepalive_timeout=_IDLE_SECONDS,
        resolver=_Resolver(lookup, pool, check),
        socket_factory=checked,
        ssl=tls or True,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,  # a proxy of the environment would connect to what we did not check
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    )


def anything(address: str) -> None:
    """The check of hosts that the operator named: they may be anywhere."""


class _Resolver(AbstractResolver):
    """The addresses that are connected are those that were checked, all of them, here: nobody looks the name up again.

    aiohttp does not ask a resolver about addresses written as such: those are checked in ``guard.check_url``, and each
    address once more when its socket is made.
    """

    def __init__(self, lookup: Lookup, pool: ThreadPoolExecutor, check: Check) -> None:
        self._lookup, self._pool, self._check = lookup, pool, check
        self._looking: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family  # both
        try:
            addresses = await asyncio.wait_for(asyncio.shield(self._look(host, port)), guard.RESOLVE_SECONDS)
        except TimeoutError:
            raise OSError(0, f"no address within {guard.RESOLVE_SECONDS:.0f} s") from None
        except UnicodeError:
            raise OSError(0, "no name that can be looked up") from None
        for address in addresses:
            self._check(address)
        return [_found(host, address, port) for address in addresses]

    def _look(self, host: str, port: int) -> asyncio.Future[Sequence[str]]:
        """One thread for each name, however often it is called: nothing ends a lookup that gets no answer, so whoever
        asks meanwhile waits for that one."""
        key = host, port
        if key not in self._looking:
            looking = asyncio.get_running_loop().run_in_executor(self._pool, self._lookup, host, port)
            self._looking[key] = looking
            looking.add_done_callback(lambda ended: self._ended(key, ended))
        return self._looking[key]

    def _ended(self, key: tuple[str, int], ended: asyncio.Future[Sequence[str]]) -> None:
        del self._looking[key]
        if not ended.cancelled():
            ended.exception()  # whoever waited has it; where nobody waits any more, nobody needs it

    async def close(self) -> None:
        """Lookups that get no answer end when they end: their threads are the pool's."""


def _found(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def _socket(way: Way) -> socket.socket:
    family, kind, protocol, *_ = way
    return socket.socket(family, kind, protocol)
