"""Every cell of the AEAT's table of admissible operations (Validaciones 1.2.2, section 6), over the wire."""

from datetime import date
from typing import Any

import pytest

from tests.verifactu.samples import TODAY
from tests.verifactu.simulator.sending import Chain, Sender
from verifactu.codes import PreviousRejection
from verifactu.reading import read_record
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.store import Key

KEY = Key("89890001K", "A-1", TODAY)

X, S = PreviousRejection.NOT_REGISTERED, PreviousRejection.AMENDMENT_REJECTED
REGISTRATION: dict[str, Any] = {}
AFTER_REJECTION: dict[str, Any] = {"amendment": True, "previous_rejection": X}
AMENDMENT: dict[str, Any] = {"amendment": True}
AMENDMENT_AFTER_REJECTION: dict[str, Any] = {"amendment": True, "previous_rejection": S}
ANNULMENT: dict[str, Any] = {}
ANNULMENT_AFTER_REJECTION: dict[str, Any] = {"previously_rejected": True}
ANNULMENT_OF_NOTHING: dict[str, Any] = {"without_previous_record": True}
ANNULMENT_OF_NOTHING_AFTER_REJECTION: dict[str, Any] = {"without_previous_record": True, "previously_rejected": True}


def _hold(state: str, sender: Sender, chain: Chain) -> None:
    records = {"nothing": [], "registered": ["register"], "annulled": ["register", "annul"]}[state]
    for verb in records:
        assert sender.send(getattr(chain, verb)()).states() == [("Correcto", None)]


@pytest.mark.parametrize(
    ("marks", "held", "code"),
    [
        (REGISTRATION, "nothing", None),
        (REGISTRATION, "registered", 3000),
        (REGISTRATION, "annulled", 3000),
        (AFTER_REJECTION, "nothing", None),
        (AFTER_REJECTION, "registered", 3000),
        (AFTER_REJECTION, "annulled", 3000),
        (AMENDMENT, "nothing", 3002),
        (AMENDMENT, "registered", None),
        (AMENDMENT, "annulled", None),
        (AMENDMENT_AFTER_REJECTION, "nothing", 3002),
        (AMENDMENT_AFTER_REJECTION, "registered", None),
        (AMENDMENT_AFTER_REJECTION, "annulled", None),
    ],
)
def test_a_registration_is_admitted_by_what_is_held(marks, held, code, sender: Sender, chain: Chain) -> None:
    _hold(held, sender, chain)

    answer = sender.send(chain.register(**marks))

    assert answer.states() == [("Incorrecto", code) if code else ("Correcto", None)]
    assert sender.simulated.store.held(KEY) == (held if code else "registered")


@pytest.mark.parametrize(
    ("marks", "held", "code"),
    [
        (ANNULMENT, "nothing", 3002),
        (ANNULMENT, "registered", None),
        (ANNULMENT, "annulled", None),
        (ANNULMENT_AFTER_REJECTION, "nothing", 3002),
        (ANNULMENT_AFTER_REJECTION, "registered", None),
        (ANNULMENT_AFTER_REJECTION, "annulled", None),
        (ANNULMENT_OF_NOTHING, "nothing", None),
        (ANNULMENT_OF_NOTHING, "registered", 3000),
        (ANNULMENT_OF_NOTHING, "annulled", 3001),
        (ANNULMENT_OF_NOTHING_AFTER_REJECTION, "nothing", None),
        (ANNULMENT_OF_NOTHING_AFTER_REJECTION, "registered", 3000),
        (ANNULMENT_OF_NOTHING_AFTER_REJECTION, "annulled", 3001),
    ],
)
def test_an_annulment_is_admitted_by_what_is_held(marks, held, code, sender: Sender, chain: Chain) -> None:
    _hold(held, sender, chain)

    answer = sender.send(chain.annul(**marks))

    assert answer.states() == [("Incorrecto", code) if code else ("Correcto", None)]
    assert sender.simulated.store.held(KEY) == (held if code else "annulled")


@pytest.mark.parametrize(("rejection", "code"), [(S, 1161), (X, 1153)])
def test_a_previous_rejection_needs_an_amendment(rejection, code, sender: Sender, chain: Chain) -> None:
    record = chain.register(previous_rejection=rejection)

    assert sender.send(record).states() == [("Incorrecto", code)]


def test_a_duplicate_names_what_is_held(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.WARN, code=2001)
    first = sender.send(chain.register()).result
    held = sender.simulated.accepted()[-1]

    duplicate = sender.send(chain.register()).result.records[0].duplicate

    assert first.records[0].status.value == "AceptadoConErrores"
    assert (duplicate.request_id, duplicate.status.value, duplicate.error_code) == (
        held.request_id,
        "AceptadaConErrores",
        2001,
    )
    assert duplicate.error_description
    assert len(held.request_id) == 20


def test_the_duplicate_of_an_annulled_invoice_is_annulled(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register(), chain.annul())

    answer = sender.send(chain.register()).result

    assert answer.records[0].duplicate.status.value == "Anulada"


def test_an_amendment_replaces_what_was_held(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register(description="Antes"))

    sender.send(chain.register(description="Después", amendment=True))

    held = sender.simulated.store.last(KEY)
    assert read_record(held.xml).content.description == "Después"
    assert len(sender.simulated.accepted()) == 2


def test_records_of_one_message_are_taken_in_their_order(sender: Sender, chain: Chain) -> None:
    answer = sender.send(chain.register("A-1"), chain.annul("A-1"), chain.register("A-1", amendment=True))

    assert answer.states() == [("Correcto", None)] * 3
    assert sender.simulated.store.held(KEY) == "registered"


def test_numbers_are_told_apart_by_case_and_days_but_not_by_blanks_around(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register("A-1"))

    answer = sender.send(
        chain.register("a-1"),
        chain.register("A-1", issue_date=date(2026, 11, 22)),
        chain.register("A-1").replace(b">A-1<", b">  A-1 <"),
    )

    assert [state for state, _ in answer.states()] == ["Correcto", "Correcto", "Incorrecto"]
    assert [one.invoice_number for one in answer.result.records] == ["a-1", "A-1", "A-1"]


def test_what_was_rejected_is_not_held(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.REJECT, code=1239)

    assert sender.send(chain.register()).states() == [("Incorrecto", 1239)]
    assert sender.send(chain.register(amendment=True)).states() == [("Incorrecto", 3002)]
    assert sender.send(chain.register(**AFTER_REJECTION)).states() == [("Correcto", None)]
