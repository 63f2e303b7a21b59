import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from lxml import etree

from audit.models import AuditEntry
from core.errors import Conflict
from tests.builders import MARIA, NOW, a_seller
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.oracles import lint_errors, schema
from tests.verifactu.samples import TODAY, a_registration
from verifactu.fingerprint import RegistrationLiterals
from verifactu.models import Chain, FiscalRecord, RecordKind
from verifactu.services.chaining import open_chain, register_invoice
from verifactu.xml import NAMESPACE

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Appender:
    return an_appender()


def written(record: FiscalRecord, path: str) -> str | None:
    tree = etree.fromstring(bytes(record.xml))
    return tree.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))


def test_the_first_record_begins_the_chain(shop: Appender) -> None:
    record = shop.append("A-1")

    assert (record.sequence, record.previous_fingerprint) == (1, None)
    assert written(record, "Encadenamiento/PrimerRegistro") == "S"


def test_each_further_record_names_the_one_before(shop: Appender) -> None:
    first, second, third = shop.append("A-1"), shop.append("A-2"), shop.append("A-3")

    assert [record.sequence for record in shop.records] == [1, 2, 3]
    assert second.previous_fingerprint == first.fingerprint
    assert third.previous_fingerprint == second.fingerprint
    assert written(third, "Encadenamiento/RegistroAnterior/NumSerieFactura") == "A-2"
    assert written(third, "Encadenamiento/RegistroAnterior/Huella") == second.fingerprint


def test_the_chain_knows_its_head(shop: Appender) -> None:
    shop.append("A-1")
    last = shop.append("A-2")

    chain = shop.chain

    assert (chain.last_sequence, chain.last_fingerprint) == (2, last.fingerprint)
    assert (chain.last_number, chain.last_issue_date) == ("A-2", TODAY)
    assert chain.last_generated_at == last.generated_at


def test_a_record_is_stored_as_it_was_written(shop: Appender) -> None:
    shop.append("A-1", external_reference="corr-1")

    [record] = shop.records
    tree = etree.fromstring(bytes(record.xml))

    schema().assertValid(tree)
    assert record.kind == RecordKind.REGISTRATION
    assert record.xml_sha256 == hashlib.sha256(bytes(record.xml)).hexdigest()
    assert record.fingerprint == written(record, "Huella")
    assert record.generated_at_text == written(record, "FechaHoraHusoGenRegistro") == "2026-11-23T13:00:00+01:00"
    assert record.generated_at == NOW
    assert (record.tax_total, record.gross_total) == ("21.00", "121.00")
    assert record.external_reference == written(record, "RefExterna") == "corr-1"
    assert record.qr_url == (
        "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=89890001K&numserie=A-1&fecha=23-11-2026&importe=121.00"
    )


def test_the_fingerprint_can_be_recomputed_from_the_row(shop: Appender) -> None:
    shop.append("A-1")
    record = shop.append("A-2")

    literals = RegistrationLiterals(
        record.issuer_tax_id, record.number, "23-11-2026", record.fiscal_type, record.tax_total, record.gross_total
    )

    recomputed = literals.fingerprint(previous=record.previous_fingerprint or "", generated_at=record.generated_at_text)
    assert record.fingerprint == recomputed


def test_verifactu_lint_finds_nothing_wrong_in_the_stored_chain(shop: Appender, tmp_path: Path) -> None:
    for number in range(5):
        shop.append(f"A-{number}")

    assert lint_errors(tmp_path, *(bytes(record.xml) for record in shop.records)) == []


def test_appending_takes_two_round_trips(shop: Appender, django_assert_num_queries: Any) -> None:
    registration = a_registration()
    with transaction.atomic(), django_assert_num_queries(2) as queries:
        register_invoice(
            registration,
            invoice_id=shop.invoice_id,
            seller_id=shop.seller.id,
            mode=shop.seller.mode,
            zone=shop.seller.zone,
        )

    lock, append = (query["sql"] for query in queries.captured_queries)
    assert "FOR NO KEY UPDATE" in lock
    assert append.startswith("INSERT")
    assert ";UPDATE" in append
    assert "FOR NO KEY UPDATE" in queries.captured_queries[0]["sql"]


def test_what_is_rolled_back_was_never_in_the_chain(shop: Appender) -> None:
    shop.append("A-1")
    with transaction.atomic():
        shop.append("A-2")
        transaction.set_rollback(True)

    kept = shop.append("A-2")

    assert kept.sequence == 2
    assert [record.number for record in shop.records] == ["A-1", "A-2"]


