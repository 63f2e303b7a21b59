"""Corrections and voided invoices, as the admin shows them already."""

from __future__ import annotations

from django.test import Client as Browser

from billing.models import Invoice
from billing.services.voiding import void_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import url_of
from tests.builders import MARIA, NOW


def test_voided_invoices_have_a_filter_of_their_own(finance: Browser, client_row: Client) -> None:
    voided, issued = (builders.an_invoice(client_row).invoice for _ in range(2))
    void_invoice(invoice_id=voided.id, reason="prueba", by=MARIA, now=NOW)

    pages = {
        status: finance.get(url_of("changelist") + f"?status={status}").content.decode()
        for status in ("voided", "issued")
    }

    assert str(voided.display_number) in pages["voided"]
    assert str(issued.display_number) not in pages["voided"]
    assert str(issued.display_number) in pages["issued"]
    assert str(voided.display_number) not in pages["issued"]


def test_a_voided_invoice_is_looked_at_as_such(finance: Browser, client_row: Client) -> None:
    voided = builders.an_invoice(client_row).invoice
    void_invoice(invoice_id=voided.id, reason="prueba", by=MARIA, now=NOW)

    page = finance.get(url_of("change", voided.id))

    assert page.status_code == 200
    assert "voided" in page.content.decode()


def test_a_draft_of_a_correction_opens_in_the_editor(finance: Browser, client_row: Client) -> None:
    draft = builders.a_correction(builders.an_invoice(client_row), issue=False).invoice

    assert finance.get(url_of("change", draft.id)).status_code == 200
    assert Invoice.objects.get(id=draft.id).correction_method == "differences"
