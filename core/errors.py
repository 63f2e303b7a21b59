"""How the house says no.

A *fault* is one thing that is wrong, and where. A *refusal* is the exception that carries every fault of a request to
the edge, which turns it into problem+json (RFC 9457), an admin message or a command's output. Messages are English
templates with ``%(name)s`` places; the edge translates them, so this file needs no Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar


def gettext_noop(message: str) -> str:
    """Mark a template for translation (the name is what the translation tools look for)."""
    return message


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. ``pointer`` is an RFC 6901 fragment (``#/lines/1/tax_rate``); exactly one of
    ``pointer``, ``parameter`` and ``header`` says where, or none when it concerns the whole."""

    code: str
    message: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params

    def under(self, prefix: str) -> Fault:
        """The same fault seen from the outer object: ``#/name`` under ``client`` is ``#/client/name``."""
        if self.pointer is None:
            return self
        return replace(self, pointer=f"#/{prefix}{self.pointer.removeprefix('#')}")


class Refusal(Exception):
    """The house says no, and nothing was written. ``code`` is stable and documented; ``extra`` are further members
    of the problem (``differences``, ``invoice``, …)."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        code: str,
        message: str,
        *,
        params: Mapping[str, object] | None = None,
        faults: Iterable[Fault] = (),
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.params = dict(params or {})
        self.faults = tuple(faults)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        super().__init__(str(self))

    def __str__(self) -> str:
        text = self.message % self.params
        return "; ".join([text, *(f"{fault.pointer or ''} {fault}".strip() for fault in self.faults)])


class Unreadable(Refusal):
    """The request cannot be read: JSON, header or query parameter (400)."""

    status = 400


class Unauthenticated(Refusal):
    """Nobody we know (401)."""

    status = 401


class Forbidden(Refusal):
    """Somebody we know, who may not (403)."""

    status = 403


class NotFound(Refusal):
    """It does not exist, or belongs to somebody else, which must look the same (404)."""

    status = 404


class Conflict(Refusal):
    """Well said, but not in this state (409)."""

    status = 409


class Stale(Refusal):
    """The caller decided on an older version (412)."""

    status = 412


class Invalid(Refusal):
    """A well-formed request with faults, all of them listed (422)."""

    status = 422

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__(
            "validation_failed", gettext_noop("The request has faults; nothing was written."), faults=faults
        )
