"""How the AEAT writes values. Each is written once, by these functions, and the same string is hashed and sent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.money import has_places, plain, round_half_up

_TRIMMED = "".join(map(chr, range(0x21)))


def text(value: str) -> str:
    """``value`` trimmed as the AEAT trims: code points up to the blank, so a no-break space stays."""
    return value.strip(_TRIMMED)


def amount(value: Decimal) -> str:
    """Euro with two decimals and no plus sign: ``-121.00``.

    Raises ValueError for a third decimal: rounding is the business of whoever calculated.
    """
    if not has_places(value, 2):
        raise ValueError(f"{value} has more than two decimals")
    return plain(round_half_up(value))


def day(value: date) -> str:
    """``31-12-2026``."""
    return f"{value:%d-%m-%Y}"


def timestamp(instant: datetime, zone: ZoneInfo) -> str:
    """``2026-12-31T23:59:59+01:00``: the offset of the territory of issue (Orden HAC/1177/2024 art. 7.e, g), no
    fraction (the AEAT answers 1244 to one)."""
    return instant.astimezone(zone).isoformat(timespec="seconds")
