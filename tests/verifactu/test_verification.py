"""A chain that was tampered with past all triggers, and where the proof finds it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NotFound
from core.ids import new_id
from tests.builders import NOW
from tests.verifactu.answers import answer
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.tampering import as_superuser
from verifactu.reading import read_record
from verifactu.services.proving import Report, _rows, read_chain
from verifactu.verification import ChainFacts, Flaw, Kept, flaws_of

pytestmark = pytest.mark.django_db

RECORDS = 5


def at_minute(minute: int) -> Callable[[], datetime]:
    return lambda: NOW + timedelta(minutes=minute)


@pytest.fixture
def shop(db: None) -> Appender:
    appender = an_appender()
    for index in range(1, RECORDS + 1):
        appender.append(f"A-{index}", clock=at_minute(index))
    return appender


def proof(shop: Appender) -> Report:
    return read_chain(chain_id=shop.chain.id)


def where(report: Report) -> list[tuple[int | None, str]]:
    return [(flaw.sequence, flaw.code) for flaw in report.flaws]


def tamper(shop: Appender, sequence: int, /, **columns: object) -> None:
    assigned = ", ".join(f"{column} = %s" for column in columns)
    as_superuser(
        f"UPDATE verifactu_fiscalrecord SET {assigned} WHERE chain_id = %s AND sequence = %s",
        *columns.values(),
        shop.chain.id,
        sequence,
    )


def rewritten(shop: Appender, sequence: int, old: bytes, new: bytes) -> dict[str, object]:
    """The columns of a record whose XML was changed by somebody who brought the digest up to date."""
    xml = bytes(shop.records[sequence - 1].xml)
    assert old in xml
    xml = xml.replace(old, new)
    return {"xml": xml, "xml_sha256": hashlib.sha256(xml).hexdigest()}


def test_a_chain_that_nobody_touched_is_sound(shop: Appender) -> None:
    report = proof(shop)
    assert (report.records, report.found, report.flaws) == (RECORDS, 0, ())
    assert report.is_sound


def test_a_chain_without_records_is_sound() -> None:
    report = proof(an_appender())
    assert (report.records, report.found) == (0, 0)


def test_a_chain_that_does_not_exist_is_not_sound() -> None:
    with pytest.raises(NotFound):
        read_chain(chain_id=new_id())


def test_an_amount_changed_in_the_column_is_found(shop: Appender) -> None:
    tamper(shop, 3, gross_total="1.00")
    (flaw,) = proof(shop).flaws
    assert (flaw.sequence, flaw.number, flaw.code) == (3, "A-3", "column_differs")
    assert str(flaw) == "The column gross_total says «1.00», and the XML says «121.00»."


def test_an_xml_changed_without_its_digest_is_found(shop: Appender) -> None:
    columns = rewritten(shop, 2, b"Consultor\xc3\xada", b"Formaci\xc3\xb3n")
    tamper(shop, 2, xml=columns["xml"])
    assert where(proof(shop)) == [(2, "digest_differs")]


def test_a_hashed_literal_changed_with_its_digest_is_found_by_the_fingerprint(shop: Appender) -> None:
    tamper(shop, 2, **rewritten(shop, 2, b"121.00", b"21.00"), gross_total="21.00")
    assert where(proof(shop))[0] == (2, "column_differs")  # the QR still says the old amount
    assert (2, "fingerprint_differs") in where(proof(shop))


def test_a_record_forged_with_all_its_digests_is_found_by_the_next_ones_link(shop: Appender) -> None:
    record = shop.records[1]
    read = read_record(bytes(record.xml))
    own = replace(read.written, gross_total="21.00")
    forged = own.fingerprint(previous=read.stamp.previous.fingerprint, generated_at=read.stamp.generated_at)
    xml = bytes(record.xml).replace(b"121.00", b"21.00").replace(record.fingerprint.encode(), forged.encode())
    tamper(
        shop,
        2,
        xml=xml,
        xml_sha256=hashlib.sha256(xml).hexdigest(),
        gross_total="21.00",
        fingerprint=forged,
        qr_url=record.qr_url.replace("121.00", "21.00"),
    )
    (flaw,) = proof(shop).flaws
    assert (flaw.sequence, flaw.code) == (3, "link_broken")


def test_a_record_that_was_taken_out_is_missed(shop: Appender) -> None:
    as_superuser("DELETE FROM verifactu_fiscalrecord WHERE sequence = 3")
    report = proof(shop)
    assert where(report) == [(4, "records_missing"), (4, "link_broken")]
    assert str(report.flaws[0]) == "Records 3 to 3 are missing before this one."


def test_a_record_that_was_taken_out_is_missed_though_the_others_were_numbered_anew(shop: Appender) -> None:
    as_superuser("DELETE FROM verifactu_fiscalrecord WHERE sequence = 3")
    for sequence in (4, 5):
        tamper(shop, sequence, sequence=sequence - 1)
    as_superuser("UPDATE verifactu_chain SET last_sequence = 4")
    assert where(proof(shop)) == [(3, "link_broken")]


def test_what_was_cut_off_at_the_end_is_missed(shop: Appender) -> None:
    as_superuser("DELETE FROM verifactu_fiscalrecord WHERE sequence > 3")
    (flaw,) = proof(shop).flaws
    assert str(flaw) == "Records 4 to 5 are missing."


def test_a_chain_that_was_emptied_is_missed(shop: Appender) -> None:
    as_superuser("DELETE FROM verifactu_fiscalrecord")
    (flaw,) = proof(shop).flaws
    assert str(flaw) == "Records 1 to 5 are missing."


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("last_sequence", 4),
        ("last_fingerprint", "F" * 64),
        ("last_number", "A-9"),
        ("last_issue_date", date(2020, 1, 1)),
        ("last_generated_at", NOW),
    ],
)
def test_a_head_that_is_not_the_last_record_is_found(shop: Appender, column: str, value: object) -> None:
    as_superuser(f"UPDATE verifactu_chain SET {column} = %s", value)
    report = proof(shop)
    assert where(report) == [(None, "head_differs")]
    assert report.flaws[0].params["column"] == column


def test_a_chain_moved_to_another_installation_is_found_at_every_record(shop: Appender) -> None:
    as_superuser("UPDATE verifactu_chain SET installation_number = 'elsewhere'")
    assert where(proof(shop)) == [(sequence, "of_another_chain") for sequence in range(1, RECORDS + 1)]


def test_a_second_beginning_is_found(shop: Appender) -> None:
    first = bytes(shop.records[0].xml)
    said = first[first.index(b"<sum1:Encadenamiento>") : first.index(b"<sum1:SistemaInformatico>")]
    fourth = bytes(shop.records[3].xml)
    linked = fourth[fourth.index(b"<sum1:Encadenamiento>") : fourth.index(b"<sum1:SistemaInformatico>")]
    tamper(shop, 4, **rewritten(shop, 4, linked, said))
    assert (4, "first_again") in where(proof(shop))


def test_a_beginning_that_names_a_record_before_it_is_found(shop: Appender) -> None:
    first, fourth = bytes(shop.records[0].xml), bytes(shop.records[3].xml)
    linked = fourth[fourth.index(b"<sum1:RegistroAnterior>") : fourth.index(b"</sum1:Encadenamiento>")]
    said = b"<sum1:PrimerRegistro>S</sum1:PrimerRegistro>"
    assert said in first
    tamper(shop, 1, **rewritten(shop, 1, said, linked))
    assert (1, "first_names_another") in where(proof(shop))


def test_a_time_that_goes_back_is_found(shop: Appender) -> None:
    tamper(shop, 4, generated_at=NOW - timedelta(days=1))
    assert (4, "time_goes_back") in where(proof(shop))


def test_bytes_that_are_no_record_are_found_and_the_rest_is_still_read(shop: Appender) -> None:
    tamper(shop, 2, xml=b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>")
    tamper(shop, 5, tax_total="0.00")
    report = proof(shop)
    assert where(report) == [(2, "digest_differs"), (2, "xml_unreadable"), (5, "column_differs")]
    assert report.records == RECORDS


def test_a_report_names_the_first_flaws_and_counts_all(shop: Appender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifactu.services.proving.MOST_TOLD", 3)
    as_superuser("UPDATE verifactu_fiscalrecord SET xml_sha256 = repeat('0', 64)")
    report = proof(shop)
    assert (report.found, len(report.flaws)) == (RECORDS, 3)


# --- Any one column, any one byte ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain_as_values(django_db_setup: None, django_db_blocker: Any) -> tuple[ChainFacts, tuple[Kept, ...]]:
    """A chain's rows as values, so that thousands of forgeries need no database."""
    with django_db_blocker.unblock(), transaction.atomic():
        appender = an_appender()
        for index in range(1, 4):
            record = appender.append(f"A-{index}", clock=at_minute(index), external_reference="c-1")
            answer(record, "rejected" if index == 3 else "accepted", code=1239)
        appender.amend("A-3", clock=at_minute(4))
        appender.annul("A-2", clock=at_minute(5))
        rows = list(_rows(appender.chain.id))
        transaction.set_rollback(True)
    return rows[0][0], tuple(kept for _, kept in rows if kept)


