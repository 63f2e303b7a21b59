"""Moments in writing."""

from __future__ import annotations

from datetime import datetime
from typing import overload


@overload
def written(moment: datetime) -> str: ...
@overload
def written(moment: None) -> None: ...
@overload
def written(moment: datetime | None) -> str | None: ...
def written(moment: datetime | None) -> str | None:
    """RFC 3339, UTC as ``Z``; None stays None."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
