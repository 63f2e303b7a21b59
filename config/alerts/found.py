"""What a rule finds, and a rule."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.modes import Mode
from integrations.alert_kinds import Kind
from integrations.models import Severity


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of which a rule's sentence holds now. ``facts`` fill it, and name no person: they leave the house."""

    key: str
    severity: Severity
    facts: Mapping[str, Any] = field(default_factory=dict)
    seller_id: uuid.UUID | None = None
    owner_email: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of alert, and the function that looks for all its things that hold at a time."""

    kind: Kind
    find: Callable[[datetime], Iterable[Found]]


def in_mode(mode: str, severity: Severity) -> Severity:
    """What is only a test is for information: it wakes nobody."""
    return severity if mode == Mode.LIVE else Severity.INFO


def hours_since(moment: datetime, now: datetime) -> str:
    """A while, for sentences: with one decimal, in hours."""
    return f"{max((now - moment).total_seconds(), 0) / 3600:.1f}"
