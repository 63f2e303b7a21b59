"""A trend as a small picture: one bar an hour, the failed part of it on top. Without styles, as the policy wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 240
HEIGHT: Final = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """``y`` and heights count from the top, in units of the picture."""

    x: str
    width: str
    good_y: str
    good_height: str
    bad_y: str
    bad_height: str
    calls: int
    failed: int


@dataclass(frozen=True, slots=True)
class Spark:
    """The picture: its bars, and what the highest of them stands for."""

    bars: list[Bar]
    highest: int
    width: int = WIDTH
    height: int = HEIGHT


def spark_of(hours: Sequence[tuple[int, int]]) -> Spark:
    """From (calls, failed ones) by the hour; the highest bar fills the picture."""
    highest = max((calls for calls, _failed in hours), default=0)
    step = WIDTH / max(len(hours), 1)
    bars = [_bar(index * step, step, calls, failed, highest) for index, (calls, failed) in enumerate(hours) if calls]
    return Spark(bars, highest)


def _bar(x: float, step: float, calls: int, failed: int, highest: int) -> Bar:
    whole = max(HEIGHT * calls / highest, 1.5)  # few calls are not none
    bad = max(whole * failed / calls, 1.5) if failed else 0.0
    return Bar(
        x=f"{x:.2f}",
        width=f"{max(step * 0.8, 0.8):.2f}",
        good_y=f"{HEIGHT - whole + bad:.2f}",
        good_height=f"{max(whole - bad, 0):.2f}",
        bad_y=f"{HEIGHT - whole:.2f}",
        bad_height=f"{bad:.2f}",
        calls=calls,
        failed=failed,
    )
