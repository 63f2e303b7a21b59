"""How many at a time: few at first, more for who is quick, fewer for who is not."""

import uuid

from integrations.models import AttemptOutcome
from integrations.webhooks.pacing import FIRST, LEAST, MOST, Pace
from integrations.webhooks.posting import Answer

ENDPOINT, SELLER = uuid.UUID(int=1), uuid.UUID(int=2)
QUICK = Answer(AttemptOutcome.DELIVERED, 200, duration_ms=20)


def after(*answers: Answer) -> int:
    """How many this endpoint may have after these answers."""
    pace = Pace()
    for _ in answers:
        pace.begin(ENDPOINT, SELLER)
    for answer in answers:
        pace.end(ENDPOINT, SELLER, answer)
    return pace.rooms().get(ENDPOINT, FIRST)


def test_who_answers_quickly_gets_more_up_to_a_limit() -> None:
    assert after(QUICK) == FIRST + 1
    assert after(*[QUICK] * 100) == MOST


def test_who_is_overloaded_or_silent_gets_half_each_time_but_never_nothing() -> None:
    for status in (429, 502, 503, 504):
        assert after(Answer(AttemptOutcome.ANSWERED, status)) == FIRST // 2
    assert after(Answer(AttemptOutcome.TIMED_OUT)) == FIRST // 2
    assert after(*[Answer(AttemptOutcome.TIMED_OUT)] * 20) == LEAST


def test_who_is_slow_gets_fewer_whatever_the_answer() -> None:
    assert after(*[QUICK] * 6, Answer(AttemptOutcome.DELIVERED, 200, duration_ms=14_000)) == 5


def test_who_refuses_gets_neither_more_nor_fewer() -> None:
    assert after(QUICK, Answer(AttemptOutcome.ANSWERED, 400)) == FIRST + 1


def test_what_is_under_way_counts() -> None:
    pace = Pace()
    for _ in range(FIRST):
        pace.begin(ENDPOINT, SELLER)
    assert pace.rooms() == {ENDPOINT: 0}
    assert (pace.busy(), pace.held()) == ([ENDPOINT], {SELLER: FIRST})
    for _ in range(FIRST):
        pace.end(ENDPOINT, SELLER, QUICK)
    assert (pace.busy(), pace.held()) == ([], {})


def test_who_is_as_at_first_is_forgotten() -> None:
    pace = Pace()
    for answer in (QUICK, Answer(AttemptOutcome.ANSWERED, 400), Answer(AttemptOutcome.ANSWERED, 503)):
        pace.begin(ENDPOINT, SELLER)
        pace.end(ENDPOINT, SELLER, answer)
    pace.begin(ENDPOINT, SELLER)
    pace.end(ENDPOINT, SELLER, QUICK)
    pace.begin(ENDPOINT, SELLER)
    pace.end(ENDPOINT, SELLER, QUICK)
    assert pace.rooms() == {}, "5, 5, 2, 3, 4"
