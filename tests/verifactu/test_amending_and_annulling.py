"""Records that follow the first one of an invoice: at the chain's end, with marks that nobody types."""

import uuid
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from lxml import etree

from core.errors import Conflict, Invalid
from tests.verifactu.answers import answer
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.oracles import lint_errors, schema
from verifactu.codes import GeneratedBy
from verifactu.models import FiscalRecord, RecordKind
from verifactu.xml import NAMESPACE

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Appender:
    return an_appender()


def marks(record: FiscalRecord) -> dict[str, str | None]:
    tree = etree.fromstring(bytes(record.xml))
    schema().assertValid(tree)
    names = ("Subsanacion", "RechazoPrevio", "SinRegistroPrevio")
    found = {name: tree.findtext(f"{{{NAMESPACE}}}{name}") for name in names}
    return {name: text for name, text in found.items() if text}


def test_a_rejected_registration_is_sent_again_as_one_that_the_aeat_does_not_have(shop: Appender) -> None:
    answer(shop.append("A-1"), "rejected", code=1239)

    amended = shop.amend("A-1")

    assert marks(amended) == {"Subsanacion": "S", "RechazoPrevio": "X"}
    assert (amended.sequence, amended.amendment, amended.previous_rejection) == (2, True, "X")


def test_a_rejected_amendment_is_sent_again_as_such(shop: Appender) -> None:
    answer(shop.append("A-1"), "accepted")
    answer(shop.amend("A-1"), "rejected", code=1239)

    assert marks(shop.amend("A-1")) == {"Subsanacion": "S", "RechazoPrevio": "S"}


def test_nothing_is_amended_before_the_aeat_has_answered(shop: Appender) -> None:
    shop.append("A-1")

    with pytest.raises(Conflict) as refused:
        shop.amend("A-1")

    assert refused.value.code == "record_pending"
    assert len(shop.records) == 1


def test_an_annulment_names_the_invoice_as_it_was_registered(shop: Appender) -> None:
    registered = shop.append("A-1")

    annulled = shop.annul("A-1")

    tree = etree.fromstring(bytes(annulled.xml))
    assert tree.findtext(f"{{{NAMESPACE}}}IDFactura/{{{NAMESPACE}}}NumSerieFacturaAnulada") == "A-1"
    assert (annulled.kind, annulled.previous_fingerprint) == (RecordKind.ANNULMENT, registered.fingerprint)
    assert marks(annulled) == {}


def test_what_the_aeat_never_had_is_annulled_as_such(shop: Appender) -> None:
    answer(shop.append("A-1"), "rejected", code=1239)
    answer(shop.annul("A-1"), "rejected", code=1100)

    assert marks(shop.annul("A-1")) == {"RechazoPrevio": "S", "SinRegistroPrevio": "S"}


def test_an_annulment_that_the_aeat_is_certain_to_reject_is_not_written(shop: Appender) -> None:
    shop.append("A-1")

    with pytest.raises(Invalid) as refused:
        shop.annul("A-1", generated_by=GeneratedBy.ISSUER)

    assert [fault.code for fault in refused.value.faults] == ["aeat_1224"]
    assert len(shop.records) == 1


def test_the_linter_finds_the_mixed_chain_clean(shop: Appender, tmp_path: Path) -> None:
    answer(shop.append("A-1"), "accepted")
    shop.annul("A-1")
    shop.append("A-2")

    assert lint_errors(tmp_path, *(bytes(record.xml) for record in shop.records)) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "registration", "previous_rejection": "X"},
        {"kind": "registration", "amendment": True, "previous_rejection": "N"},
        {"kind": "registration", "without_previous_record": True},
        {"kind": "annulment", "amendment": True},
        {"kind": "annulment", "previous_rejection": "X"},
    ],
)
def test_the_database_refuses_marks_that_do_not_fit(shop: Appender, columns: dict[str, object]) -> None:
    record = shop.append("A-1")
    record.pk, record._state.adding = uuid.uuid4(), True
    record.sequence, record.previous_fingerprint, record.fingerprint = 2, record.fingerprint, "0" * 64
    for name, value in columns.items():
        setattr(record, name, value)

    with pytest.raises(DatabaseError, match="record_marks_fit_its_kind"), transaction.atomic():
        record.save(force_insert=True)
