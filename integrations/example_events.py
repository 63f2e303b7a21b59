"""An example of each thing that events tell of: what a test event carries, and what the documentation shows.

``integrations`` knows no invoice: who makes events says what an example of theirs looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_EXAMPLES: Final[dict[str, Mapping[str, object]]] = {
    "endpoint.disabled": {
        "id": "019ab1f3-0000-7000-8000-000000000001",
        "url": "https://hooks.example.com/correlativa",
        "description": "The shop",
        "status": "disabled",
        "disabled_at": "2026-11-23T12:00:00Z",
        "disabled_reason": "It answered 410 (gone).",
    }
}


def register(examples: Mapping[str, Mapping[str, object]]) -> None:
    """Examples by event type (``payment.recorded``), or by kind (``invoice``) for all types of that kind."""
    _EXAMPLES.update(examples)


def example_of(type: str) -> Mapping[str, object]:
    """The object that a test event of this type carries; empty where nobody makes such events yet."""
    return _EXAMPLES.get(type) or _EXAMPLES.get(type.partition(".")[0]) or {}
