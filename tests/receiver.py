"""Somebody else's machine that receives webhooks, and answers as it is told to.

with Receiver() as receiver:
    receiver.will_answer("/shop", Reply(503), Reply(200))   # these first, then always 200
    ...                                                     # post to receiver.url("/shop")
    assert [call.id for call in receiver.calls("/shop")] == [...]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook

_FOREVER = 3600.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``pause`` seconds pass before it; its body comes in ``pieces`` with ``drip`` seconds between them;
    ``hang_up`` ends the connection without a word."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    pieces: int = 1
    drip: float = 0.0
    hang_up: bool = False


OK = Reply()
SILENCE = Reply(pause=_FOREVER)
"""No answer at all, until the receiver ends."""


@dataclass(frozen=True, slots=True)
class Call:
    """What came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The body's JSON, where a receiver's own library (standardwebhooks) is content with the signature."""
        Webhook(secret).verify(self.body, dict(self.headers))
        return json.loads(self.body)


class Receiver:
    """An HTTP server on a port of its own, in a thread of its own: ``localhost``, which must be allowed."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, usual: Reply = OK, host: str = "127.0.0.1") -> None:
        self.usual, self.port = usual, 0
        self._tls, self._host = tls, host
        self._calls: list[Call] = []
        self._replies: defaultdict[str, deque[Reply]] = defaultdict(deque)
        self._ready, self._loop, self._over = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)

    def url(self, path: str = "/") -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}{path}"

    def will_answer(self, path: str, *replies: Reply) -> None:
        """These, in turn, to the next calls of that path."""
        self._replies[path].extend(replies)

    def calls(self, path: str | None = None) -> list[Call]:
        """What came in so far, in its order: of one path, or all."""
        return [call for call in list(self._calls) if path in {None, call.path}]

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = web.Server(self._answer)
        runner = web.ServerRunner(server, shutdown_timeout=0, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, self._host, 0, ssl_context=self._tls, backlog=1024)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._calls.append(Call(request.path_qs, headers, body, time.time()))
        waiting = self._replies[request.path_qs]
        return await self._give(waiting.popleft() if waiting else self.usual, request)

    async def _give(self, reply: Reply, request: web.BaseRequest) -> web.StreamResponse:
        await self._rest(reply.pause)
        if reply.hang_up:
            assert request.transport is not None
            request.transport.abort()
        if reply.pieces == 1:
            return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
        answer = web.StreamResponse(status=reply.status, headers=reply.headers)
        await answer.prepare(request)
        for _ in range(reply.pieces):
            if self._over.is_set():
                break
            await answer.write(reply.body)
            await self._rest(reply.drip)
        return answer

    async def _rest(self, seconds: float) -> None:
        """So long, or until the receiver ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
