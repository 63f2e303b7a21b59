"""Rows on the hot path are the same as the ORM's."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from audit.models import AuditEntry
from audit.rows import changed, find, write
from billing.models import Invoice, Seller, SeriesCounter
from clients.models import Client
from integrations.models import IdempotencyKey
from tests.builders import NOW, a_client, a_draft, a_seller

pytestmark = pytest.mark.django_db

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT, lambda x: st.lists(x) | st.dictionaries(TEXT, x)
)


class TestWhatComesBack(TestCase):
    @given(
        text=TEXT,
        document=JSON,
        at=st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=st.just(timezone(timedelta(hours=2)))),
    )
    def test_is_what_went_in(self, text, document, at):
        entry = AuditEntry(
            at=at, action="x", actor_kind="user", actor_id="1", actor_name=text, after=document, reason=text
        )

        write(entry)

        stored = AuditEntry.objects.latest("id")
        assert (stored.at, stored.actor_name, stored.after, stored.reason) == (at, text, document, text)
        assert stored.before is None


def test_rows_of_several_models_go_in_together_and_in_order():
    seller = a_seller(series=False)
    key = IdempotencyKey(
        seller=seller, mode="test", key="k", fingerprint=b"\x00\xff\\x", status=201, body=b"{}\n", created_at=NOW
    )
    entries = [
        AuditEntry(at=NOW, action=f"thing.{n}", actor_kind="user", actor_id="1", actor_name="m") for n in range(2)
    ]

    write(key, *entries)

    stored = IdempotencyKey.objects.get()
    assert (bytes(stored.fingerprint), bytes(stored.body), stored.headers) == (b"\x00\xff\\x", b"{}\n", {})
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="thing").order_by("id")] == [
        "thing.0",
        "thing.1",
    ]
    assert not key._state.adding


def test_a_constraint_is_a_constraint_here_too():
    seller = a_seller()
    wrong = Seller(**{f.attname: getattr(seller, f.attname) for f in Seller._meta.concrete_fields if f.name != "id"})
    wrong.mode = "both"

    with pytest.raises(IntegrityError, match="seller_mode_known"), transaction.atomic():
        write(wrong)
    with pytest.raises(DataError), transaction.atomic():
        write(AuditEntry(at=NOW, action="x" * 61, actor_kind="user", actor_id="1", actor_name="m"))


def test_a_row_is_found_by_its_columns_as_the_orm_finds_it():
    client = a_client(a_seller())

    found = find(Client, id=client.id, name=client.name)

    stored = Client.objects.get()
    assert found == stored
    assert {f.attname: getattr(found, f.attname) for f in Client._meta.concrete_fields} == {
        f.attname: getattr(stored, f.attname) for f in Client._meta.concrete_fields
    }
    assert find(Client, id=client.id, name="somebody else") is None


def test_only_the_named_columns_are_written():
    draft = a_draft(a_client(a_seller())).invoice
    draft.notes, draft.metadata, draft.due_date = "nota", {"a": ["ñ", None]}, date(2026, 12, 1)
    draft.withholding_percent, draft.updated_at = Decimal(7), datetime(2026, 11, 24, tzinfo=UTC)

    write(changed(draft, "notes", "metadata", "due_date", "updated_at"))

    stored = Invoice.objects.get()
    assert (stored.notes, stored.metadata, stored.due_date) == ("nota", {"a": ["ñ", None]}, date(2026, 12, 1))
    assert stored.withholding_percent == 0


def test_a_row_that_is_not_there_is_not_changed_silently():
    draft = a_draft(a_client(a_seller())).invoice
    counter = SeriesCounter(id=1, series_id=draft.series_id, fiscal_year=1, last_number=1)

    with pytest.raises(AssertionError, match="not there"):
        write(changed(draft, "notes"), changed(counter, "last_number"), changed(draft, "notes"))
