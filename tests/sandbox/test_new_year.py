"""31 December, 23:59:30, on a test seller's clock: through a real server, and with the simulated AEAT's blessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Document, Seller
from billing.services.rendering import render_due_documents
from integrations.models import ApiToken, Event, IdempotencyKey
from tests.api.machines import a_machine, an_invoice_body
from tests.builders import a_client, a_seller
from tests.running_house import Caller, web_server
from verifactu.models import FiscalRecord, RecordAnswer
from verifactu.services.sending import send_due
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

EVE = "2030-12-31T23:59:30+01:00"
AFTER = "2031-01-01T00:00:15+01:00"


@pytest.fixture
def aeat(tmp_path: Path, settings: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(tmp_path / "certificates", wait_seconds=0) as aeat:
        settings.CERTIFICATES_FOLDER = tmp_path / "certificates"
        settings.AEAT_TEST_URL, settings.AEAT_TEST_CA = aeat.url, aeat.folder.ca_file
        yield aeat


@dataclass(frozen=True)
class Shop:
    """A test seller, its buyer, and its machine at a server of its own."""

    seller: Seller
    caller: Caller
    body: dict[str, Any]

    def set_clock(self, to: str) -> Any:
        answer = self.caller.put("/sandbox/clock", {"now": to})
        assert answer.status == 200, answer.content
        return answer.json

    def issue(self, **changes: Any) -> Any:
        answer = self.caller.post("/invoices", {**self.body, "issue": True, **changes})
        assert answer.status == 201, answer.content
        return answer.json

    def record_of(self, invoice: Any) -> Any:
        [record] = self.caller.get(f"/invoices/{invoice['id']}/verifactu").json["records"]
        return record


@pytest.fixture
def shop(tmp_path: Path, aeat: SimulatedAeat) -> Iterator[Shop]:
    seller = a_seller(tax_id="B99999021")
    token = a_machine(seller).secret
    (tmp_path / "web").mkdir()
    with web_server(tmp_path / "web") as port:
        caller = Caller(port, token)
        yield Shop(seller, caller, an_invoice_body(a_client(seller).id))
        caller.close()


def seen(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_year_turns_between_two_invoices(shop: Shop, aeat: SimulatedAeat) -> None:
    begun = timezone.now()
    assert shop.set_clock(EVE)["ahead_seconds"] > 0
    draft = shop.caller.post("/invoices", shop.body).json
    first = shop.issue()
    assert shop.set_clock(AFTER)["now"] >= "2030-12-31T23:00:15"
    second = shop.issue()
    third = shop.caller.post(f"/invoices/{draft['id']}/issue", {}).json

    issued = [(one["issue_date"], one["display_number"]) for one in (first, second, third)]
    assert issued == [
        ("2030-12-31", "A-2030-00001"),
        ("2031-01-01", "A-2031-00001"),
        ("2031-01-01", "A-2031-00002"),
    ]
    for invoice, on in ((first, seen(EVE)), (second, seen(AFTER)), (third, seen(AFTER))):
        generated = seen(shop.record_of(invoice)["generated_at"])
        for moment in (seen(invoice["issued_at"]), generated):
            assert timedelta(seconds=-1) <= moment - on < timedelta(minutes=1)
    assert timedelta(0) <= seen(draft["created_at"]) - seen(EVE) < timedelta(minutes=1)

    assert send_due(now=timezone.now() + timedelta(days=1), clock=timezone.now) == 1
    assert {*RecordAnswer.objects.values_list("outcome", "code")} == {("accepted", None)}
    assert [one.key.issue_date for one in aeat.accepted()] == [date(2030, 12, 31), *[date(2031, 1, 1)] * 2]
    xml = bytes(FiscalRecord.objects.get(issue_date__year=2030).xml)
    assert b"2030-12-31T23:59" in xml
    house_keeps_the_true_time(since=begun)


def house_keeps_the_true_time(*, since: datetime) -> None:
    """What is the house's and not the seller's: log, events, keys, tokens, what workers look at."""
    moments: list[datetime | None] = [
        *AuditEntry.objects.values_list("at", flat=True),
        *Event.objects.values_list("created_at", flat=True),
        *IdempotencyKey.objects.values_list("created_at", flat=True),
        *ApiToken.objects.values_list("last_used_at", flat=True),
        *Document.objects.values_list("due_at", flat=True),
    ]
    assert len(moments) > 10
    assert all(moment and since - timedelta(minutes=1) < moment <= timezone.now() for moment in moments)
    assert render_due_documents(now=timezone.now()) == Document.objects.count(), "no document waits until 2031"


def test_what_is_due_and_in_force_follows_the_clock(shop: Shop) -> None:
    tomorrow = shop.caller.post("/invoices/preview", {**shop.body, "operation_date": "2030-12-31"})
    assert tomorrow.status == 422, "by the true time, 2030 has not come"
    shop.set_clock(EVE)
    assert shop.caller.post("/invoices/preview", {**shop.body, "operation_date": "2030-12-31"}).status == 200
    invoice = shop.issue()
    paid = {"amount": invoice["amount_due"], "date": "2030-12-31", "method": "transfer"}
    assert shop.caller.post(f"/invoices/{invoice['id']}/payments", {**paid, "date": "2031-01-02"}).status == 422
    payment = shop.caller.post(f"/invoices/{invoice['id']}/payments", paid)
    assert (payment.status, payment.json["created_at"][:4]) == (201, "2030")


def test_another_seller_lives_in_the_true_time(shop: Shop) -> None:
    other = a_seller(tax_id="99999901H", legal_name="Irene Quimera Lago")
    shop.set_clock(EVE)
    invoice = a_machine(other).post("/invoices", an_invoice_body(a_client(other).id, issue=True)).json()
    assert abs(seen(invoice["issued_at"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_records_made_before_the_clock_was_moved_are_late_by_it_and_say_so(shop: Shop, aeat: SimulatedAeat) -> None:
    shop.issue()
    shop.set_clock(EVE)
    shop.issue()
    assert send_due(now=timezone.now() + timedelta(days=1), clock=timezone.now) == 1
    assert [one.incident for one in aeat.accepted()] == [True, True]
    assert {*RecordAnswer.objects.values_list("outcome", "code")} == {("accepted", None)}
