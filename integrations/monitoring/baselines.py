"""What is abnormal for a token, against its own past at the same hour: robustly, so that one wild day neither hides the
next nor makes an alarm of an ordinary one. Arithmetic alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

FEWEST_SAMPLES: Final = 20
"""Below that nothing is usual yet: five days of four quarters of an hour."""

DEVIATIONS: Final = 6
"""How many standard deviations above the median are abnormal."""

OF_A_NORMAL: Final = 1.4826
"""The standard deviation of normally distributed values is so many of their median absolute deviations."""

TIMES: Final = 2
"""And what is abnormal is more than so many times the usual, however steady that is."""


@dataclass(frozen=True, slots=True)
class Spike:
    """``present`` is beyond ``threshold``, where ``usual`` is the median of the past."""

    present: int
    usual: int
    threshold: int

    @property
    def is_extreme(self) -> bool:
        return self.present > 5 * self.threshold


def threshold_of(samples: Sequence[int], *, floor: int) -> int | None:
    """The most that is not abnormal; None while there is too little to compare with."""
    if len(samples) < FEWEST_SAMPLES:
        return None
    usual = median(samples)
    spread = OF_A_NORMAL * median(abs(sample - usual) for sample in samples)
    return max(int(usual + DEVIATIONS * spread), int(TIMES * usual), floor)


def spike_of(present: int, samples: Sequence[int], *, floor: int) -> Spike | None:
    """The spike that ``present`` is against comparable ``samples``, or None. What is not above ``floor`` is none."""
    threshold = threshold_of(samples, floor=floor)
    if threshold is None or present <= threshold:
        return None
    return Spike(present, round(median(samples)), threshold)
