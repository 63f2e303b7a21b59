"""The request under way, for whoever writes logs, actors and problems: its ids and the caller's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestContext:
    """``request_id`` is always ours; ``correlation_id`` is the caller's where it sent a proper one."""

    request_id: str = ""
    correlation_id: str = ""
    address: str = ""


current: ContextVar[RequestContext] = ContextVar("request_context", default=RequestContext())  # noqa: B039 - frozen


@contextmanager
def working_for(correlation_id: str) -> Iterator[None]:
    """A worker is at a row of this process: the lines that it logs carry its id."""
    here = current.set(RequestContext(correlation_id=correlation_id))
    try:
        yield
    finally:
        current.reset(here)
