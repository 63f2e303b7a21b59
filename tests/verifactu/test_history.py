"""The table of admissible operations (Validaciones 1.2.2, section 6), as sequences that the AEAT was seen to take."""

import pytest

from verifactu.codes import PreviousRejection
from verifactu.history import AnnulmentMarks, Kind, Past, State, amendment_marks, annulment_marks, state_of

REGISTERED = Past(Kind.REGISTRATION, accepted=True)
REGISTRATION_REJECTED = Past(Kind.REGISTRATION, accepted=False, code=1239)
REGISTRATION_PENDING = Past(Kind.REGISTRATION, accepted=None)
DUPLICATE = Past(Kind.REGISTRATION, accepted=False, code=3000)
AMENDED = Past(Kind.REGISTRATION, accepted=True, amendment=True)
AMENDMENT_REJECTED = Past(Kind.REGISTRATION, accepted=False, amendment=True, code=1239)
AMENDMENT_OF_NOTHING = Past(Kind.REGISTRATION, accepted=False, amendment=True, code=3002)
ANNULLED = Past(Kind.ANNULMENT, accepted=True)
ANNULMENT_REJECTED = Past(Kind.ANNULMENT, accepted=False, code=1100)
ANNULMENT_OF_NOTHING = Past(Kind.ANNULMENT, accepted=False, code=3002)

S, X = PreviousRejection.AMENDMENT_REJECTED, PreviousRejection.NOT_REGISTERED


@pytest.mark.parametrize(
    "past, state",
    [
        ([], State.NONE),
        ([REGISTERED], State.REGISTERED),
        ([REGISTRATION_PENDING], State.REGISTERED),
        ([REGISTRATION_REJECTED], State.NONE),
        ([DUPLICATE], State.REGISTERED),
        ([REGISTERED, AMENDMENT_REJECTED], State.REGISTERED),
        ([REGISTERED, AMENDMENT_OF_NOTHING], State.NONE),
        ([REGISTERED, ANNULLED], State.ANNULLED),
        ([REGISTERED, ANNULLED, DUPLICATE], State.ANNULLED),
        ([REGISTERED, ANNULMENT_REJECTED], State.REGISTERED),
        ([REGISTERED, ANNULLED, AMENDED], State.REGISTERED),
    ],
)
def test_what_the_aeat_holds_follows_from_its_answers(past: list[Past], state: State) -> None:
    assert state_of(past) is state


@pytest.mark.parametrize(
    "past, mark",
    [
        ([REGISTERED], None),
        ([REGISTERED, AMENDED], None),
        ([REGISTRATION_REJECTED], X),
        ([REGISTRATION_REJECTED, AMENDMENT_REJECTED], X),
        ([REGISTERED, AMENDMENT_REJECTED], S),
        ([REGISTERED, AMENDMENT_REJECTED, AMENDMENT_REJECTED], S),
        ([REGISTERED, AMENDMENT_REJECTED, AMENDED], None),
        ([REGISTERED, AMENDMENT_OF_NOTHING], X),
        ([REGISTERED, ANNULLED], None),
        ([DUPLICATE], None),
        ([REGISTERED, ANNULMENT_REJECTED], None),
    ],
)
def test_an_amendment_says_what_became_of_the_record_before(past: list[Past], mark: PreviousRejection | None) -> None:
    assert amendment_marks(past).previous_rejection is mark


@pytest.mark.parametrize(
    "past, without_previous_record, previously_rejected",
    [
        ([REGISTERED], False, False),
        ([REGISTRATION_PENDING], False, False),
        ([REGISTERED, ANNULMENT_REJECTED], False, True),
        ([REGISTRATION_REJECTED], True, False),
        ([REGISTRATION_REJECTED, ANNULMENT_OF_NOTHING], True, True),
        ([REGISTERED, ANNULLED, AMENDED], False, False),
        ([REGISTERED, ANNULMENT_REJECTED, ANNULLED, AMENDED], False, False),
    ],
)
def test_an_annulment_says_whether_the_aeat_has_the_invoice(
    past: list[Past], without_previous_record: bool, previously_rejected: bool
) -> None:
    assert annulment_marks(past) == AnnulmentMarks(without_previous_record, previously_rejected)
