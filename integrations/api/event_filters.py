"""Events by their types, in a query parameter."""

from __future__ import annotations

from integrations.event_types import EVERYTHING, meant_by, unknown


def types_named(value: str) -> list[str] | None:
    """The types that ``invoice.*,payment.recorded`` means; None for all. ValueError where one part means none."""
    patterns = value.split(",")
    if any(unknown(patterns)):
        raise ValueError(value)
    return None if EVERYTHING in patterns else meant_by(patterns)
