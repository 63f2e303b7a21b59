"""The two worlds that never touch."""

from enum import StrEnum


class Mode(StrEnum):
    """``TEST`` documents have no legal value; ``LIVE`` ones do. A seller has exactly one mode, for ever."""

    TEST = "test"
    LIVE = "live"


MODES = [(mode.value, mode.value) for mode in Mode]
"""The choices of a model's ``mode`` field."""
