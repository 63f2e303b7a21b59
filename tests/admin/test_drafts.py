"""Drafts, written by hand."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.utils import timezone
from lxml import html

from audit.models import AuditEntry, Outcome
from billing.models import Invoice, InvoiceStatus, Seller
from billing.queries import parts_of
from billing.representation import content_digest
from billing.services.reviewing import approve_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import a_line, draft_form, errors_of, hidden, url_of


def post(browser: Browser, form: dict[str, str], *args: object):
    return browser.post(url_of("change", *args) if args else url_of("add"), form)


def stored() -> Invoice:
    return Invoice.objects.get()


def test_a_form_becomes_a_draft_without_a_number(finance: Browser, client_row: Client):
    answer = post(finance, draft_form(client_row, operation_date="2026-11-20", notes="Gracias"))
    invoice = stored()
    assert answer.status_code == 302
    assert answer["Location"] == url_of("change", invoice.id)
    assert (invoice.status, invoice.display_number) == (InvoiceStatus.DRAFT, None)
    assert invoice.gross_total == Decimal("131.40")
    assert invoice.notes == "Gracias"
    assert [line.description for line in invoice.lines.all()] == ["Consultoría", "Libro"]


def test_the_author_is_the_person_with_the_request_that_they_made(finance: Browser, client_row: Client):
    answer = post(finance, draft_form(client_row))
    entry = AuditEntry.objects.get(action="invoice.created")
    assert stored().created_by == "user:maria"
    assert (entry.actor_kind, entry.actor_name, entry.address) == ("user", "maria", "127.0.0.1")
    assert entry.request_id == answer["X-Request-ID"]


def test_numbers_are_read_in_the_persons_language(finance: Browser, client_row: Client):
    form = draft_form(client_row, a_line(quantity="12,5", unit_price="1.065,00"))
    finance.post(url_of("add"), form, headers={"Accept-Language": "es"})
    assert stored().net_total == Decimal("13312.50")


def test_a_number_that_can_be_read_in_two_ways_is_refused(finance: Browser, client_row: Client):
    form = draft_form(client_row, a_line(unit_price="1.500"))
    answer = finance.post(url_of("add"), form, headers={"Accept-Language": "es"})
    assert len(errors_of(answer.content.decode(), "lines-0-unit_price")) == 1
    assert not Invoice.objects.exists()


def test_a_blank_line_is_passed_over(finance: Browser, client_row: Client):
    blank = a_line("", "")
    form = draft_form(client_row, a_line(), blank, a_line("Libro", "10.00", treatment="IVA|S1||4"))
    post(finance, form)
    assert [line.position for line in stored().lines.all()] == [1, 2]


def test_every_fault_stands_at_its_field(finance: Browser, client_row: Client):
    form = draft_form(
        client_row,
        a_line(),
        a_line("", ""),
        a_line("Pan", "1.00", treatment="IVA|S1||5"),
        a_line("Vino", "5.00", treatment="IVA|S1||21", discount_percent="101"),
    )
    page = post(finance, form).content.decode()
    assert "no rate of 5" in errors_of(page, "lines-2-treatment")[0]
    assert errors_of(page, "lines-3-discount_percent") == ["A discount is between 0 and 100 %."]
    assert errors_of(page, "lines-0-treatment") == []
    assert not Invoice.objects.exists()


def test_a_fault_of_the_whole_invoice_stands_at_its_head(finance: Browser, seller: Seller):
    page = post(finance, draft_form(None, a_line(unit_price="1000"))).content.decode()
    assert any("simplified invoice may reach" in text for text in errors_of(page, "fiscal_type"))


def test_another_sellers_client_is_refused_at_the_client(finance: Browser, client_row: Client):
    other = builders.a_client(builders.a_seller(tax_id="99999972C"))
    answer = finance.post(url_of("add") + f"?seller={client_row.seller_id}", draft_form(other))
    assert "no such client" in answer.content.decode()
    assert not Invoice.objects.exists()


def test_what_was_refused_is_written_down(finance: Browser, client_row: Client):
    post(finance, draft_form(client_row, a_line(treatment="IVA|S1||5")))
    entry = AuditEntry.objects.get(action="invoice.created")
    assert entry.outcome == Outcome.REFUSED
    assert entry.after == {"code": "validation_failed", "faults": ["tax_rate_not_in_force"]}


def test_shapes_and_the_law_are_told_apart(finance: Browser, client_row: Client):
    """What is no number never reaches the service, and is not an act that was refused."""
    page = post(finance, draft_form(client_row, a_line(quantity="many"), due_date="tomorrow")).content.decode()
    assert errors_of(page, "lines-0-quantity")
    assert errors_of(page, "due_date")
    assert not AuditEntry.objects.filter(action="invoice.created").exists()


def test_a_tax_by_hand_is_taken(finance: Browser, client_row: Client):
    post(finance, draft_form(client_row, a_line(treatment="hand", tax="OTHER", tax_rate="12,5")))
    line = stored().lines.get()
    assert (line.tax, line.tax_rate) == ("OTHER", Decimal("12.50"))


@pytest.mark.parametrize("treatment", ["IVA|S1|x", "IVA|S1||x", "", "21"])
def test_a_malformed_treatment_is_refused(finance: Browser, client_row: Client, treatment: str):
    page = post(finance, draft_form(client_row, a_line(treatment=treatment))).content.decode()
    assert errors_of(page, "lines-0-treatment")


def form_of(browser: Browser, invoice: Invoice, *lines: dict[str, str], **head: str) -> dict[str, str]:
    """The form of a stored draft, with the digest that its page carries."""
    page = browser.get(url_of("change", invoice.id)).content.decode()
    return {**draft_form(invoice.client, *lines, **head), "seen": hidden(page, "seen")}


def test_a_draft_is_changed(finance: Browser, client_row: Client):
    invoice = builders.a_draft(client_row).invoice
    answer = post(finance, form_of(finance, invoice, a_line("Otra cosa", "7.00")), invoice.id)
    assert answer.status_code == 302
    assert stored().gross_total == Decimal("8.47")
    assert AuditEntry.objects.filter(action="invoice.changed", actor_name="maria").count() == 1


def test_nobody_writes_over_what_somebody_else_wrote(finance: Browser, client_row: Client):
    invoice = builders.a_draft(client_row).invoice
    form = form_of(finance, invoice, a_line("Mine", "7.00"))
    post(finance, form, invoice.id)
    answer = finance.post(url_of("change", invoice.id), {**form, "lines-0-description": "Theirs"}, follow=True)
    assert "Somebody changed the draft" in answer.content.decode()
    assert stored().lines.get().description == "Mine"
    refused = AuditEntry.objects.get(action="invoice.changed", outcome=Outcome.REFUSED)
    assert refused.after["code"] == "draft_changed"


def all_fields(page: str) -> dict[str, str]:
    """Every field of the draft's form with the value that the page shows, as a browser would send it."""
    form = html.fromstring(page).get_element_by_id("draft")
    for template in form.iter("template"):
        template.getparent().remove(template)
    return dict(form.form_values())


