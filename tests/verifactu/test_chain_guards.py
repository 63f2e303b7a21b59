"""What the database itself refuses, to whoever holds a connection to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core.ids import new_id
from tests.verifactu.chains import Appender, an_appender
from verifactu.models import Chain, FiscalRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Appender:
    appender = an_appender()
    appender.append("A-1")
    appender.append("A-2")
    return appender


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def empty(table: str) -> None:
    """As anybody would: only the test settings allow it, and what the transaction has begun must be checked first."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(f"SET LOCAL app.allow_truncate = 'off'; TRUNCATE {table} CASCADE")


def forge(shop: Appender, **changes: Any) -> FiscalRecord:
    """A third record, right but for the changes, written past the service."""
    forged = shop.records[-1]
    forged.id, forged.sequence = new_id(), 3
    forged.previous_fingerprint, forged.fingerprint = forged.fingerprint, "F" * 64
    for name, value in changes.items():
        setattr(forged, name, value)
    with transaction.atomic():
        forged.save(force_insert=True)
    return forged


def test_a_right_third_record_is_taken_so_that_the_refusals_below_mean_something(shop: Appender) -> None:
    assert forge(shop).sequence == 3


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("record_chain_never_forks", lambda shop: {"previous_fingerprint": shop.records[0].fingerprint}),
        ("record_only_the_first_has_no_previous", lambda _: {"previous_fingerprint": None}),
        ("record_sequence_once_per_chain", lambda _: {"sequence": 2}),
        ("record_fingerprint_once_per_chain", lambda shop: {"fingerprint": shop.records[0].fingerprint}),
        ("record_fingerprint_is_sha256", lambda _: {"fingerprint": "f" * 64}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_link_is_refused(
    shop: Appender, constraint: str, changes: Callable[[Appender], dict[str, Any]]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        forge(shop, **changes(shop))


def test_a_chain_has_one_first_record(shop: Appender) -> None:
    with pytest.raises(IntegrityError, match=r"record_(sequence_once_per_chain|chain_never_forks)"):
        forge(shop, sequence=1, previous_fingerprint=None)


def test_a_record_cannot_be_changed(shop: Appender) -> None:
    with pytest.raises(DatabaseError, match="append_only"):
        sql("UPDATE verifactu_fiscalrecord SET gross_total = '1.00'")


def test_a_record_cannot_be_deleted(shop: Appender) -> None:
    with pytest.raises(DatabaseError, match="append_only"):
        sql("DELETE FROM verifactu_fiscalrecord")


def test_records_cannot_be_emptied(shop: Appender) -> None:
    with pytest.raises(DatabaseError, match="cannot be emptied"):
        empty("verifactu_fiscalrecord")


def test_chains_cannot_be_emptied(shop: Appender) -> None:
    with pytest.raises(DatabaseError, match="cannot be emptied"):
        empty("verifactu_chain")


def test_a_chain_cannot_be_deleted(shop: Appender) -> None:
    with pytest.raises(DatabaseError, match="never_deleted"):
        sql("DELETE FROM verifactu_chain")


@pytest.mark.parametrize(
    "change", ["last_sequence = 1", "installation_number = 'other'", "issuer_tax_id = 'B12345674'"]
)
def test_a_chain_neither_shrinks_nor_moves(shop: Appender, change: str) -> None:
    with pytest.raises(DatabaseError, match="a chain only grows"):
        sql(f"UPDATE verifactu_chain SET {change}")


def test_a_head_is_whole(shop: Appender) -> None:
    with pytest.raises(IntegrityError, match="chain_head_is_whole"):
        Chain.objects.filter(id=shop.chain.id).update(last_fingerprint="")
