"""Submissions, inquiries, records and chains: looked at, filtered, and taken away as they travelled."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry
from clients.models import Client
from tests import builders
from tests.verifactu.answers import an_inquiry, answer
from tests.verifactu.chains import an_appender
from verifactu.admin.records import pretty
from verifactu.models import Chain, FiscalRecord, RecordAnswer, Submission

pytestmark = pytest.mark.django_db

ANSWER = b"<?xml version='1.0'?><html><script>alert(1)</script></html>"


@pytest.fixture
def record(client_row: Client) -> FiscalRecord:
    builders.an_invoice(client_row, now=timezone.now())
    return FiscalRecord.objects.get()


@pytest.fixture
def answered(record: FiscalRecord) -> RecordAnswer:
    return answer(record, "rejected", code=1239, description="Error en el bloque Destinatario.", response=ANSWER)


def listed(browser: Browser, model: str, **query: str) -> list[Any]:
    return [
        row.pk for row in browser.get(reverse(f"admin:verifactu_{model}_changelist"), query).context["cl"].result_list
    ]


def page_of(browser: Browser, model: str, key: object) -> str:
    return browser.get(reverse(f"admin:verifactu_{model}_change", args=[key])).content.decode()


def test_submissions_are_filtered_by_chain_outcome_and_day(auditor: Browser, answered: RecordAnswer) -> None:
    key, chain = answered.submission_id, str(answered.record.chain_id)
    day = f"{answered.submission.sent_at:%Y-%m-%d}"
    for query in ({"chain": chain}, {"outcome": "answered"}, {"sent_from": day, "sent_to": day}):
        assert listed(auditor, "submission", **query) == [key], query
    for query in ({"outcome": "fault"}, {"sent_from": "2027-01-01"}, {"sent_to": "2020-01-01"}):
        assert listed(auditor, "submission", **query) == [], query


def test_a_submission_shows_its_records_and_what_became_of_each(auditor: Browser, answered: RecordAnswer) -> None:
    page = page_of(auditor, "submission", answered.submission_id)
    for text in (answered.record.number, "1239", "Error en el bloque Destinatario.", "https://localhost"):
        assert text in page
    assert reverse("admin:verifactu_fiscalrecord_change", args=[answered.record_id]) in page


def test_what_was_sent_and_answered_is_taken_away_byte_by_byte_and_written_down(
    auditor: Browser, answered: RecordAnswer
) -> None:
    for part, content in (("request", b"<message/>"), ("response", ANSWER)):
        file = auditor.get(reverse("admin:verifactu_submission_file", args=[answered.submission_id, part]))
        assert file.content == content
        assert file["Content-Disposition"].startswith("attachment; filename=")
        assert file["X-Content-Type-Options"] == "nosniff"
        entry = AuditEntry.objects.filter(action="submission.exported").latest("id")
        assert entry.actor_name == "irene"
        assert entry.after == {
            "submission": str(answered.submission_id),
            "part": part,
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def test_an_answer_that_never_came_cannot_be_taken_away(auditor: Browser, record: FiscalRecord) -> None:
    inquiry = an_inquiry(record.chain)
    page = page_of(auditor, "inquiry", inquiry.id)
    assert reverse("admin:verifactu_inquiry_file", args=[inquiry.id, "request"]) in page
    missing = reverse("admin:verifactu_inquiry_file", args=[inquiry.id, "response"])
    assert missing not in page
    assert auditor.get(missing).status_code == 404
    asked = auditor.get(reverse("admin:verifactu_inquiry_file", args=[inquiry.id, "request"]))
    assert asked.content == b"<question/>"
    assert AuditEntry.objects.get(action="inquiry.exported").after["part"] == "request"


@pytest.mark.parametrize("part", ["password", "request.xml", "..%2Frequest"])
def test_there_is_nothing_else_to_take_away(auditor: Browser, answered: RecordAnswer, part: str) -> None:
    url = reverse("admin:verifactu_submission_changelist") + f"{answered.submission_id}/{part}.xml"
    assert auditor.get(url, follow=True).status_code == 404
    assert not AuditEntry.objects.filter(action="submission.exported").exists()


def test_of_nothing_there_is_no_page(auditor: Browser, record: FiscalRecord) -> None:
    for model in ("submission", "inquiry", "fiscalrecord", "chain", "sender"):
        for key in (uuid.uuid4(), "nothing"):
            assert auditor.get(reverse(f"admin:verifactu_{model}_change", args=[key])).status_code == 404, model
    assert auditor.get(reverse("admin:verifactu_submission_file", args=[uuid.uuid4(), "request"])).status_code == 404


def test_lists_do_not_read_the_messages(auditor: Browser, answered: RecordAnswer) -> None:
    """A message may be megabytes."""
    for url in (
        reverse("admin:verifactu_submission_changelist"),
        reverse("admin:verifactu_submission_change", args=[answered.submission_id]),
        reverse("admin:verifactu_chain_change", args=[answered.record.chain_id]),
        reverse("admin:verifactu_fiscalrecord_changelist"),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert auditor.get(url).status_code == 200
        asked = " ".join(query["sql"].partition(" FROM ")[0] for query in queries)
        assert '"request"' not in asked, url
        assert '"response"' not in asked, url


# --- a record ---------------------------------------------------------------------------------------------------------


def test_a_record_says_what_became_of_it_and_leads_to_what_to_do(auditor: Browser, answered: RecordAnswer) -> None:
    page = page_of(auditor, "fiscalrecord", answered.record_id)
    for text in ("rejected", "1239", "Error en el bloque Destinatario.", answered.record.fingerprint):
        assert text in page
    assert reverse("admin:verifactu_recordanswer_change", args=[answered.pk]) in page
    assert reverse("admin:verifactu_submission_change", args=[answered.submission_id]) in page
    assert "PrimerRegistro S" in page
    assert "the first record of its chain" in page


def test_a_records_xml_is_shown_to_be_read_and_never_run(auditor: Browser) -> None:
    house = an_appender(legal_name="<script>alert(1)</script>, S.L.")
    page = page_of(auditor, "fiscalrecord", house.append().id)
    assert "&lt;sum1:RegistroAlta" in page
    assert "<script>alert(1)" not in page


def test_xml_that_is_none_any_more_is_shown_as_it_is() -> None:
    assert pretty(b"<a><b>1</b></a>") == "<a>\n  <b>1</b>\n</a>"
    assert pretty("<a>ñ".encode()) == "<a>ñ"
    assert pretty(b"\xff<") == "\ufffd<"
    bomb = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    assert "root:" not in pretty(bomb)


def test_a_records_file_is_the_one_of_its_invoice(auditor: Browser, record: FiscalRecord) -> None:
    file = reverse("admin:billing_invoice_record", args=[record.invoice_id, record.id])
    assert f"{file}?download" in page_of(auditor, "fiscalrecord", record.id)


def test_records_are_filtered_by_what_the_aeat_did(auditor: Browser) -> None:
    house = an_appender()
    rejected, waiting = house.append("A-1"), house.append("A-2")
    answer(rejected, "rejected", code=1239)
    assert listed(auditor, "fiscalrecord", aeat="rejected") == [rejected.pk]
    assert listed(auditor, "fiscalrecord", aeat="waiting") == [waiting.pk]
    assert listed(auditor, "fiscalrecord", aeat="accepted") == []
    assert listed(auditor, "fiscalrecord", chain=str(house.chain.pk)) == [waiting.pk, rejected.pk]


# --- a chain ----------------------------------------------------------------------------------------------------------


def test_a_chains_page_has_its_records_and_submissions(auditor: Browser, answered: RecordAnswer) -> None:
    page = page_of(auditor, "chain", Chain.objects.get().pk)
    assert answered.record.number in page
    assert reverse("admin:verifactu_submission_change", args=[Submission.objects.get().pk]) in page
    assert reverse("admin:verifactu_sender_self_test", args=[answered.record.chain_id]) in page


def test_a_chain_that_has_just_begun_has_a_page_too(auditor: Browser, client_row: Client) -> None:
    assert "It has no record yet." in page_of(auditor, "chain", Chain.objects.get().pk)


def test_a_senders_page_is_its_chains(auditor: Browser, record: FiscalRecord) -> None:
    moved = auditor.get(reverse("admin:verifactu_sender_change", args=[record.chain_id]))
    assert moved["Location"] == reverse("admin:verifactu_chain_change", args=[record.chain_id])