@pytest.mark.parametrize("language", ["es", "en"])
def test_saving_a_stored_draft_as_it_is_changes_nothing(finance: Browser, client_row: Client, language: str):
    """All that a draft can hold survives the form, in both languages, shown there or not."""
    lines = [
        builders.a_line(quantity="-2.5", discount_percent="12.5", product_code="CONS"),
        builders.a_line("Exento", "33.335", tax_rate=Decimal(0), tax_category="E", exemption_code="E1"),
        builders.a_line("Tabaco", "5000.00", surcharge_rate="1.75"),
        builders.a_line("Otro", "7.00", tax="OTHER", tax_rate="3", regime_code=""),
        builders.a_line("Caja", "10.00", regime_code="07"),
    ]
    parts = builders.a_draft(
        client_row,
        *lines,
        equivalence_surcharge=True,
        withholding_percent=Decimal(15),
        currency="USD",
        exchange_rate=Decimal("1.0825"),
        purchase_order="PO-1",
        payment_terms="30 días",
        notes="Uno\nDos",
        metadata={"k": "v"},
        external_id="ext-1",
        language="en",
        due_date=builders.NOW.date(),
    )
    page = finance.get(url_of("change", parts.invoice.id), headers={"Accept-Language": language}).content.decode()
    answer = finance.post(url_of("change", parts.invoice.id), all_fields(page), headers={"Accept-Language": language})
    after = parts_of(stored())
    assert answer.status_code == 302, re.findall(r"co-error[^>]*>(.*?)<", answer.content.decode())
    assert content_digest(after.invoice, after.lines) == content_digest(parts.invoice, parts.lines)
    assert (after.invoice.metadata, after.invoice.external_id) == ({"k": "v"}, "ext-1")
    assert after.invoice.exchange_rate == Decimal("1.0825")


def test_a_changed_draft_derives_its_type_again(finance: Browser, client_row: Client):
    invoice = builders.a_draft(client_row).invoice
    form = form_of(finance, invoice, a_line(unit_price="10.00"))
    post(finance, {**form, "client": ""}, invoice.id)
    assert (stored().fiscal_type, stored().series.code) == ("F2", "S")


def test_an_approved_draft_goes_back_to_review_when_it_is_changed(finance: Browser, client_row: Client):
    invoice = builders.a_draft(client_row).invoice
    approve_invoice(invoice_id=invoice.id, by=builders.PABLO, now=timezone.now())
    post(finance, form_of(finance, invoice, a_line("Otra cosa", "7.00")), invoice.id)
    assert stored().status == InvoiceStatus.IN_REVIEW


def test_who_has_several_sellers_says_first_for_which(finance: Browser, client_row: Client):
    builders.a_seller(tax_id="99999972C", legal_name="Otra, S.L.")
    page = finance.get(url_of("add")).content.decode()
    assert f"?seller={client_row.seller_id}" in page
    assert 'id="draft"' not in page
    answer = finance.post(f"{url_of('add')}?seller={client_row.seller_id}", draft_form(client_row))
    assert answer.status_code == 302


@pytest.mark.parametrize("seller", ["nonsense", "0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"])
def test_a_seller_that_is_none_is_not_found(finance: Browser, seller: str):
    assert finance.get(f"{url_of('add')}?seller={seller}").status_code == 404


@pytest.mark.parametrize("invoice", ["nonsense", "0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"])
def test_an_invoice_that_is_none_is_not_found(finance: Browser, invoice: str):
    assert finance.get(url_of("changelist") + f"{invoice}/change/").status_code == 404


def test_an_auditor_sees_a_draft_and_no_field_to_write_in(auditor: Browser, client_row: Client):
    invoice = builders.a_draft(client_row).invoice
    page = auditor.get(url_of("change", invoice.id))
    assert page.status_code == 200
    assert 'id="draft"' not in page.content.decode()
    assert auditor.post(url_of("change", invoice.id), draft_form(client_row)).status_code == 403


def test_a_foreign_business_is_a_client_like_others(finance: Browser, seller: Seller):
    foreign = builders.a_client(seller, tax_id="DE999999903", country="DE", name="Musterfirma GmbH")
    post(finance, draft_form(foreign, a_line(treatment="IVA|E|E5|0")))
    invoice = stored()
    assert (invoice.buyer_name, invoice.tax_total) == ("Musterfirma GmbH", 0)
