"""The circuit: when it opens, for how long, and when an endpoint is given up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from integrations.webhooks.breaker import (
    FAILING_FOR,
    GIVEN_UP_AFTER,
    LONGEST_OPEN,
    Health,
    Report,
    after,
    begins_to_fail,
    is_given_up,
    told,
)

NOW = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
WELL = Health()


def failure(at: datetime = NOW, *, probe: bool = False, attempts: int = 1) -> Report:
    return Report(at=at, is_success=False, is_probe=probe, attempts=attempts)


def success(at: datetime = NOW) -> Report:
    return Report(at=at, is_success=True)


def test_four_failures_in_a_row_do_not_open_it_the_fifth_does() -> None:
    assert after(WELL, [failure()] * 4).open_until is None
    assert after(WELL, [failure()] * 5).open_until == NOW + timedelta(seconds=30)


def test_a_success_in_between_begins_the_count_anew() -> None:
    health = after(WELL, [*[failure()] * 4, success(), *[failure()] * 4])
    assert (health.consecutive_failures, health.open_until) == (4, None)


def test_each_probe_that_fails_doubles_the_pause_up_to_five_minutes() -> None:
    health, pauses = after(WELL, [failure()] * 5), []
    for _ in range(7):
        at = health.open_until
        assert at is not None
        health = after(health, [failure(at, probe=True)])
        assert health.open_until is not None
        pauses.append((health.open_until - at).total_seconds())
    assert pauses == [60, 120, 240, 300, 300, 300, 300]


def test_what_was_under_way_when_it_opened_prolongs_nothing() -> None:
    opened = after(WELL, [failure()] * 5)
    later = after(opened, [failure(NOW + timedelta(seconds=10))] * 20)
    assert (later.open_until, later.consecutive_failures) == (opened.open_until, 5)


def test_a_success_closes_it_and_forgets_everything() -> None:
    health = after(after(WELL, [failure()] * 9), [success(NOW + timedelta(seconds=1))])
    assert (health.consecutive_failures, health.failing_since, health.open_until) == (0, None, None)
    assert health.last_success_at == NOW + timedelta(seconds=1)
    assert health.last_failure_at == NOW


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_whatever_comes_the_circuit_is_open_only_after_failure_and_never_long(told_of: list) -> None:
    health = WELL
    for is_success, probe in told_of:
        health = after(health, [Report(at=NOW, is_success=is_success, is_probe=probe)])
        assert (health.failing_since is None) == (health.consecutive_failures == 0)
        if health.open_until is not None:
            assert health.consecutive_failures >= 1
            assert NOW < health.open_until <= NOW + LONGEST_OPEN


def test_the_owner_is_told_after_the_fourth_failed_attempt_of_a_delivery() -> None:
    health = after(WELL, [failure()] * 4)
    assert not begins_to_fail(health, [failure(attempts=3)], now=NOW)
    assert begins_to_fail(health, [failure(attempts=4)], now=NOW)


def test_or_after_as_long_a_time_where_the_circuit_lets_none_come_so_far() -> None:
    health = after(WELL, [failure()])
    assert not begins_to_fail(health, [failure()], now=NOW + FAILING_FOR - timedelta(seconds=1))
    assert begins_to_fail(health, [failure()], now=NOW + FAILING_FOR)
    assert timedelta(minutes=35, seconds=5) == FAILING_FOR


def test_not_more_than_once_a_day() -> None:
    health = told(after(WELL, [failure()]), at=NOW)
    late, next_day = NOW + timedelta(hours=23), NOW + timedelta(hours=24)
    assert not begins_to_fail(health, [failure(attempts=5)], now=late)
    assert begins_to_fail(health, [failure(attempts=6)], now=next_day)
    well_again = after(health, [success()])
    assert not begins_to_fail(after(well_again, [failure()]), [failure(attempts=4)], now=late), "it comes and goes"


def test_after_120_hours_of_nothing_but_failure_it_is_given_up() -> None:
    health = after(WELL, [failure()])
    assert timedelta(hours=120) == GIVEN_UP_AFTER
    assert not is_given_up(health, now=NOW + GIVEN_UP_AFTER - timedelta(microseconds=1))
    assert is_given_up(health, now=NOW + GIVEN_UP_AFTER)
    assert not is_given_up(after(health, [success()]), now=NOW + 2 * GIVEN_UP_AFTER)


def test_reports_in_one_batch_or_in_many_say_the_same() -> None:
    reports = [failure(), success(), *[failure()] * 3, failure(probe=True), success(), *[failure()] * 6]
    one_by_one = WELL
    for report in reports:
        one_by_one = after(one_by_one, [report])
    assert after(WELL, reports) == one_by_one
    assert all(first != second for first, second in pairwise([WELL, one_by_one]))
