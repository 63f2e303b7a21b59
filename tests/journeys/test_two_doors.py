"""One draft through the machine's door and one through the person's: the same invoice."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client as Browser
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Document, Invoice
from clients.models import Client
from integrations.models import Event
from tests import builders
from tests.admin.people import a_line, browser_of, draft_form, hidden, url_of
from tests.api.machines import Machine, a_machine
from verifactu.models import FiscalRecord

# What tells two invoices apart that say the same: ids and numbers, instants, and who did it through what.
OWN = {
    "invoice": {
        "id",
        "number",
        "display_number",
        "created_at",
        "updated_at",
        "issued_at",
        "created_by",
        "issued_by",
        "correlation_id",
    },
    "line": {"id", "invoice_id"},
    "record": {
        "id",
        "invoice_id",
        "number",
        "sequence",
        "fingerprint",
        "previous_fingerprint",
        "generated_at",
        "generated_at_text",
        "xml",
        "xml_sha256",
        "qr_url",
        "external_reference",
    },
    "document": {"id", "invoice_id", "created_at", "due_at"},
}


def told(row: Model, kind: str) -> dict[str, Any]:
    """What a row says, without what is its own."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in OWN[kind]
    }


def by_machine(machine: Machine, client: Client) -> Invoice:
    body = {
        "client": str(client.id),
        "operation_date": timezone.localdate().isoformat(),
        "due_date": "2099-12-31",
        "withholding_percent": "15",
        "purchase_order": "PO-77",
        "notes": "Gracias",
        "lines": [
            {
                "description": "Consultoría",
                "quantity": "12.5",
                "unit_price": "65.335",
                "discount_percent": "10",
                "tax_rate": "21",
            },
            {"description": "Libro", "unit_price": "18.90", "tax_rate": "4"},
            {"description": "Formación", "unit_price": "240", "exemption_code": "E1"},
        ],
    }
    made = machine.post("/invoices", body).json()
    machine.post(f"/invoices/{made['id']}/issue")
    return Invoice.objects.get(id=made["id"])


def by_hand(browser: Browser, client: Client) -> Invoice:
    lines = [
        a_line("Consultoría", "65,335", quantity="12,5", discount_percent="10"),
        a_line("Libro", "18,90", treatment="IVA|S1||4"),
        a_line("Formación", "240", treatment="IVA|E|E1|0"),
    ]
    head = {
        "operation_date": timezone.localdate().isoformat(),
        "due_date": "2099-12-31",
        "withholding_percent": "15",
        "purchase_order": "PO-77",
        "notes": "Gracias",
    }
    answer = browser.post(url_of("add"), draft_form(client, *lines, **head))
    draft = answer["Location"].split("/")[-3]
    page = browser.get(url_of("confirm", draft)).content.decode()
    browser.post(url_of("confirm", draft), {"digest": hidden(page, "digest"), "on": hidden(page, "on"), "issue": "1"})
    return Invoice.objects.get(id=draft)


@pytest.fixture
def both(db: None) -> list[Invoice]:
    client = builders.a_client(builders.a_seller())
    machine, browser = a_machine(client.seller), browser_of("pablo", "approver", language="es")
    return [by_machine(machine, client), by_hand(browser, client)]


def test_both_are_issued_one_after_the_other(both: list[Invoice]):
    assert [invoice.number for invoice in both] == [1, 2]
    assert [invoice.issued_by.split(":")[0] for invoice in both] == ["token", "user"]


def test_both_say_the_same(both: list[Invoice]):
    machine, hand = both
    assert told(machine, "invoice") == told(hand, "invoice")
    for rows in ("lines", "tax_subtotals"):
        first, second = ([told(row, "line") for row in getattr(invoice, rows).all()] for invoice in both)
        assert first == second


def test_both_have_their_record_and_their_document(both: list[Invoice]):
    records = [FiscalRecord.objects.get(invoice=invoice) for invoice in both]
    assert told(records[0], "record") == told(records[1], "record")
    assert records[1].previous_fingerprint == records[0].fingerprint
    documents = [told(Document.objects.get(invoice=invoice), "document") for invoice in both]
    assert documents[0] == documents[1]


def test_both_told_the_world_the_same(both: list[Invoice]):
    machine, hand = ([event.type for event in Event.objects.filter(object_id=str(i.id)).order_by("id")] for i in both)
    assert machine == hand == ["invoice.created", "invoice.issued"]
    payloads = [Event.objects.get(object_id=str(i.id), type="invoice.issued").payload for i in both]
    assert payloads[0].keys() == payloads[1].keys()
    same = ("lines", "tax_subtotals", "gross_total", "amount_due", "buyer", "fiscal_type", "payment_status")
    assert [payloads[0][name] for name in same] == [payloads[1][name] for name in same]


def test_the_log_knows_who_came_through_which_door(both: list[Invoice]):
    entries = [AuditEntry.objects.get(action="invoice.issued", subject_id=str(i.id)) for i in both]
    assert [(entry.actor_kind, entry.actor_name) for entry in entries] == [("token", "shop"), ("user", "pablo")]
    assert all(entry.request_id and entry.address for entry in entries)
    approvals = [AuditEntry.objects.filter(action="invoice.approved", subject_id=str(i.id)).count() for i in both]
    assert approvals == [0, 1]
