"""What an answer says; its schema is the AEAT's, and its reader somebody else's (``sending.Answer``)."""

from datetime import timedelta

import pytest

from tests.verifactu.simulator.sending import ISSUER, NOON, Chain, Sender
from verifactu.aeat.answers import read_answer
from verifactu.simulator.answers import describe
from verifactu.simulator.faults import FaultKind


def test_what_is_accepted_gets_a_receipt(sender: Sender, chain: Chain) -> None:
    result = sender.send(chain.register(external_reference="REF-1")).result

    assert result.status.value == "Correcto"
    assert len(result.csv) == 16
    assert result.presented_at == NOON
    assert result.presented_at.utcoffset() == timedelta(hours=1), "the AEAT's own zone"
    assert result.presenter_tax_id == "89890001K"
    assert result.wait_seconds == 60
    line = result.records[0]
    assert (line.issuer_tax_id, line.invoice_number, f"{line.issue_date:%d-%m-%Y}") == (
        "89890001K",
        "A-1",
        "23-11-2026",
    )
    assert (line.operation.value, line.external_reference, line.error_code) == ("Alta", "REF-1", None)


def test_no_two_messages_get_the_same_receipt(sender: Sender, chain: Chain) -> None:
    receipts = {sender.send(chain.register(f"A-{number}")).result.csv for number in range(3)}

    assert len(receipts) == 3


def test_what_is_rejected_whole_gets_none(sender: Sender, chain: Chain) -> None:
    result = sender.send(chain.register(recipients=()), chain.register("A-2", recipients=())).result

    assert (result.status.value, result.csv, result.presented_at, result.presenter_tax_id) == (
        "Incorrecto",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("kind", [FaultKind.REJECT, FaultKind.WARN])
def test_one_rejection_or_one_warning_makes_it_partly_right(kind, sender: Sender, chain: Chain) -> None:
    sender.simulated.script(kind, code=1239 if kind is FaultKind.REJECT else 2001, number="A-2")

    result = sender.send(chain.register("A-1"), chain.register("A-2")).result

    assert result.status.value == "ParcialmenteCorrecto"
    assert result.csv


def test_nothing_but_warnings_is_partly_right_too(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.WARN, code=2001)

    assert sender.send(chain.register()).result.status.value == "ParcialmenteCorrecto"


def test_an_annulment_comes_back_by_the_names_of_a_registration(sender: Sender, chain: Chain) -> None:
    answer = sender.send(chain.register(), chain.annul(external_reference="REF-2"))

    line = answer.result.records[1]
    assert (line.invoice_number, line.operation.value, line.external_reference) == ("A-1", "Anulacion", "REF-2")
    assert b"Anulada>" not in answer.body


def test_marks_come_back(sender: Sender, chain: Chain) -> None:
    body = sender.send(
        chain.register(), chain.register(amendment=True), chain.annul("B-1", without_previous_record=True)
    ).body

    assert body.count(b"Subsanacion>S<") == 1
    assert body.count(b"SinRegistroPrevio>S<") == 1
    assert b"RechazoPrevio>" not in body


def test_texts_come_back_trimmed(sender: Sender, chain: Chain) -> None:
    record = chain.register(external_reference="REF").replace(b">REF<", b">  REF <").replace(b">A-1<", b"> A-1  <")

    line = sender.send(record).result.records[0]

    assert (line.invoice_number, line.external_reference, line.error_code) == ("A-1", "REF", None)
    assert sender.simulated.accepted()[0].key.number == "A-1"


def test_the_header_comes_back(sender: Sender, chain: Chain) -> None:
    body = sender.send(chain.register(), incident=True).body

    assert ISSUER.name.encode() in body
    assert b"Incidencia>S<" in body


def test_a_code_comes_with_the_aeats_own_words(sender: Sender, chain: Chain) -> None:
    answer = sender.send(chain.register(number="A<1"), chain.register(recipients=()))

    number, recipients = (record.error_description for record in answer.result.records)
    assert number == "El valor del campo NumSerieFactura contiene carácteres no validos (<, >, \", ', =)."
    assert recipients.startswith("Si TipoFactura es F1 o F3 o R1")
    assert describe(9999) == "Error."


def test_our_own_reader_understands_it_too(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.REJECT, code=1239, number="A-2")
    sender.send(chain.register("A-1"))

    answer = read_answer(sender.send(chain.register("A-1"), chain.register("A-2"), chain.register("A-3")).body)

    assert [(line.number, line.outcome.value, line.code) for line in answer.lines] == [
        ("A-1", "rejected", 3000),
        ("A-2", "rejected", 1239),
        ("A-3", "accepted", None),
    ]
    assert answer.lines[0].duplicate.request_id == sender.simulated.accepted()[0].request_id
    assert answer.wait_seconds == 60
