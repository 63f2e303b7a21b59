"""The two worlds that never touch."""

from enum import StrEnum


class Mode(StrEnum):
    """``TEST`` documents have no legal value; ``LIVE`` ones do. A seller has exactly one mode, for ever."""

    TEST = "test"
    LIVE = "live"
