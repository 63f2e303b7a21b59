"""«Anular»: declared, with a reason, once; and where it is not lawful, what to do instead."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.test import Client as Browser
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Annulment, Invoice
from billing.representation import Parts
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import browser_of, errors_of, url_of
from tests.verifactu.answers import answer as answered
from verifactu.models import FiscalRecord

DECLARED = {"no_operation": "on", "not_delivered": "on", "reason": "Se emitió dos veces."}


@pytest.fixture
def invoice(client_row: Client) -> Parts:
    return builders.an_invoice(client_row, now=timezone.now())


def said(answer: object) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def page_of(browser: Browser, parts: Parts, name: str = "annul") -> str:
    return browser.get(url_of(name, parts.invoice.id)).content.decode()


def test_the_page_says_when_it_is_lawful_and_what_it_does(administrator: Browser, invoice: Parts):
    page = page_of(administrator, invoice)
    assert "should never have existed" in page
    assert "its number stays used" in page
    assert not Annulment.objects.exists()


def test_it_is_annulled_and_the_invoice_says_so(administrator: Browser, invoice: Parts):
    answer = administrator.post(url_of("annul", invoice.invoice.id), DECLARED)
    assert answer["Location"] == url_of("change", invoice.invoice.id)
    assert Annulment.objects.get().created_by == "user:ana"
    page = page_of(administrator, invoice, "change")
    assert "counts as never issued" in page
    assert "Se emitió dos veces." in page
    assert FiscalRecord.objects.filter(invoice=invoice.invoice, kind="annulment").count() == 1


def test_nothing_more_is_offered_for_what_was_annulled(administrator: Browser, invoice: Parts):
    void_invoice(invoice_id=invoice.invoice.id, reason="x", by=builders.MARIA, now=timezone.now())
    page = page_of(administrator, invoice, "change")
    for name in ("correct", "annul", "amend", "advise", "receive"):
        assert url_of(name, invoice.invoice.id) not in page


@pytest.mark.parametrize("missing", ["no_operation", "not_delivered", "reason"])
def test_without_declaration_and_reason_nothing_is_annulled_and_what_was_typed_stays(
    administrator: Browser, invoice: Parts, missing: str
):
    sent = {name: value for name, value in DECLARED.items() if name != missing}
    page = administrator.post(url_of("annul", invoice.invoice.id), sent).content.decode()
    assert errors_of(page.replace("co-check co-wrong ", "").replace("co-wrong ", ""), missing)
    if missing != "reason":
        assert "Se emitió dos veces." in page
    assert not Annulment.objects.exists()


def test_a_second_press_annuls_nothing_and_says_so(administrator: Browser, invoice: Parts):
    address = url_of("annul", invoice.invoice.id)
    administrator.post(address, DECLARED)
    assert "was voided already" in said(administrator.post(address, DECLARED))
    assert "was voided already" in said(administrator.get(address))
    assert FiscalRecord.objects.filter(kind="annulment").count() == 1


def test_what_was_paid_is_not_annulled_but_corrected(administrator: Browser, invoice: Parts):
    record_payment(
        invoice_id=invoice.invoice.id,
        amount=Decimal(10),
        date=date(2026, 11, 25),
        by=builders.MARIA,
        now=timezone.now(),
    )
    page = page_of(administrator, invoice)
    assert "was paid, so the operation existed" in page
    assert "LIVA art. 80" in page
    assert url_of("correction", invoice.invoice.id) + "?method=differences&amp;reason=R1" in page
    assert "was paid" in said(administrator.post(url_of("annul", invoice.invoice.id), DECLARED))
    assert AuditEntry.objects.get(action="invoice.voided").after["code"] == "void_not_lawful"
    assert url_of("annul", invoice.invoice.id) not in page_of(administrator, invoice, "change")


def test_what_was_corrected_is_not_annulled_and_the_correction_is_shown(administrator: Browser, invoice: Parts):
    correction = builders.a_correction(invoice, builders.a_line(quantity="-0.5"), now=timezone.now())
    page = page_of(administrator, invoice)
    assert "correct it further" in page
    assert url_of("change", correction.invoice.id) in page


def test_a_draft_is_discarded_not_annulled(administrator: Browser, client_row: Client):
    draft = builders.a_draft(client_row)
    assert "a draft is discarded" in said(administrator.get(url_of("annul", draft.invoice.id)))
    administrator.post(url_of("annul", draft.invoice.id), DECLARED)
    assert Invoice.objects.get(id=draft.invoice.id).status == "draft"


@pytest.mark.parametrize("group", ["finance", "approver", "auditor"])
def test_who_may_not_annul_is_refused_and_not_tempted(invoice: Parts, group: str):
    browser = browser_of("nobody", group)
    assert browser.get(url_of("annul", invoice.invoice.id)).status_code == 403
    assert browser.post(url_of("annul", invoice.invoice.id), DECLARED).status_code == 403
    assert url_of("annul", invoice.invoice.id) not in page_of(browser, invoice, "change")
    assert not Annulment.objects.exists()


def test_a_hostile_reason_stays_text(administrator: Browser, invoice: Parts):
    hostile = "<script>alert(1)</script>"
    administrator.post(url_of("annul", invoice.invoice.id), {**DECLARED, "reason": hostile})
    assert hostile not in page_of(administrator, invoice, "change")


def test_the_list_shows_and_finds_what_was_annulled(administrator: Browser, invoice: Parts, client_row: Client):
    other = builders.an_invoice(client_row, now=timezone.now())
    void_invoice(invoice_id=invoice.invoice.id, reason="x", by=builders.MARIA, now=timezone.now())
    page = administrator.get(url_of("changelist"), {"status": "voided"}).content.decode()
    assert str(invoice.invoice.display_number) in page
    assert str(other.invoice.display_number) not in page


def test_the_records_show_what_the_aeat_said(administrator: Browser, invoice: Parts):
    record = FiscalRecord.objects.get(invoice=invoice.invoice)
    assert "waits to be sent" in page_of(administrator, invoice, "change")
    reply = answered(record, "rejected", code=1239, description="El NIF <b>no</b> está identificado")
    page = page_of(administrator, invoice, "change")
    assert "1239" in page
    assert "El NIF &lt;b&gt;no&lt;/b&gt;" in page
    assert f"/admin/verifactu/recordanswer/{reply.id}/change/" in page
