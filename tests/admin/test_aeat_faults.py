"""What the AEAT would object to, said to people at the field and by its number."""

from __future__ import annotations

from django.test import Client as Browser

from billing.models import Invoice, Seller
from clients.models import Client
from tests import builders
from tests.admin.people import a_line, draft_form, url_of
from tests.admin.test_drafts import errors_of, post
from tests.admin.test_previews import preview

E5 = {"treatment": "IVA|E|E5|0"}


def test_each_fault_stands_at_the_field_of_its_line(finance: Browser, client_row: Client):
    form = draft_form(client_row, a_line(), a_line("", ""), a_line("Envío", **E5), a_line("Grupo", regime_code="06"))

    page = post(finance, form).content.decode()

    assert errors_of(page, "lines-2-treatment") == [
        "The buyer of an intra-EU supply (E5) is not named by a NIF. (AEAT 1289)"
    ]
    assert errors_of(page, "lines-3-regime_code")[0].endswith("(AEAT 1202)")
    assert errors_of(page, "lines-0-treatment") == []
    assert not Invoice.objects.exists()


def test_while_one_types_it_is_told_in_the_persons_language(finance: Browser, client_row: Client):
    shown = preview(finance, client_row, draft_form(client_row, a_line(), a_line(**E5)), "es")

    [fault] = shown["faults"]
    assert fault["field"] == "lines-1-treatment"
    assert fault["text"].startswith("Línea 2: ")
    assert fault["text"].endswith("(AEAT 1289)")


def test_a_fault_of_all_lines_together_stands_at_the_head(finance: Browser, client_row: Client):
    rates = ["0.5", "1", "2", "3", "3.5", "4", "5", "6", "7", "8", "9", "9.5", "10"]
    lines = [a_line(treatment=f"IPSI|S1||{rate}") for rate in rates]

    page = post(finance, draft_form(client_row, *lines)).content.decode()

    assert "13. (AEAT 4113)" in page


def test_what_it_only_minds_is_read_before_the_button_is_pressed(approver: Browser, seller: Seller):
    american = builders.a_client(seller, tax_id="999999999", country="US", name="Nowhere Widgets, Inc.")
    correction = builders.a_correction(builders.an_invoice(american), reason="R2", issue=False)

    page = approver.get(url_of("confirm", correction.invoice.id)).content.decode()

    assert "not to take this kind of id. (AEAT 1192)" in page
    assert 'name="issue"' in page
