"""What the sandbox's scenarios do to calls: refuse them, let them wait, lose their answers.

A call is a seller's when its token acts for nobody else, or when it writes for it. The sandbox's own addresses are
spared, so that a scenario can always be ended.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from core.errors import Refusal, gettext_noop
from integrations import sandbox
from integrations.errors import TooManyRequests
from integrations.locks import try_hold
from integrations.problems import broken, database_unavailable
from integrations.sandbox import ScenarioKind, Standing

RETRY_AFTER: Final = 2
"""Seconds that a call which was refused on request is told to wait."""

_SPARED: Final = re.compile(r"/api/v\d+/sandbox(/|$)")
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PAGE: Final = (
    b"<html><head><title>504 Gateway Time-out</title></head>"
    b"<body><h1>504 Gateway Time-out</h1>The server did not respond in time.</body></html>\n"
)

_caller: ContextVar[uuid.UUID | None] = ContextVar("sandbox_caller", default=None)
"""The seller whose call is under way, once that is known and if it has any scenario."""


def arrive(request: Request, sellers: frozenset[uuid.UUID], *, anything: bool) -> None:
    """Note what is special about a test token's sellers, where there is ``anything``, and let its call meet it."""
    here = sandbox.standing_of(sellers) if anything else Standing(sellers)
    if _SPARED.match(request.path):
        here = replace(here, kinds={})
    sandbox.standing.set(here)
    _caller.set(None)
    if len(sellers) == 1:
        strike(*sellers)


def strike(seller_id: uuid.UUID) -> None:
    """The call is this seller's: let it meet what the seller asked for, once. Raises the refusal that was asked for."""
    here = sandbox.standing.get()
    if here is None or seller_id not in here.kinds or _caller.get() is not None:
        return
    _caller.set(seller_id)
    kinds = here.kinds[seller_id]
    if ScenarioKind.SLOW in kinds:
        _wait(seller_id)
    for kind, refusal in _REFUSALS.items():
        if kind in kinds and sandbox.take(seller_id, kind):
            raise refusal()


def befall(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """The answer, or what the caller gets in its place: a proxy's page, when it was to be lost."""
    here, seller_id = sandbox.standing.get(), _caller.get()
    if here is None or seller_id is None or ScenarioKind.ANSWER_LOST not in here.kinds[seller_id]:
        return response
    has_written = request.method in _WRITES and response.status_code < 300
    if not has_written or not sandbox.take(seller_id, ScenarioKind.ANSWER_LOST):
        return response
    return HttpResponse(_PAGE, status=504, content_type="text/html")


def _wait(seller_id: uuid.UUID) -> None:
    """One call at a time in the whole installation, since who waits holds a web process: a sandbox never takes more
    than one away from the others."""
    with try_hold("slow sandbox") as held:
        drawn = sandbox.draw(seller_id, ScenarioKind.SLOW) if held else None
        if drawn is not None:
            time.sleep(drawn.delay_seconds or 0)


def _rate_limited() -> Refusal:
    message = gettext_noop("Too many calls; try again later.")
    return TooManyRequests("rate_limited", message, headers={"Retry-After": str(RETRY_AFTER)})


_REFUSALS: Final[Mapping[ScenarioKind, Callable[[], Refusal]]] = {
    ScenarioKind.RATE_LIMITED: _rate_limited,
    ScenarioKind.INTERNAL_ERROR: broken,
    ScenarioKind.DATABASE_BUSY: database_unavailable,
}
