"""What can happen, by the contract's names, and which of it somebody asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

PING: Final = "ping"

EVENT_TYPES: Final = (
    "invoice.created",
    "invoice.in_review",
    "invoice.issued",
    "invoice.voided",
    "invoice.corrected",
    "invoice.overdue",
    "document.rendered",
    "payment.recorded",
    "payment.reversed",
    "validation.failed",
    "business_event.parked",
    "fiscal_record.accepted",
    "fiscal_record.accepted_with_errors",
    "fiscal_record.rejected",
    "batch.completed",
    "reconciliation.completed",
    "endpoint.disabled",
    PING,
)
"""Consumers ignore what they do not know: the list grows within v1."""

EVERYTHING: Final = "*"
_PREFIX: Final = ".*"


def matches(patterns: Iterable[str], type: str) -> bool:
    """Whether one of the patterns means this type: ``*``, ``invoice.*``, or the type itself."""
    return any(pattern in {EVERYTHING, type} or _is_of(pattern, type) for pattern in patterns)


def meant_by(patterns: Collection[str]) -> list[str]:
    """The types that the patterns mean, in the contract's order."""
    return [name for name in EVENT_TYPES if matches(patterns, name)]


def unknown(patterns: Iterable[str]) -> Iterator[str]:
    """The patterns that mean nothing at all."""
    return (pattern for pattern in patterns if pattern != EVERYTHING and not meant_by([pattern]))


def _is_of(pattern: str, type: str) -> bool:
    return pattern.endswith(_PREFIX) and type.startswith(pattern.removesuffix("*"))
