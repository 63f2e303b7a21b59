"""The request under way, for whoever writes logs, actors and problems: its ids and the caller's address."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestContext:
    """``request_id`` is always ours; ``correlation_id`` is the caller's where it sent a proper one."""

    request_id: str = ""
    correlation_id: str = ""
    address: str = ""


current: ContextVar[RequestContext] = ContextVar("request_context", default=RequestContext())  # noqa: B039 - frozen
