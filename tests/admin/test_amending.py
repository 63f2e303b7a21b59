"""«Subsanar el registro»: what may change, why the marks are what they are, and for whom."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client as Browser
from django.utils import timezone

from audit.models import AuditEntry, Outcome
from billing.models import Seller
from billing.representation import Parts
from billing.services.amending import RecordChanges, amend_record
from billing.services.voiding import void_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import browser_of, hidden, url_of
from tests.verifactu.answers import answer as answered
from verifactu.models import FiscalRecord
from verifactu.reading import read_record


@pytest.fixture
def rejected(client_row: Client) -> Parts:
    parts = builders.an_invoice(client_row, now=timezone.now())
    answered(FiscalRecord.objects.get(), "rejected", code=1239, description="NIF no identificado")
    return parts


def said(answer: object) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def page_of(browser: Browser, parts: Parts) -> str:
    return browser.get(url_of("amend", parts.invoice.id)).content.decode()


def sent(page: str, **changes: str) -> dict[str, str]:
    return {
        "description": "Consultoría",
        "buyer_name": "Ferretería Peña, S.L.",
        "reason": "El censo lo escribe así.",
        "seen": hidden(page, "seen"),
        **changes,
    }


def last() -> FiscalRecord:
    return FiscalRecord.objects.latest("sequence")


def test_the_page_says_how_it_stands_and_why_the_marks_are_what_they_are(approver: Browser, rejected: Parts):
    page = page_of(approver, rejected)
    assert "It rejected the registration, and stored nothing of it." in page
    assert "Subsanacion S · RechazoPrevio X" in page
    assert "Ferretería Peña, S.L." in page


def test_the_record_is_amended_and_the_invoice_stays(approver: Browser, rejected: Parts):
    page = page_of(approver, rejected)
    answer = approver.post(
        url_of("amend", rejected.invoice.id), sent(page, buyer_name="FERRETERIA PEÑA SL", not_in_census="on")
    )
    assert answer["Location"] == url_of("change", rejected.invoice.id)
    record = last()
    assert (record.amendment, record.previous_rejection) == (True, "X")
    assert read_record(bytes(record.xml)).content.recipients[0].name == "FERRETERIA PEÑA SL"
    entry = AuditEntry.objects.get(action="record.amended")
    assert (entry.actor_name, entry.reason) == ("pablo", "El censo lo escribe así.")
    shown = approver.get(url_of("change", rejected.invoice.id)).content.decode()
    assert "fiscal record amended" in shown


def test_the_same_is_sent_again_where_the_aeat_objected(approver: Browser, rejected: Parts):
    page = page_of(approver, rejected)
    approver.post(url_of("amend", rejected.invoice.id), sent(page))
    assert FiscalRecord.objects.count() == 2


def test_a_second_press_makes_no_second_record(approver: Browser, rejected: Parts):
    page = page_of(approver, rejected)
    approver.post(url_of("amend", rejected.invoice.id), sent(page))
    answer = approver.post(url_of("amend", rejected.invoice.id), sent(page))
    assert "Another record was made" in said(answer)
    assert FiscalRecord.objects.count() == 2


def test_while_the_aeat_has_not_answered_there_is_nothing_to_press(approver: Browser, client_row: Client):
    parts = builders.an_invoice(client_row, now=timezone.now())
    page = page_of(approver, parts)
    assert "wait for its answer" in page
    assert "<textarea" not in page
    record = FiscalRecord.objects.get()
    approver.post(url_of("amend", parts.invoice.id), sent(f'name="seen" value="{record.id}"', description="Otra"))
    assert FiscalRecord.objects.count() == 1


def test_what_is_right_is_not_amended_into_the_same(approver: Browser, client_row: Client):
    parts = builders.an_invoice(client_row, now=timezone.now())
    answered(FiscalRecord.objects.get(), "accepted")
    page = page_of(approver, parts)
    assert "did not object" in page
    again = approver.post(url_of("amend", parts.invoice.id), sent(page)).content.decode()
    assert "say what is to change" in again
    assert "El censo lo escribe así." in again
    assert AuditEntry.objects.get(action="record.amended").outcome == Outcome.REFUSED


def test_a_reason_is_wanted_and_what_was_typed_stays(approver: Browser, rejected: Parts):
    page = page_of(approver, rejected)
    hostile = "<script>alert(1)</script>"
    again = approver.post(
        url_of("amend", rejected.invoice.id), sent(page, reason="", description=hostile)
    ).content.decode()
    assert "&lt;script&gt;" in again
    assert hostile not in again
    assert FiscalRecord.objects.count() == 1


def test_it_is_offered_where_the_aeat_objected_alone(approver: Browser, rejected: Parts, client_row: Client):
    other = builders.an_invoice(client_row, now=timezone.now())
    assert url_of("amend", rejected.invoice.id) in approver.get(url_of("change", rejected.invoice.id)).content.decode()
    assert url_of("amend", other.invoice.id) not in approver.get(url_of("change", other.invoice.id)).content.decode()


def test_the_aeats_pages_lead_here(approver: Browser, rejected: Parts):
    reply = FiscalRecord.objects.get().answer
    page = approver.get(f"/admin/verifactu/recordanswer/{reply.id}/change/").content.decode()
    assert url_of("amend", rejected.invoice.id) in page
    assert url_of("correct", rejected.invoice.id) in page


def test_what_was_voided_or_is_a_draft_has_no_record_to_amend(approver: Browser, rejected: Parts, client_row: Client):
    draft = builders.a_draft(client_row)
    assert "Only an issued invoice" in said(approver.get(url_of("amend", draft.invoice.id)))
    void_invoice(invoice_id=rejected.invoice.id, reason="x", by=builders.MARIA, now=timezone.now())
    assert "counts as never issued" in said(approver.get(url_of("amend", rejected.invoice.id)))


def test_a_page_that_shows_an_older_record_amends_nothing(approver: Browser, rejected: Parts):
    page = page_of(approver, rejected)
    amend_record(
        invoice_id=rejected.invoice.id,
        reason="x",
        changes=RecordChanges(description="Otra"),
        by=builders.MARIA,
        now=timezone.now(),
    )
    answered(last(), "rejected", code=1239)
    assert "Another record was made" in said(approver.post(url_of("amend", rejected.invoice.id), sent(page)))
    assert FiscalRecord.objects.count() == 2


@pytest.mark.parametrize("group", ["finance", "auditor", "inspector"])
def test_who_may_not_amend_is_refused(rejected: Parts, group: str):
    browser = browser_of("nobody", group)
    assert browser.get(url_of("amend", rejected.invoice.id)).status_code == 403
    assert browser.post(url_of("amend", rejected.invoice.id)).status_code == 403


def test_a_tickets_record_has_no_buyer_to_rename(approver: Browser, seller: Seller):
    ticket = builders.a_ticket(seller, now=timezone.now())
    answered(FiscalRecord.objects.get(), "accepted_with_errors", code=2005)
    page = page_of(approver, ticket)
    assert 'name="buyer_name"' not in page
    approver.post(url_of("amend", ticket.invoice.id), sent(page, buyer_name="", description="Libros"))
    assert read_record(bytes(last().xml)).content.description == "Libros"


def test_the_same_with_other_line_ends_is_no_change(approver: Browser, client_row: Client):
    parts = builders.an_invoice(client_row, builders.a_line("Consultoría  de procesos"), now=timezone.now())
    answered(FiscalRecord.objects.get(), "accepted")
    page = page_of(approver, parts)
    again = approver.post(url_of("amend", parts.invoice.id), sent(page, description="Consultoría\r\nde procesos"))
    assert "say what is to change" in again.content.decode()
