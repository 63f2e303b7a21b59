"""What a rule says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    BLOCKING = "blocking"
    """The AEAT rejects the record."""

    WARNING = "warning"
    """The AEAT stores it and complains («aceptado con errores»), or documents a refusal that nobody has seen yet."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the AEAT would object to.

    ``code`` is the AEAT's number. ``element`` is where, as a path into the ``Registration``:
    ``breakdowns/0/tax_rate``. ``message`` is an English template.
    """

    code: int
    element: str
    message: str
    severity: Severity = Severity.BLOCKING
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params
