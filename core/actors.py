"""Who does it: every verb of the house takes an ``Actor`` as ``by=``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind of actor, no secret
    WORKER = "worker"
    COMMAND = "command"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a token, a worker or a command, with the request through which it acts.

    ``on_behalf_of`` is whom the caller names as the person behind it (free text, not checked). ``address`` is the
    peer's IP address as text, empty inside the house.
    """

    kind: ActorKind
    id: str
    name: str
    on_behalf_of: str = ""
    request_id: str = ""
    correlation_id: str = ""
    address: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name or self.id}"


def worker(name: str, *, correlation_id: str = "") -> Actor:
    """The actor of a background step."""
    return Actor(kind=ActorKind.WORKER, id=name, name=name, correlation_id=correlation_id)


def command(name: str) -> Actor:
    """The actor of a management command."""
    return Actor(kind=ActorKind.COMMAND, id=name, name=name)
