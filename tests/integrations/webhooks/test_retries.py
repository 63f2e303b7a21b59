"""The contract's pauses."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.webhooks.retries import JITTER, MOST_ATTEMPTS, PAUSES, asked_for, next_pause

VECTORS = json.loads((Path(__file__).parent / "data" / "retry_schedule.json").read_text())
NOW = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
DAY = timedelta(days=1)


def pause(attempts: int, retry_after: str | None = None, chance: float = 0.5) -> timedelta:
    found = next_pause(attempts, retry_after=retry_after, now=NOW, chance=lambda: chance)
    assert found is not None
    return found


def test_the_schedule_is_the_contracts() -> None:
    assert [pause.total_seconds() for pause in PAUSES] == VECTORS["schedule_seconds"]
    assert [sum(PAUSES[:n], timedelta()).total_seconds() for n in range(1, 10)] == VECTORS["cumulative_seconds"]
    assert VECTORS["attempts_total"] == MOST_ATTEMPTS
    assert VECTORS["jitter"] == JITTER


@pytest.mark.parametrize("bounds", VECTORS["bounds"], ids=lambda bounds: str(bounds["after_attempt"]))
@given(chance=st.floats(0, 1))
def test_chance_moves_each_pause_by_a_fifth_at_most(bounds: dict, chance: float) -> None:
    assert bounds["min"] <= round(pause(bounds["after_attempt"], chance=chance).total_seconds(), 3) <= bounds["max"]


def test_chance_reaches_both_ends() -> None:
    assert pause(1, chance=0.0) == timedelta(seconds=4)
    assert pause(1, chance=1.0) == timedelta(seconds=6)


def test_after_the_tenth_attempt_there_is_none() -> None:
    assert next_pause(10, retry_after="5", now=NOW, chance=lambda: 0.5) is None


@given(attempts=st.integers(1, 9), seconds=st.integers(0, 10**9 - 1), chance=st.floats(0, 1))
def test_whoever_asks_for_time_gets_it_up_to_a_day(attempts: int, seconds: int, chance: float) -> None:
    asked = timedelta(seconds=seconds)
    given = pause(attempts, str(seconds), chance)
    assert given >= min(asked, DAY), "never earlier than asked for"
    assert given >= pause(attempts, None, chance), "never earlier than by the schedule"
    assert given <= DAY * (1 + JITTER)


def test_both_forms_are_read() -> None:
    assert asked_for("120", now=NOW) == timedelta(minutes=2)
    assert asked_for("Fri, 01 Jan 2027 00:01:59 GMT", now=NOW) == timedelta(minutes=2)
    assert asked_for("Fri, 01 Jan 2027 00:01:59 -0000", now=NOW) == timedelta(minutes=2)
    assert asked_for("Fri, 01 Jan 2027 01:01:59 +0100", now=NOW) == timedelta(minutes=2)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "٥",
        "9" * 40,
        "Thu, 31 Dec 2026 12:00:00 GMT",
        "Fri, 99 Jan 2027",
        "0x10",
        "\x00",
    ],
)
def test_junk_and_the_past_ask_for_nothing(junk: str | None) -> None:
    assert asked_for(junk, now=NOW) == timedelta(0)


@given(st.text() | st.text("Fri, 01 Jan 2027 :+-GMT9"))
def test_no_answer_of_a_receivers_breaks_it(said: str) -> None:
    assert asked_for(said, now=NOW) >= timedelta(0)
