"""Issued invoices: looked at, paid, printed; never written in."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.test import Client as Browser
from django.utils import timezone
from lxml import html

from audit.models import AuditEntry, Outcome
from billing.models import Document, Invoice, Payment
from billing.services.rendering import render_due_documents
from clients.models import Client
from tests import builders
from tests.admin.people import draft_form, url_of
from verifactu.models import FiscalRecord


@pytest.fixture
def invoice(client_row: Client) -> Invoice:
    return builders.an_invoice(client_row, now=timezone.now()).invoice


def said(answer: object) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def page_of(browser: Browser, invoice: Invoice) -> str:
    return browser.get(url_of("change", invoice.id)).content.decode()


def test_all_that_belongs_to_it_is_shown(finance: Browser, invoice: Invoice):
    page = page_of(finance, invoice)
    record = FiscalRecord.objects.get(invoice=invoice)
    for text in (
        invoice.display_number,
        "Ferretería Peña, S.L.",
        "121.00\u00a0€",
        record.fingerprint,
        "invoice.issued",
    ):
        assert str(text) in page


def test_there_is_nothing_to_write_in_but_a_payment(finance: Browser, invoice: Invoice):
    tree = html.fromstring(page_of(finance, invoice))
    fields = {field.name for form in tree.get_element_by_id("content").iter("form") for field in form.inputs}
    assert fields - {None, "csrfmiddlewaretoken"} == {"amount", "date", "method", "reference"}


def test_an_auditor_finds_nothing_to_write_in_at_all(auditor: Browser, invoice: Invoice):
    tree = html.fromstring(page_of(auditor, invoice))
    assert list(tree.get_element_by_id("content").iter("form")) == []


@pytest.mark.parametrize("who", ["finance", "approver", "administrator", "auditor"])
def test_a_post_is_refused_to_everybody(who: str, invoice: Invoice, client_row: Client, request: pytest.FixtureRequest):
    browser = request.getfixturevalue(who)
    answer = browser.post(url_of("change", invoice.id), draft_form(client_row))
    assert answer.status_code == 403
    assert Invoice.objects.get().gross_total == invoice.gross_total


def test_the_buyer_is_the_one_of_the_day_of_issue(finance: Browser, invoice: Invoice, client_row: Client):
    Client.objects.filter(id=client_row.id).update(name="Otro nombre", search_name="otro nombre")
    page = page_of(finance, invoice)
    assert "Ferretería Peña, S.L." in page
    assert "Otro nombre" not in page


# --- paper and files -------------------------------------------------------------------------------------------------


def test_the_record_is_handed_out_byte_for_byte_and_that_is_written_down(auditor: Browser, invoice: Invoice):
    record = FiscalRecord.objects.get(invoice=invoice)
    answer = auditor.get(url_of("record", invoice.id, record.id))
    assert answer.content == bytes(record.xml)
    assert answer["Content-Disposition"].startswith("inline")
    entry = AuditEntry.objects.get(action="record.exported")
    assert (entry.actor_name, entry.subject_id) == ("irene", str(invoice.id))


def test_it_can_be_downloaded(auditor: Browser, invoice: Invoice):
    record = FiscalRecord.objects.get(invoice=invoice)
    answer = auditor.get(url_of("record", invoice.id, record.id) + "?download")
    assert answer["Content-Disposition"] == f'attachment; filename="{invoice.display_number}-1.xml"'


def test_another_invoices_record_is_not_found(auditor: Browser, invoice: Invoice, client_row: Client):
    other = builders.an_invoice(client_row, now=timezone.now()).invoice
    record = FiscalRecord.objects.get(invoice=other)
    assert auditor.get(url_of("record", invoice.id, record.id)).status_code == 404
    assert not AuditEntry.objects.filter(action="record.exported").exists()


def test_a_document_that_waits_says_so(finance: Browser, invoice: Invoice):
    answer = finance.get(url_of("pdf", invoice.id))
    assert answer["Location"] == url_of("change", invoice.id)
    assert "not been rendered yet" in said(answer)
    assert not AuditEntry.objects.filter(action="invoice.printed").exists()


def test_the_stored_document_is_handed_out_and_that_is_written_down(finance: Browser, invoice: Invoice):
    render_due_documents(now=timezone.now())
    document = Document.objects.get(invoice=invoice)
    answer = finance.get(url_of("pdf", invoice.id) + "?download")
    assert hashlib.sha256(answer.content).hexdigest() == document.sha256
    assert answer["Content-Disposition"] == f'attachment; filename="{invoice.display_number}.pdf"'
    entry = AuditEntry.objects.get(action="invoice.printed")
    assert (entry.actor_name, entry.after["sha256"]) == ("maria", document.sha256)
    assert url_of("paper", invoice.id) in page_of(finance, invoice)
    assert url_of("pdf", invoice.id) in finance.get(url_of("paper", invoice.id)).content.decode()


def test_a_drafts_preview_is_a_pdf_that_nobody_keeps(finance: Browser, client_row: Client):
    draft = builders.a_draft(client_row).invoice
    answer = finance.get(url_of("preview_pdf", draft.id))
    assert answer.content.startswith(b"%PDF")
    assert not Document.objects.exists()
    assert url_of("preview_pdf", draft.id) in finance.get(url_of("paper", draft.id)).content.decode()


def test_an_issued_invoice_has_no_preview_and_a_draft_no_document(
    finance: Browser, invoice: Invoice, client_row: Client
):
    draft = builders.a_draft(client_row).invoice
    assert finance.get(url_of("preview_pdf", invoice.id)).status_code == 404
    assert finance.get(url_of("pdf", draft.id)).status_code == 404


# --- payments --------------------------------------------------------------------------------------------------------


def payment(**changes: str) -> dict[str, str]:
    today = timezone.localdate().isoformat()
    return {"amount": "21.00", "date": today, "method": "transfer", "reference": "Banco", **changes}


def test_a_payment_is_recorded(finance: Browser, invoice: Invoice):
    finance.post(url_of("receive", invoice.id), payment())
    row = Payment.objects.get()
    assert (row.amount, row.created_by, row.reference) == (Decimal("21.00"), "user:maria", "Banco")
    assert "100.00\u00a0€" in page_of(finance, invoice)


def test_what_is_still_due_is_suggested(finance: Browser, invoice: Invoice):
    finance.post(url_of("receive", invoice.id), payment())
    assert html.fromstring(page_of(finance, invoice)).get_element_by_id("id_amount").value == "100.00"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "many"}, "amount"),
        ({"date": (date.max - timedelta(days=1)).isoformat()}, "date"),
        ({"method": "barter"}, "method"),
    ],
)
def test_a_fault_stands_at_its_field(finance: Browser, invoice: Invoice, changes: dict[str, str], field: str):
    answer = finance.post(url_of("receive", invoice.id), payment(**changes))
    wrong = html.fromstring(answer.content.decode()).find_class("co-wrong")
    assert [element.get("data-field") for element in wrong] == [field]
    assert not Payment.objects.exists()


def test_a_draft_takes_no_payment(finance: Browser, client_row: Client):
    draft = builders.a_draft(client_row).invoice
    assert "Only an issued invoice" in said(finance.post(url_of("receive", draft.id), payment()))
    assert AuditEntry.objects.get(action="payment.recorded").outcome == Outcome.REFUSED


def test_a_payment_is_undone_by_another(finance: Browser, invoice: Invoice):
    finance.post(url_of("receive", invoice.id), payment())
    row = Payment.objects.get()
    assert finance.get(url_of("reverse", invoice.id, row.id)).status_code == 200
    finance.post(url_of("reverse", invoice.id, row.id))
    assert [p.amount for p in Payment.objects.order_by("id")] == [Decimal("21.00"), Decimal("-21.00")]
    answer = finance.post(url_of("reverse", invoice.id, row.id))
    assert "reversed already" in said(answer)
    assert Payment.objects.count() == 2


def test_another_invoices_payment_is_not_found(finance: Browser, invoice: Invoice, client_row: Client):
    other = builders.an_invoice(client_row, now=timezone.now()).invoice
    finance.post(url_of("receive", other.id), payment())
    row = Payment.objects.get()
    assert finance.get(url_of("reverse", invoice.id, row.id)).status_code == 404
