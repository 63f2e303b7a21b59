"""What the AEAT's answers mean for records: lines, duplicates, and what is adopted from what it holds."""

from datetime import date
from typing import Any

from verifactu.aeat.answers import Duplicate, LineAnswer, Outcome, Registered, RegisteredState
from verifactu.models import FiscalRecord, RecordKind, RecordOutcome
from verifactu.services.verdicts import adopt, is_doubtful, judge, key_of, match

DAY = date(2026, 11, 23)
ACCEPTED, REJECTED = RecordOutcome.ACCEPTED, RecordOutcome.REJECTED


def a_record(number: str = "A-1", fingerprint: str = "F1", **changes: Any) -> FiscalRecord:
    values: dict[str, Any] = {
        "issuer_tax_id": "89890001K",
        "kind": RecordKind.REGISTRATION,
        "issue_date": DAY,
        **changes,
    }
    return FiscalRecord(number=number, fingerprint=fingerprint, **values)


def an_annulment(number: str = "A-1", fingerprint: str = "F2") -> FiscalRecord:
    return a_record(number, fingerprint, kind=RecordKind.ANNULMENT)


def a_line(number: str = "A-1", **changes: Any) -> LineAnswer:
    values: dict[str, Any] = {
        "issuer_tax_id": "89890001K",
        "issue_date": DAY,
        "kind": "registration",
        "reference": "",
        "outcome": Outcome.ACCEPTED,
        "code": None,
        "description": "",
        "duplicate": None,
    }
    return LineAnswer(number=number, **{**values, **changes})


def held(fingerprint: str, state: RegisteredState = RegisteredState.ACCEPTED, **changes: Any) -> Registered:
    values: dict[str, Any] = {
        "issuer_tax_id": "89890001K",
        "number": "A-1",
        "issue_date": DAY,
        "code": None,
        "description": "",
        "reference": "",
        "generated_at": None,
        "modified_at": None,
        "request_id": "",
        "presented_at": None,
        "presenter_tax_id": "",
    }
    return Registered(fingerprint=fingerprint, state=state, **{**values, **changes})


def test_each_record_finds_its_line_whatever_their_order() -> None:
    first, second = a_record("A-1"), a_record("A-2", "F2")
    one, two = a_line("A-1"), a_line(" A-2 ")

    assert match([first, second], [two, one]) == {first: one, second: two}


def test_registration_and_annulment_of_one_invoice_are_told_apart() -> None:
    registered, annulled = a_record(), an_annulment()
    one, two = a_line(kind="annulment"), a_line()

    assert match([registered, annulled], [one, two]) == {registered: two, annulled: one}


def test_a_record_of_which_the_aeat_says_nothing_is_left_out() -> None:
    first, second = a_record("A-1"), a_record("A-2", "F2")
    one = a_line("A-1")

    assert match([first, second], [one]) == {first: one}


def test_a_line_is_taken_at_its_word() -> None:
    verdict = judge(a_record(), a_line(outcome=Outcome.ACCEPTED_WITH_ERRORS, code=2005, description="Importe"))

    assert (verdict.outcome, verdict.code, verdict.description) == ("accepted_with_errors", 2005, "Importe")


def test_only_a_duplicate_is_doubtful() -> None:
    there = Duplicate("1", RegisteredState.ACCEPTED, None, "")

    assert is_doubtful(a_line(outcome=Outcome.REJECTED, code=3000, duplicate=there))
    assert is_doubtful(a_line(outcome=Outcome.REJECTED, code=3000))
    assert not is_doubtful(a_line(outcome=Outcome.REJECTED, code=1239))
    assert not is_doubtful(a_line())


def outcomes(records: list[FiscalRecord], *registered: Registered) -> dict[str, str]:
    verdicts = adopt(records, {(found.number, found.issue_date): found for found in registered})
    return {verdict.record.fingerprint: verdict.outcome for verdict in verdicts}


def test_the_same_fingerprint_means_that_the_record_arrived() -> None:
    assert outcomes([a_record()], held("F1")) == {"F1": ACCEPTED}


def test_errors_are_adopted_with_their_code() -> None:
    [verdict] = adopt([a_record()], {("A-1", DAY): held("F1", RegisteredState.ACCEPTED_WITH_ERRORS, code=2004)})

    assert (verdict.outcome, verdict.code) == (RecordOutcome.ACCEPTED_WITH_ERRORS, 2004)


def test_what_the_aeat_does_not_hold_is_sent_again() -> None:
    assert outcomes([a_record()]) == {}


def test_another_record_in_its_place_is_a_duplicate_for_good() -> None:
    [verdict] = adopt([a_record()], {("A-1", DAY): held("OTHER")})

    assert (verdict.outcome, verdict.code) == (REJECTED, 3000)


def test_an_amendment_is_sent_again_while_the_aeat_shows_the_record_before() -> None:
    assert outcomes([a_record(fingerprint="F2", amendment=True)], held("F1")) == {}


def test_where_the_last_one_arrived_so_did_those_before() -> None:
    records = [a_record(), an_annulment(fingerprint="F2")]

    assert outcomes(records, held("F2", RegisteredState.ANNULLED)) == {"F1": ACCEPTED, "F2": ACCEPTED}


def test_an_annulled_invoice_may_be_shown_with_the_registrations_fingerprint() -> None:
    assert outcomes([an_annulment()], held("F1", RegisteredState.ANNULLED)) == {"F2": ACCEPTED}


def test_an_annulment_that_did_not_arrive_leaves_the_registration_accepted() -> None:
    assert outcomes([a_record(), an_annulment()], held("F1")) == {"F1": ACCEPTED}


def test_an_invoice_is_known_by_number_and_day() -> None:
    assert key_of(a_record(" A-1")) == ("A-1", DAY)
