"""From a draft to a legal invoice."""

from decimal import Decimal

import pytest

from audit.models import AuditEntry
from billing.models import Document, Invoice
from billing.queries import get_invoice, parts_of
from billing.representation import represent
from billing.services.issuing import issue_invoice
from integrations.models import Event
from tests.builders import NOW, SHOP, a_client, a_draft, a_line, a_seller, an_invoice

pytestmark = pytest.mark.django_db


def test_an_issued_invoice_has_its_number_record_audit_event_and_document():
    client = a_client(a_seller())
    parts = an_invoice(
        client, a_line(quantity="3", price="33.335", discount_percent="10"), a_line("Libro", "10.00", tax_rate="4")
    )

    invoice = Invoice.objects.get()
    assert invoice.display_number == "A-2026-00001"
    assert invoice.gross_total == Decimal("119.30")
    assert invoice.fiscal_records.get().fingerprint == parts.record.fingerprint
    assert AuditEntry.objects.filter(action="invoice.issued", subject_id=str(invoice.id)).count() == 1
    assert Event.objects.filter(type="invoice.issued", object_id=str(invoice.id)).count() == 1
    assert Document.objects.get().invoice_id == invoice.id


def test_what_is_answered_is_what_is_read_again():
    client = a_client(a_seller())
    parts = an_invoice(client, a_line(quantity="3", price="33.335", discount_percent="10"))

    assert represent(parts) == represent(parts_of(get_invoice(parts.invoice.id)))


def test_a_draft_is_issued_later_with_the_next_number():
    client = a_client(a_seller())
    an_invoice(client)
    draft = a_draft(client)

    issued = issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)

    assert issued.invoice.display_number == "A-2026-00002"
    assert represent(issued) == represent(parts_of(get_invoice(draft.invoice.id)))