def flipped(value: Any, data: st.DataObject) -> Any:
    """The value with one bit of one byte turned, or a little moved."""
    if isinstance(value, str):
        raw = bytearray(value.encode()) or bytearray(b"\0")
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 6))
        return raw.decode("utf-8", "replace")
    if isinstance(value, bytes):
        changed = bytearray(value)
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        return bytes(changed)
    if isinstance(value, datetime):
        return value + timedelta(microseconds=data.draw(st.integers(-(10**12), 10**12).filter(bool)))
    if isinstance(value, date):
        return value + timedelta(days=data.draw(st.integers(-400, 400).filter(bool)))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + data.draw(st.integers(-3, 3).filter(bool))
    assert value is None
    return "F" * 64


@settings(max_examples=500)
@given(data=st.data())
def test_one_bit_of_one_column_is_found_and_located(
    chain_as_values: tuple[ChainFacts, tuple[Kept, ...]], data: st.DataObject
) -> None:
    facts, records = chain_as_values
    index = data.draw(st.integers(0, RECORDS - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(Kept)]))
    forged = replace(records[index], **{name: flipped(getattr(records[index], name), data)})

    flaws = list(flaws_of(facts, sorted([*records[:index], forged, *records[index + 1 :]], key=lambda r: r.sequence)))

    assert flaws, f"{name} of record {index + 1} was changed and nobody saw it"
    if name != "sequence":  # which decides where it stands
        assert flaws[0].sequence == index + 1
        assert {flaw.sequence for flaw in flaws} <= {index + 1, index + 2, None}


@settings(max_examples=500)
@given(data=st.data())
def test_one_bit_of_the_chains_row_is_found(
    chain_as_values: tuple[ChainFacts, tuple[Kept, ...]], data: st.DataObject
) -> None:
    facts, records = chain_as_values
    name = data.draw(st.sampled_from([field.name for field in fields(ChainFacts) if field.name != "mode"]))
    assert list(flaws_of(replace(facts, **{name: flipped(getattr(facts, name), data)}), records))


@given(order=st.permutations(range(RECORDS)))
def test_another_order_is_found(chain_as_values: tuple[ChainFacts, tuple[Kept, ...]], order: list[int]) -> None:
    facts, records = chain_as_values
    moved = [replace(records[old], sequence=new + 1) for new, old in enumerate(order)]
    assert bool(list(flaws_of(facts, moved))) == (order != sorted(order))


def test_flaws_are_told_in_words() -> None:
    assert str(Flaw("x", "It names %(named)s.", {"named": "A-1"})) == "It names A-1."
