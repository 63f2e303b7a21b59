"""Which major versions of the contract are spoken, and one thing as each of them shows it.

What is stored (an event's payload) and what services return holds all that any version needs. A renderer leaves out
and renames; it is pure, so that an event reads the same on the day it happened and on the day it is replayed.
``integrations`` knows no invoice: those who make payloads register how each version shows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

VERSIONS = ("v1", "v2")
CURRENT = "v2"
"""The newest: what somebody who begins today should use."""

Payload = Mapping[str, object]
Renderer = Callable[[Payload], Payload]


class CannotBeShown(Exception):
    """A renderer failed: the payload is not what it was made for."""


_PATH = re.compile(r"/api/(v[1-9][0-9]*)/")
_renderers: dict[tuple[str, str], Renderer] = {}


def register(kind: str, version: str, renderer: Renderer) -> None:
    """Show payloads of this kind (``invoice`` for ``invoice.issued`` and all others of its kind) like that. Those of
    which nobody said anything are the same in every version."""
    assert version in VERSIONS, f"nobody speaks {version}"
    _renderers[kind, version] = renderer


def as_version(payload: Payload, type: str, version: str) -> Payload:
    """``payload`` as ``version`` shows it. ``type`` is an event's (``invoice.issued``), or its kind (``invoice``).

    Raises CannotBeShown.
    """
    assert version in VERSIONS, f"nobody speaks {version}"
    renderer = _renderers.get((type.partition(".")[0], version))
    try:
        return renderer(payload) if renderer else payload
    except Exception as error:
        raise CannotBeShown(f"what is stored cannot be written as {version}") from error


def version_of(path: str) -> str:
    """The version that a call to this path speaks; the first for what lies outside of all of them."""
    found = _PATH.match(path)
    return found[1] if found and found[1] in VERSIONS else VERSIONS[0]


def within(path: str, version: str) -> str:
    """The same address in another version: ``/api/v1/invoices`` is ``/api/v2/invoices``."""
    return _PATH.sub(f"/api/{version}/", path, count=1)


def address(request_path: str, path: str) -> str:
    """Where a thing is, in the version that was called: ``/invoices/1`` is at ``/api/v2/invoices/1``."""
    return f"/api/{version_of(request_path)}{path}"
