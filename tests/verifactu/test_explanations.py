"""Every case that the table of admissible operations can come to has its sentence, and no sentence is left over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from verifactu import advice, explanations
from verifactu.aeat import catalogue
from verifactu.codes import PreviousRejection
from verifactu.explanations import Last, last_of, marks_of, next_amendment, next_annulment, situation
from verifactu.history import Kind, Past, State, amendment_marks, annulment_marks, state_of

REGISTERED = Past(Kind.REGISTRATION, accepted=True)
REJECTED = Past(Kind.REGISTRATION, accepted=False, code=1239)
AMENDMENT_REJECTED = Past(Kind.REGISTRATION, accepted=False, amendment=True, code=1239)
ANNULLED = Past(Kind.ANNULMENT, accepted=True)
ANNULMENT_REJECTED = Past(Kind.ANNULMENT, accepted=False, code=1100)


def records() -> list[Past]:
    """Every kind of record that there may be, as far as histories tell them apart."""
    kinds = [(Kind.REGISTRATION, False), (Kind.REGISTRATION, True), (Kind.ANNULMENT, False)]
    answers: list[tuple[bool | None, int | None]] = [(None, None), (True, None)]
    answers += [(False, code) for code in (1100, catalogue.DUPLICATE, catalogue.NOT_REGISTERED)]
    return [Past(kind, accepted, amendment, code) for (kind, amendment), (accepted, code) in product(kinds, answers)]


def pasts() -> Iterator[list[Past]]:
    """All histories of up to three records."""
    for length in range(4):
        yield from (list(past) for past in product(records(), repeat=length))


def test_every_history_has_its_sentences_and_every_sentence_a_history() -> None:
    amended, annulled, held, happened = set(), set(), set(), set()
    for past in pasts():
        assert all(situation(past))
        assert next_amendment(past).why
        assert next_annulment(past).why
        held.add(state_of(past))
        happened.add(last_of(past))
        amended.add((state_of(past), amendment_marks(past).previous_rejection))
        annulled.add((state_of(past), annulment_marks(past).previously_rejected))
    assert held == set(explanations.HOLDS) == set(State)
    assert happened == set(explanations.HAPPENED) == set(Last)
    assert amended == set(explanations.AMENDMENTS)
    assert annulled == set(explanations.ANNULMENTS)


def test_an_explanation_names_the_marks_that_the_record_will_carry() -> None:
    for (_state, rejection), explanation in explanations.AMENDMENTS.items():
        marks = marks_of(
            is_first=False, amendment=True, previous_rejection=rejection or "", without_previous_record=False
        )
        assert explanation.marks == " · ".join(mark for mark, _says in marks)
    for (state, rejected), explanation in explanations.ANNULMENTS.items():
        marks = marks_of(
            is_first=False,
            amendment=False,
            previous_rejection="S" if rejected else "",
            without_previous_record=state is State.NONE,
        )
        assert set(explanation.marks.split(" · ")) == {mark for mark, _says in marks} or (explanation.marks, marks) == (
            "–",
            [],
        )


def test_a_rejected_registration_is_sent_again_as_the_aeat_wants_it() -> None:
    assert situation([REJECTED])[0] == "The AEAT holds nothing of this invoice."
    assert next_amendment([REJECTED]).marks == "Subsanacion S · RechazoPrevio X"
    assert next_annulment([REJECTED]).marks == "SinRegistroPrevio S"


def test_a_rejected_amendment_is_told_apart_from_a_rejected_registration() -> None:
    assert next_amendment([REGISTERED, AMENDMENT_REJECTED]).marks == "Subsanacion S · RechazoPrevio S"
    assert "stored nothing" in situation([REJECTED])[1]
    assert "still there" in situation([REGISTERED, AMENDMENT_REJECTED])[1]


def test_a_rejected_annulment_is_repeated_as_one() -> None:
    assert next_annulment([REGISTERED, ANNULMENT_REJECTED]).marks == "RechazoPrevio S"


def test_another_annulment_of_what_is_annulled_changes_nothing() -> None:
    assert "changes nothing" in next_annulment([REGISTERED, ANNULLED]).why


def test_while_an_answer_is_awaited_nothing_else_is_said() -> None:
    waits = situation([REJECTED, Past(Kind.REGISTRATION, accepted=None, amendment=True)])
    assert waits == [explanations.HAPPENED[Last.PENDING]]


def test_every_mark_is_said_in_words() -> None:
    every = marks_of(is_first=True, amendment=True, previous_rejection="X", without_previous_record=True)
    assert [mark for mark, _says in every] == [
        "PrimerRegistro S", "Subsanacion S", "RechazoPrevio X", "SinRegistroPrevio S",
    ]  # fmt: skip
    rejections = {PreviousRejection.AMENDMENT_REJECTED, PreviousRejection.NOT_REGISTERED}
    assert {f"RechazoPrevio {each}" for each in rejections} <= set(explanations.MARKS)
    assert all(says for _mark, says in every)


@pytest.mark.parametrize(
    ("code", "word", "remedy"),
    [
        (1239, "buyer", "amend"),
        (2001, "buyer", "amend"),
        (1110, "producer", "amend"),
        (2000, "fingerprint", "amend"),
        (2007, "second copy", "amend"),
        (1142, "tax amount", "correct"),
        (3000, "another record", "amend"),
        (1130, "number", "annul"),
        (1112, "date", "amend"),
        (4102, "program", "amend"),
    ],
)
def test_common_codes_are_explained_in_plain_words(code: int, word: str, remedy: str) -> None:
    found = advice.advice_on(code)
    assert word in found.means
    assert found.remedies[0] == remedy


@pytest.mark.parametrize("code", sorted(catalogue.NEED_NO_AMENDMENT))
def test_what_needs_no_amendment_is_said_to_need_none(code: int) -> None:
    assert advice.advice_on(code).remedies == ()


@pytest.mark.parametrize("code", sorted(catalogue.texts()))
def test_whatever_the_aeat_says_there_is_something_to_do(code: int) -> None:
    found = advice.advice_on(code)
    assert found.means
    assert found.helps
    assert found.remedies or code in catalogue.NEED_NO_AMENDMENT


def test_a_code_that_is_new_is_explained_by_its_family() -> None:
    assert "stored nothing" in advice.advice_on(1999).means
    assert "stored the record" in advice.advice_on(2999).means
    assert advice.advice_on(None) is advice.advice_on(1999)


def test_no_code_is_in_two_groups() -> None:
    grouped = [code for codes, _advice in advice.GROUPS for code in codes]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= set(catalogue.texts())
