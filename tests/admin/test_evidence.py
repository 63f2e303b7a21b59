"""Records, events, keys, payments and documents: found by what people hold in their hands."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from billing.models import Document, Invoice
from billing.services.payments import record_payment
from clients.models import Client
from integrations.models import IdempotencyKey
from tests import builders
from verifactu.models import FiscalRecord


@pytest.fixture
def invoice(client_row: Client) -> Invoice:
    now = timezone.now()
    invoice = builders.an_invoice(client_row, now=now).invoice
    record_payment(invoice_id=invoice.id, amount=invoice.amount_due, date=now.date(), by=builders.MARIA, now=now)
    IdempotencyKey.objects.create(
        seller=invoice.seller, mode="test", key="order-1001", fingerprint=b"x", status=201, body=b"{}", created_at=now
    )
    return invoice


def count(browser: Browser, model: str, query: dict[str, str]) -> int:
    return len(browser.get(reverse(f"admin:{model}_changelist"), query).context["cl"].result_list)


def known(invoice: Invoice) -> dict[str, list[str]]:
    """For each list what finds the rows of the invoice, exactly."""
    record = FiscalRecord.objects.get(invoice=invoice)
    number = str(invoice.display_number)
    return {
        "verifactu_fiscalrecord": [number, record.fingerprint, record.fingerprint.lower()],
        "integrations_event": [str(invoice.id)],
        "integrations_idempotencykey": ["order-1001"],
        "billing_payment": [number],
        "billing_document": [number],
    }


def test_each_is_found_by_its_own_words_and_by_no_others(auditor: Browser, invoice: Invoice):
    for model, terms in known(invoice).items():
        assert count(auditor, model, {}) > 0, model
        assert count(auditor, model, {"q": "nothing of the kind"}) == 0, model
        for term in terms:
            assert count(auditor, model, {"q": f" {term} "}) > 0, (model, term)


def test_documents_are_told_apart_by_their_state(auditor: Browser, invoice: Invoice):
    assert count(auditor, "billing_document", {"state": "pending"}) == 1
    Document.objects.filter(invoice=invoice).update(state="failed", last_error="A font is missing")
    assert count(auditor, "billing_document", {"state": "pending"}) == 0
    page = auditor.get(reverse("admin:billing_document_changelist"), {"state": "failed"}).content.decode()
    assert "A font is missing" in page


def test_what_a_key_answered_is_not_shown(auditor: Browser, invoice: Invoice):
    """The stored answer may hold personal data; the key alone is what one looks for."""
    key = IdempotencyKey.objects.get()
    page = auditor.get(reverse("admin:integrations_idempotencykey_change", args=[key.id])).content.decode()
    assert "order-1001" in page
    assert "fingerprint" not in page


def test_a_payments_page_leads_to_its_invoice(auditor: Browser, invoice: Invoice):
    payment = invoice.payments.get()
    page = auditor.get(reverse("admin:billing_payment_change", args=[payment.id])).content.decode()
    assert reverse("admin:billing_invoice_change", args=[invoice.id]) in page
