"""The page «AEAT»: what waits, what fails, what is stopped, and what a person can do about it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller
from clients.models import Client
from core.modes import Mode
from tests import builders
from tests.admin.people import browser_of
from tests.verifactu.answers import answer
from tests.verifactu.many import many_records
from verifactu.aeat.expiry import Expiring
from verifactu.models import Chain, FiscalRecord, Sender

OVERVIEW = reverse("admin:verifactu_sender_changelist")
INDEX = reverse("admin:index")


@pytest.fixture
def record(client_row: Client) -> FiscalRecord:
    builders.an_invoice(client_row, now=timezone.now())
    return FiscalRecord.objects.get()


def sender_is(**values: Any) -> None:
    if values.get("failures"):
        values = {"failing_since": timezone.now(), **values}
    Sender.objects.update(**values)


def is_answered(record: FiscalRecord, outcome: str = "accepted", **more: Any) -> None:
    answer(record, outcome, **more)
    Sender.objects.filter(chain=record.chain).update(sent_through=record.sequence)


def page_of(browser: Browser, url: str = OVERVIEW) -> str:
    return browser.get(url).content.decode()


def test_when_nothing_waits_the_page_is_calm(finance: Browser, seller: Seller) -> None:
    page = page_of(finance)
    assert "Nothing waits: the AEAT has answered to every record." in page
    assert seller.legal_name in page
    assert "Resume" not in page


def test_what_waits_is_counted_until_it_is_nought(finance: Browser, record: FiscalRecord) -> None:
    many_records(record, 3)
    assert "<strong>4</strong> records" in page_of(finance)
    is_answered(record)
    assert "<strong>3</strong> records" in page_of(finance)


def test_a_failing_chain_says_how_often_since_when_and_why(finance: Browser, record: FiscalRecord) -> None:
    sender_is(failures=3, last_failure="prewww1.aeat.es cannot be reached: timeout.")
    page = page_of(finance)
    assert "prewww1.aeat.es cannot be reached: timeout." in page
    assert "It is tried again by itself" in page
    assert "Send now" in page


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("certificate", "looked at again every minute"),
        ("configuration", "Have what it says put right"),
        ("suspended", "Write to the AEAT"),
    ],
)
def test_a_stopped_chain_says_what_to_mend(finance: Browser, record: FiscalRecord, reason: str, says: str) -> None:
    sender_is(failures=1, stop_reason=reason, last_failure="4112. El titular no está autorizado.")
    page = page_of(finance)
    assert says in page
    assert "Resume" in page


def test_what_the_aeat_said_is_text_and_nothing_else(finance: Browser, record: FiscalRecord) -> None:
    sender_is(failures=1, last_failure="<script>alert(1)</script>")
    for url in (OVERVIEW, INDEX, reverse("admin:verifactu_chain_change", args=[record.chain_id])):
        assert "<script>alert(1)" not in page_of(finance, url)


def test_resuming_lets_the_next_turn_come_at_once_and_is_written_down(finance: Browser, record: FiscalRecord) -> None:
    sender_is(failures=4, stop_reason="suspended", next_at=timezone.now() + timedelta(hours=1))
    url = reverse("admin:verifactu_sender_resume", args=[record.chain_id])

    answer = finance.post(url, follow=True)

    assert "are sent within seconds" in answer.content.decode()
    sender = Sender.objects.get()
    assert sender.stop_reason == ""
    assert sender.next_at <= timezone.now()
    entry = AuditEntry.objects.get(action="sending.resumed")
    assert (entry.actor_name, entry.subject_id) == ("maria", str(record.chain_id))


def test_a_button_that_is_pressed_twice_does_no_harm(finance: Browser, record: FiscalRecord) -> None:
    sender_is(failures=4, stop_reason="suspended", next_at=timezone.now() + timedelta(hours=1))
    url = reverse("admin:verifactu_sender_resume", args=[record.chain_id])
    for _ in range(2):
        assert finance.post(url).status_code == 302
    assert Sender.objects.get().stop_reason == ""


def test_a_chain_that_is_none_cannot_be_resumed(finance: Browser, seller: Seller) -> None:
    assert finance.post(reverse("admin:verifactu_sender_resume", args=[uuid.uuid4()])).status_code == 404


def test_who_only_looks_has_no_button_and_no_way(auditor: Browser, record: FiscalRecord) -> None:
    sender_is(failures=4, stop_reason="suspended")
    url = reverse("admin:verifactu_sender_resume", args=[record.chain_id])
    assert url not in page_of(auditor)
    assert auditor.post(url).status_code == 403
    assert Sender.objects.get().stop_reason == "suspended"
    assert AuditEntry.objects.filter(action="admin.denied", actor_name="irene").exists()


# --- the self-test ----------------------------------------------------------------------------------------------------


def test_a_self_test_says_what_is_wrong_and_what_mends_it(
    finance: Browser, record: FiscalRecord, settings: Any, tmp_path: Path
) -> None:
    settings.CERTIFICATES_FOLDER = tmp_path
    url = reverse("admin:verifactu_sender_self_test", args=[record.chain_id])
    assert not AuditEntry.objects.filter(action="sending.self_tested").exists()

    page = finance.post(url).content.decode()

    assert "There is no certificate" in page
    assert "Put the PKCS#12 file there" in page
    assert "something is to be mended" in page
    assert AuditEntry.objects.get(action="sending.self_tested").after == {"file": "failure"}
    assert "by maria" in page_of(finance, url)


def test_who_only_looks_does_not_test(auditor: Browser, record: FiscalRecord) -> None:
    url = reverse("admin:verifactu_sender_self_test", args=[record.chain_id])
    assert "let you look, not test" in page_of(auditor, url)
    assert auditor.post(url).status_code == 403
    assert not AuditEntry.objects.filter(action="sending.self_tested").exists()


# --- the menu and the front page --------------------------------------------------------------------------------------


def badge_of(browser: Browser) -> str:
    """What the menu says beside «AEAT»."""
    page = page_of(browser, INDEX)
    item = page[page.index(f'href="{OVERVIEW}"') :]
    item = item[: item.index("</a>")]
    return "".join(character for character in item.rpartition("<span")[2].partition(">")[2] if character.isdigit())


def test_the_ordinary_run_of_things_calls_nobody(finance: Browser, record: FiscalRecord) -> None:
    assert badge_of(finance) == ""
    assert "this needs somebody" not in page_of(finance, INDEX)


def test_what_fails_is_counted_in_the_menu_and_shown_in_front(finance: Browser, record: FiscalRecord) -> None:
    many_records(record, 4)
    sender_is(failures=1, last_failure="x")
    assert badge_of(finance) == "5"
    assert "this needs somebody" in page_of(finance, INDEX)


def test_what_is_answered_out_of_turn_waits_no_more(finance: Browser, record: FiscalRecord) -> None:
    chain = many_records(record, 4)
    answer(FiscalRecord.objects.get(chain=chain, sequence=3), "accepted")
    sender_is(failures=1, last_failure="x")
    assert "<strong>4</strong> records" in page_of(finance)
    assert badge_of(finance) == "4"


def test_what_has_waited_for_long_is_counted_too(
    finance: Browser, client_row: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.an_invoice(client_row, now=timezone.now())
    assert badge_of(finance) == ""
    monkeypatch.setattr("verifactu.overview.LATE", timedelta(seconds=-5))
    assert badge_of(finance) == "1"
    assert "waiting since" in page_of(finance, INDEX)


def test_a_rejected_record_is_counted_until_somebody_mends_it(finance: Browser, record: FiscalRecord) -> None:
    is_answered(record, "rejected", code=1239)
    assert badge_of(finance) == "1"
    assert record.number in page_of(finance, INDEX)


def test_a_late_clock_calls_nobody(finance: Browser, record: FiscalRecord) -> None:
    is_answered(record, "accepted_with_errors", code=2004)
    assert badge_of(finance) == ""


def test_beyond_ninety_nine_nobody_counts(finance: Browser, record: FiscalRecord) -> None:
    many_records(record, 200)
    sender_is(failures=1, last_failure="x")
    assert "99+" in page_of(finance, INDEX)


def test_who_may_not_see_it_has_neither_card_nor_entry(record: FiscalRecord) -> None:
    sender_is(failures=1, last_failure="x")
    page = page_of(browser_of("nuria"), INDEX)
    assert OVERVIEW not in page
    assert "this needs somebody" not in page


def test_certificates_are_told_of_in_time(
    finance: Browser, record: FiscalRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = timezone.now() + timedelta(days=6, hours=1)
    expiring = [Expiring(record.issuer_tax_id, Mode.TEST, ends, 7)]
    monkeypatch.setattr("verifactu.admin.sending.expiring_certificates", lambda now: expiring)
    assert "6 days" in page_of(finance, INDEX)
    assert "in 6 days: have it renewed" in page_of(finance)


def test_ten_thousand_records_ask_no_more_than_ten(finance: Browser, record: FiscalRecord) -> None:
    sender_is(failures=1, last_failure="x")
    urls = [
        OVERVIEW,
        INDEX,
        reverse("admin:verifactu_chain_change", args=[record.chain_id]),
        reverse("admin:verifactu_fiscalrecord_changelist"),
        reverse("admin:verifactu_fiscalrecord_changelist") + "?aeat=waiting",
    ]
    many_records(record, 10)
    few = [queries_of(finance, url) for url in urls]
    many_records(FiscalRecord.objects.get(sequence=11), 10_000)
    assert [queries_of(finance, url) for url in urls] == few


def test_a_hundred_sellers_ask_no_more_than_one(finance: Browser, record: FiscalRecord) -> None:
    few = queries_of(finance, OVERVIEW)
    chain = Chain.objects.get()
    for place in range(100):
        copy = Chain.objects.create(
            seller=chain.seller,
            mode=chain.mode,
            issuer_tax_id=chain.issuer_tax_id,
            installation_number=str(place),
            created_at=timezone.now(),
        )
        Sender.objects.create(chain=copy, next_at=timezone.now())
    assert queries_of(finance, OVERVIEW) == few


def queries_of(browser: Browser, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)
