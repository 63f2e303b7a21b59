"""Subscribers are told once of what was due and not paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Seller
from billing.representation import Parts
from billing.services.overdue import tell_of_overdue
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from clients.models import Client
from config import schedules
from integrations.models import Event, TestClock
from tests.builders import MARIA, NOW, SHOP, a_client, a_correction, a_draft, a_line, a_seller, an_invoice

pytestmark = pytest.mark.django_db

DUE = date(2026, 12, 1)
MIDDAY = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


def due(client: Client, on: date = DUE, **changes: Any) -> Parts:
    return an_invoice(client, due_date=on, **changes)


def told() -> list[str]:
    """The invoices of which it was told, in their order."""
    events = Event.objects.filter(type="invoice.overdue").order_by("created_at", "id")
    return list(events.values_list("payload__display_number", flat=True))


def tell(now: datetime = MIDDAY) -> int:
    return tell_of_overdue(now=now).told


def pay(parts: Parts, amount: str) -> None:
    record_payment(invoice_id=parts.invoice.id, amount=Decimal(amount), date=NOW.date(), by=MARIA, now=NOW)


def test_what_nobody_paid_is_told_of_once_with_the_invoice_as_the_api_shows_it(client: Client) -> None:
    invoice = due(client).invoice
    assert [tell(), tell(), tell(MIDDAY + timedelta(days=1))] == [1, 0, 0]
    event = Event.objects.get(type="invoice.overdue")
    assert (event.object_id, event.correlation_id) == (str(invoice.id), SHOP.correlation_id)
    assert (event.payload["due_date"], event.payload["payment_status"]) == ("2026-12-01", "unpaid")


def test_the_day_must_be_over_where_the_seller_is(client: Client) -> None:
    canary = a_client(a_seller(legal_name="Casa Canaria Primera", time_zone="Atlantic/Canary"))
    due(client)
    due(canary)
    assert tell(datetime(2026, 12, 1, 22, 59, tzinfo=UTC)) == 0
    assert tell(datetime(2026, 12, 1, 23, 1, tzinfo=UTC)) == 1, "midnight in Madrid"
    assert tell(datetime(2026, 12, 2, 0, 1, tzinfo=UTC)) == 1, "and in the Canary Islands an hour later"


def test_a_test_sellers_own_clock_counts(client: Client) -> None:
    due(client, date(2027, 5, 1))
    assert tell() == 0
    TestClock.objects.create(seller=client.seller, shows=datetime(2027, 5, 2, 12, tzinfo=UTC), set_at=MIDDAY)
    assert tell() == 1


def test_a_part_paid_is_not_enough_and_all_of_it_is(client: Client) -> None:
    in_part, in_full = due(client), due(client)
    pay(in_part, "100.00")
    pay(in_full, "121.00")
    tell()
    assert told() == [in_part.invoice.display_number]


def test_drafts_undated_and_voided_ones_are_not_overdue(client: Client) -> None:
    a_draft(client, due_date=DUE)
    an_invoice(client)
    voided = due(client).invoice
    void_invoice(invoice_id=voided.id, reason="never ordered", by=MARIA, now=NOW)
    assert tell() == 0


def test_what_was_taken_back_is_not_owed(client: Client) -> None:
    original = due(client)
    a_correction(original, a_line(quantity="-1"))
    assert tell() == 0


def test_what_is_left_after_a_correction_is(client: Client) -> None:
    original = an_invoice(client, a_line(quantity="2"), due_date=DUE)
    a_correction(original, a_line(quantity="-1"))
    tell()
    assert told() == [original.invoice.display_number]


def test_the_one_that_stands_in_its_place_is_due_instead(client: Client) -> None:
    original = due(client)
    instead = a_correction(original, a_line(price="50.00"), method="substitution", reason="R4")
    tell()
    assert original.invoice.display_number not in told()
    assert set(told()) <= {instead.invoice.display_number}


def test_what_became_due_long_ago_is_left_alone(client: Client) -> None:
    due(client)
    assert tell(MIDDAY + timedelta(days=120)) == 0


def test_many_are_told_of_in_batches_and_few_statements(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [str(due(client, DUE - timedelta(days=day % 3)).invoice.display_number) for day in range(7)]
    first = tell_of_overdue(now=MIDDAY, limit=3)
    assert (first.told, first.last is not None) == (3, True)
    with CaptureQueriesContext(connection) as few:
        second = tell_of_overdue(now=MIDDAY, after=first.last, limit=2)
    monkeypatch.setattr(schedules.timezone, "now", lambda: MIDDAY)
    assert schedules.tell_of_overdue() == 7 - 3 - second.told
    assert sorted(told()) == sorted(numbers)
    assert len(few) < 20


def test_the_index_of_due_dates_is_entered(client: Client) -> None:
    due(client)
    with CaptureQueriesContext(connection) as queries:
        tell()
    [statement] = [query["sql"] for query in queries if "due_date" in query["sql"] and "LIMIT" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "invoice_by_due_date" in plan
    assert "event_by_object" in plan
