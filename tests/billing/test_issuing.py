"""From a draft to a legal invoice."""

from decimal import Decimal

import pytest

from audit.models import AuditEntry
from billing.models import Document, Invoice, Seller
from billing.queries import get_invoice, parts_of
from billing.representation import represent
from billing.services.issuing import create_and_issue, issue_invoice
from billing.services.sellers import update_series
from core.errors import Invalid
from integrations.models import Event
from tests.builders import MARIA, NOW, SHOP, a_client, a_draft, a_line, a_seller, an_invoice, draft_for

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


def faults_at_issue(draft, *, on=None) -> dict[str | None, str]:
    with pytest.raises(Invalid) as refusal:
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW, on=on)
    return {fault.pointer: fault.code for fault in refusal.value.faults}


def test_a_live_full_invoice_needs_the_buyers_address():
    client = a_client(a_seller(mode="live", tax_id="B12345674"), tax_id="A58818501", city="")

    assert faults_at_issue(a_draft(client)) == {"#/client": "buyer_address_missing"}


def test_without_the_buyers_address_a_test_invoice_is_issued_with_a_warning():
    client = a_client(a_seller(), street="")
    made = create_and_issue(seller_id=client.seller_id, draft=draft_for(client), by=SHOP, now=NOW)

    assert [(warning.code, warning.pointer) for warning in made.warnings] == [("buyer_address_missing", "#/client")]
    assert made.parts.invoice.display_number == "A-2026-00001"


def test_a_retired_series_issues_no_more():
    draft = a_draft(a_client(a_seller()))
    update_series(series_id=draft.invoice.series_id, by=MARIA, description="", is_default=False, is_active=False)

    assert faults_at_issue(draft) == {"#/series": "series_inactive"}


def test_the_withholding_is_one_of_the_day_of_issue():
    palma = a_client(a_seller(territory="canary"))
    line = a_line(tax_rate="7")
    late = a_draft(palma, line, now=NOW.replace(year=2025), withholding_percent=Decimal(6))
    assert faults_at_issue(late) == {"#/withholding_percent": "withholding_not_in_force"}


def test_the_limit_of_simplified_invoices_is_the_sellers_of_now():
    draft = a_draft(a_client(a_seller(), name="Rosa", tax_id=""))
    Seller.objects.update(simplified_limit=100)

    assert faults_at_issue(draft) == {"#/fiscal_type": "simplified_over_limit"}
