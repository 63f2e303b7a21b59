"""What a sender says beside its message: its clock, and what is to go wrong with this message alone."""

from __future__ import annotations

import pytest

from verifactu.simulator.faults import CLOCK, FAULTS, FaultKind, On, Told


def test_nothing_is_told_by_most() -> None:
    told = Told.by({})
    assert told.ahead == 0
    assert told.for_message(issuer="89890001K", on=On.SUBMISSION) is None


def test_clock_and_faults_are_read_and_used_up() -> None:
    told = Told.by({CLOCK: "172800.5", FAULTS: '[{"kind": "reject", "code": 1110}, {"kind": "drop_after"}]'})
    assert told.ahead == 172800.5
    rejected = told.for_record(issuer="89890001K", number="A-1")
    assert rejected is not None
    assert (rejected.kind, rejected.code) == (FaultKind.REJECT, 1110)
    assert told.for_record(issuer="89890001K", number="A-2") is None
    dropped = told.for_message(issuer="89890001K", on=On.SUBMISSION)
    assert dropped is not None
    assert dropped.kind is FaultKind.DROP_AFTER


@pytest.mark.parametrize(
    "headers",
    [{CLOCK: "tomorrow"}, {FAULTS: "{}"}, {FAULTS: "[1]"}, {FAULTS: "no json"}, {FAULTS: '[{"kind": "rain"}]'}],
)
def test_what_makes_no_sense_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="."):
        Told.by(headers)