def test_when_the_clock_goes_back_the_last_time_is_used_again(shop: Appender) -> None:
    first = shop.append("A-1", clock=lambda: NOW)
    second = shop.append("A-2", clock=lambda: NOW - timedelta(hours=3))
    third = shop.append("A-3", clock=lambda: NOW + timedelta(seconds=1))

    assert [first.generated_at, second.generated_at, third.generated_at] == [NOW, NOW, NOW + timedelta(seconds=1)]
    assert second.generated_at_text == first.generated_at_text


def test_fractions_of_a_second_are_neither_written_nor_kept(shop: Appender) -> None:
    record = shop.append("A-1", clock=lambda: NOW + timedelta(microseconds=999_999))

    assert record.generated_at == NOW
    assert shop.append("A-2", clock=lambda: NOW + timedelta(microseconds=1)).generated_at == NOW


def test_when_summer_time_ends_the_offset_changes_and_the_order_stays(shop: Appender) -> None:
    before = shop.append("A-1", clock=lambda: datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC))
    after = shop.append("A-2", clock=lambda: datetime(2026, 10, 25, 1, 0, 0, tzinfo=UTC))

    assert before.generated_at_text == "2026-10-25T02:59:59+02:00"
    assert after.generated_at_text == "2026-10-25T02:00:00+01:00"
    assert before.generated_at < after.generated_at


def test_a_canarian_seller_lives_in_its_own_hour(db: None) -> None:
    record = an_appender(territory="canary", time_zone="Atlantic/Canary", igic=True).append("A-1")

    assert record.generated_at_text == "2026-11-23T12:00:00+00:00"


def test_one_taxpayer_is_not_several(shop: Appender) -> None:
    assert written(shop.append("A-1"), "SistemaInformatico/IndicadorMultiplesOT") == "N"


def test_two_taxpayers_are_several_as_long_as_they_share_a_mode(shop: Appender) -> None:
    a_seller(mode="live", tax_id="B12345674")
    assert written(shop.append("A-1"), "SistemaInformatico/IndicadorMultiplesOT") == "N"

    a_seller(mode="test", tax_id="B99999013")
    assert written(shop.append("A-2"), "SistemaInformatico/IndicadorMultiplesOT") == "S"


def test_two_sellers_have_chains_of_their_own(shop: Appender) -> None:
    other = an_appender(tax_id="B99999013")
    shop.append("A-1")

    record = other.append("A-1")

    assert record.sequence == 1
    assert record.chain_id != shop.chain.id


def test_without_an_open_chain_nothing_is_taken_for_a_first_record(shop: Appender, settings: Any) -> None:
    shop.append("A-1")
    settings.BILLING_SYSTEM = {**settings.BILLING_SYSTEM, "installation_number": "2"}

    with pytest.raises(Conflict) as refusal:
        shop.append("A-2")

    assert refusal.value.code == "chain_not_open"


def test_a_new_installation_begins_a_chain_of_its_own_by_an_act(shop: Appender, settings: Any) -> None:
    shop.append("A-1")
    settings.BILLING_SYSTEM = {**settings.BILLING_SYSTEM, "installation_number": "2"}
    seller = shop.seller

    chain = open_chain(seller_id=seller.id, mode=seller.mode, issuer_tax_id=seller.tax_id, by=MARIA, now=NOW)
    record = Appender(seller, shop.invoice_id).append("A-2")

    assert record.chain_id == chain.id
    assert record.sequence == 1
    assert written(record, "SistemaInformatico/NumeroInstalacion") == "2"


def test_opening_a_chain_is_written_down(shop: Appender) -> None:
    chain = shop.chain

    entry = AuditEntry.objects.get(action="chain.opened")

    assert (entry.subject_id, entry.actor_name, entry.mode) == (str(chain.id), "maria", "test")
    assert entry.after == {"issuer_tax_id": "89890001K", "installation_number": chain.installation_number}


def test_a_chain_is_opened_once(shop: Appender) -> None:
    seller = shop.seller

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        open_chain(seller_id=seller.id, mode=seller.mode, issuer_tax_id=seller.tax_id, by=MARIA, now=NOW)

    assert refusal.value.code == "chain_already_open"
    assert Chain.objects.count() == 1


def test_another_taxpayers_invoice_cannot_enter_the_chain(shop: Appender) -> None:
    with pytest.raises(Conflict) as refusal:
        shop.append("A-1", issuer=a_registration().recipients[0])

    assert refusal.value.code == "chain_of_another_taxpayer"
    assert shop.records == []


@pytest.mark.django_db(transaction=True)
def test_appending_belongs_in_the_transaction_of_the_issue() -> None:
    shop = an_appender()

    with pytest.raises(TransactionManagementError):
        register_invoice(
            a_registration(),
            invoice_id=shop.invoice_id,
            seller_id=shop.seller.id,
            mode=shop.seller.mode,
            zone=shop.seller.zone,
        )

    assert shop.records == []
