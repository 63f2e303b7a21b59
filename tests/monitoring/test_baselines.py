"""What is abnormal: properties that hold for every past, not examples alone."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from integrations.monitoring.baselines import FEWEST_SAMPLES, spike_of, threshold_of

PASTS = st.lists(st.integers(0, 5_000), min_size=FEWEST_SAMPLES, max_size=60)
FLOORS = st.integers(1, 500)


@given(PASTS, FLOORS)
def test_what_happened_most_days_is_never_abnormal(past, floor):
    usual = sorted(past)[len(past) // 2]
    for value in (0, floor, usual):
        assert spike_of(value, past, floor=floor) is None


@given(PASTS, FLOORS, st.integers(0, 20_000), st.integers(0, 20_000))
def test_more_is_never_less_abnormal(past, floor, one, another):
    less, more = sorted((one, another))
    assert spike_of(less, past, floor=floor) is None or spike_of(more, past, floor=floor) is not None


@given(PASTS, FLOORS, st.integers(0, 20_000), st.randoms())
def test_the_order_of_the_days_does_not_matter(past, floor, present, chance: random.Random):
    shuffled = chance.sample(past, len(past))
    assert spike_of(present, past, floor=floor) == spike_of(present, shuffled, floor=floor)


@given(PASTS, FLOORS)
def test_there_is_always_some_number_that_is_abnormal(past, floor):
    threshold = threshold_of(past, floor=floor)
    assert threshold is not None
    spike = spike_of(threshold + 1, past, floor=floor)
    assert spike is not None
    assert spike.threshold == threshold >= spike.usual


@given(PASTS, FLOORS, st.lists(st.integers(10**6, 10**9), min_size=1, max_size=5))
def test_a_few_wild_quarters_do_not_hide_the_next_spike(past, floor, wild):
    """Up to a tenth of the past, however wild, leaves the threshold among what a calm past would allow."""
    wild = wild[: len(past) // 10]
    threshold = threshold_of([*past, *wild], floor=floor)
    spread = max(past) - min(past)
    assert threshold <= max(2 * max(past), max(past) + 6 * 1.4826 * spread, floor) + 1


@given(st.lists(st.integers(0, 5_000), max_size=FEWEST_SAMPLES - 1), FLOORS, st.integers(0, 10**9))
def test_there_is_no_alarm_on_little_data(past, floor, present):
    assert spike_of(present, past, floor=floor) is None


@given(st.integers(0, 1_000), FLOORS)
def test_a_steady_past_allows_twice_as_much(steady, floor):
    past = [steady] * FEWEST_SAMPLES
    assert threshold_of(past, floor=floor) == max(2 * steady, floor)


def test_a_shop_that_sells_by_day_and_fails_a_little():
    past = [3, 0, 1, 2, 4, 0, 0, 2, 5, 1] * 4
    assert spike_of(20, past, floor=20) is None
    spike = spike_of(400, past, floor=20)
    assert spike is not None
    assert spike.is_extreme
