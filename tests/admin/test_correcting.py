"""«Corregir» and «Sustituir por factura completa»: from an issued invoice to a draft, and to what is left."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.test import Client as Browser
from django.utils import timezone
from lxml import html

from audit.models import AuditEntry, Outcome
from billing.models import Invoice, InvoiceStatus, PrecedingInvoice, Seller
from billing.representation import Parts
from billing.services.voiding import void_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import a_line, draft_form, errors_of, hidden, url_of

DIFFERENCES = "?method=differences&reason=R1"
SUBSTITUTION = "?method=substitution&reason=R4"


@pytest.fixture
def invoice(client_row: Client) -> Parts:
    """Two lines: 100.00 at 21 %, 10.00 at 4 %."""
    lines = (builders.a_line(), builders.a_line("Libro", "10.00", tax_rate="4"))
    return builders.an_invoice(client_row, *lines, now=timezone.now())


def lines_page(parts: Parts, query: str = DIFFERENCES) -> str:
    return url_of("correction", parts.invoice.id) + query


def fields_of(page: str) -> dict[str, str]:
    """What the draft's form would send if nothing were touched."""
    form = html.fromstring(page).get_element_by_id("draft")
    return {name: value for name, value in form.form_values() if "__prefix__" not in name}


def returned(client: Client, page: str, *lines: dict[str, str], **head: str) -> dict[str, str]:
    return draft_form(client, *lines, once=hidden(page, "once"), fiscal_type="R1", **head)


def said(answer: object) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def text_of(answer: object) -> str:
    return answer.content.decode()


# --- how and why -----------------------------------------------------------------------------------------------------


def test_one_is_asked_how_and_why_with_the_days_of_the_law(finance: Browser, invoice: Parts):
    page = text_of(finance.get(url_of("correct", invoice.invoice.id)))
    tree = html.fromstring(page)
    assert tree.xpath("//input[@name='method']/@value") == ["differences", "substitution"]
    assert tree.xpath("//input[@name='reason']/@value") == ["R1", "R2", "R3", "R4"]
    assert "LIVA art. 80.Cuatro" in page


def test_a_ticket_is_corrected_by_r5_alone(finance: Browser, seller: Seller):
    ticket = builders.a_ticket(seller, now=timezone.now())
    tree = html.fromstring(text_of(finance.get(url_of("correct", ticket.invoice.id))))
    assert tree.xpath("//input[@name='reason']/@value") == ["R5"]


def test_the_answers_lead_to_the_lines(finance: Browser, invoice: Parts):
    answer = finance.get(url_of("correct", invoice.invoice.id) + SUBSTITUTION + "&go=1&event_date=&also=")
    assert answer["Location"].startswith(url_of("correction", invoice.invoice.id) + SUBSTITUTION)


@pytest.mark.parametrize("query", ["?method=magic&reason=R1", "?method=differences&reason=R5", "?event_date=soon", ""])
def test_what_is_not_answered_is_asked_again(finance: Browser, invoice: Parts, query: str):
    answer = finance.get(lines_page(invoice, query))
    assert answer["Location"].startswith(url_of("correct", invoice.invoice.id))
    assert finance.get(answer["Location"]).status_code == 200


def test_an_unknown_number_is_said_and_kept_and_escaped(finance: Browser, invoice: Parts):
    hostile = "<script>%(x)s</script>"
    query = {"method": "differences", "reason": "R1", "also": hostile, "go": "1"}
    page = text_of(finance.get(url_of("correct", invoice.invoice.id), query))
    assert "There is no issued invoice with this number" in page
    assert hostile not in page
    assert html.fromstring(page).xpath("//input[@name='also']/@value") == [hostile]


# --- the lines -------------------------------------------------------------------------------------------------------


def test_by_differences_all_that_is_left_is_proposed(finance: Browser, invoice: Parts):
    sent = fields_of(text_of(finance.get(lines_page(invoice))))
    assert (sent["lines-0-quantity"], sent["lines-1-quantity"]) == ("-1", "-1")
    assert sent["fiscal_type"] == "R1"
    answer = finance.post(lines_page(invoice), sent)
    draft = Invoice.objects.get(status=InvoiceStatus.DRAFT)
    assert answer["Location"] == url_of("change", draft.id)
    assert (draft.gross_total, draft.correction_method, draft.fiscal_type) == (Decimal("-131.40"), "differences", "R1")


def test_by_substitution_the_invoice_is_proposed_as_it_was(finance: Browser, invoice: Parts):
    sent = fields_of(text_of(finance.get(lines_page(invoice, SUBSTITUTION))))
    assert (sent["lines-0-quantity"], sent["lines-0-description"]) == ("1", "Consultoría")
    finance.post(lines_page(invoice, SUBSTITUTION), {**sent, "lines-0-description": "Asesoría"})
    draft = Invoice.objects.get(status=InvoiceStatus.DRAFT)
    assert (draft.gross_total, draft.replaced_net_eur) == (Decimal("131.40"), Decimal("110.00"))


def test_a_part_is_taken_back(finance: Browser, invoice: Parts, client_row: Client):
    page = text_of(finance.get(lines_page(invoice)))
    finance.post(lines_page(invoice), returned(client_row, page, a_line("Devolución", "40.00", quantity="-1")))
    assert Invoice.objects.get(status=InvoiceStatus.DRAFT).gross_total == Decimal("-48.40")


def test_more_than_is_left_is_refused_and_what_was_typed_stays(finance: Browser, invoice: Parts, client_row: Client):
    page = text_of(finance.get(lines_page(invoice)))
    answer = finance.post(lines_page(invoice), returned(client_row, page, a_line("Todo y más", "101", quantity="-1")))
    shown = text_of(answer)
    assert "More is taken back than is left of IVA at 21" in shown
    assert fields_of(shown)["lines-0-description"] == "Todo y más"
    assert not Invoice.objects.filter(status=InvoiceStatus.DRAFT).exists()
    refused = AuditEntry.objects.get(action="invoice.created", outcome=Outcome.REFUSED)
    assert refused.after["faults"] == ["correction_exceeds_what_is_left"]


def test_pressing_twice_makes_one_correction(finance: Browser, invoice: Parts, client_row: Client):
    sent = fields_of(text_of(finance.get(lines_page(invoice))))
    first = finance.post(lines_page(invoice), sent)
    second = finance.post(lines_page(invoice), {**sent, "notes": "otra cosa"})
    assert second["Location"] == first["Location"]
    assert "saved before" in said(second)
    assert Invoice.objects.filter(status=InvoiceStatus.DRAFT).count() == 1


def test_several_invoices_are_corrected_at_once(finance: Browser, invoice: Parts, client_row: Client):
    other = builders.an_invoice(client_row, now=timezone.now())
    query = f"{DIFFERENCES}&also={other.invoice.display_number}"
    finance.post(lines_page(invoice, query), fields_of(text_of(finance.get(lines_page(invoice, query)))))
    draft = Invoice.objects.get(status=InvoiceStatus.DRAFT)
    assert draft.gross_total == Decimal("-252.40")
    assert PrecedingInvoice.objects.filter(invoice=draft).count() == 2


def test_what_is_left_is_shown_while_one_types(finance: Browser, invoice: Parts, client_row: Client):
    address = url_of("preview") + f"{DIFFERENCES}&seller={invoice.invoice.seller_id}&corrects={invoice.invoice.id}"
    sent = draft_form(client_row, a_line("Devolución", "40.00", quantity="-1"), fiscal_type="R1")
    shown = json.loads(finance.post(address, sent).content)
    assert shown["totals"][-1] == {"name": "left", "label": "Left after this", "amount": "83.00\u00a0€"}
    sent = draft_form(client_row, a_line("Devolución", "140.00", quantity="-1"), fiscal_type="R1")
    assert "100.00 of the base" in json.loads(finance.post(address, sent).content)["faults"][0]["text"]


@pytest.mark.parametrize("name", ["corrects", "replaces", "draft"])
def test_live_totals_about_nothing_are_not_found(finance: Browser, invoice: Parts, client_row: Client, name: str):
    address = url_of("preview") + f"?seller={invoice.invoice.seller_id}&{name}="
    for about in ("x", "00000000-0000-0000-0000-000000000000"):
        assert finance.post(address + about, draft_form(client_row)).status_code == 404


def test_a_draft_is_not_corrected(finance: Browser, client_row: Client):
    draft = builders.a_draft(client_row)
    for address in (url_of("correct", draft.invoice.id), lines_page(draft)):
        answer = finance.get(address, follow=True)
        assert "a draft is edited" in text_of(answer)


def test_a_voided_invoice_is_not_corrected(finance: Browser, invoice: Parts):
    void_invoice(invoice_id=invoice.invoice.id, reason="duplicada", by=builders.MARIA, now=timezone.now())
    assert "counts as never issued" in said(finance.get(url_of("correct", invoice.invoice.id)))
    assert "counts as never issued" in said(finance.get(lines_page(invoice)))


def test_of_what_is_used_up_nothing_is_proposed(finance: Browser, invoice: Parts):
    builders.a_correction(invoice, now=timezone.now())
    assert "everything was taken back" in said(finance.get(lines_page(invoice)))


def test_an_auditor_corrects_nothing(auditor: Browser, invoice: Parts):
    for name in ("correct", "correction", "replace"):
        assert auditor.get(url_of(name, invoice.invoice.id) + DIFFERENCES).status_code == 403
        assert auditor.post(url_of(name, invoice.invoice.id) + DIFFERENCES).status_code in {403, 405}
    assert "Correct</a>" not in text_of(auditor.get(url_of("change", invoice.invoice.id)))


# --- the draft of a correction ---------------------------------------------------------------------------------------


@pytest.fixture
def draft(invoice: Parts) -> Parts:
    line = builders.a_line("Devolución", "40.00", quantity="-1")
    return builders.a_correction(invoice, line, issue=False, now=timezone.now())


def test_the_draft_says_what_it_corrects_and_what_would_be_left(finance: Browser, invoice: Parts, draft: Parts):
    page = text_of(finance.get(url_of("change", draft.invoice.id)))
    assert str(invoice.invoice.display_number) in page
    assert "131.40\u00a0€" in page
    assert "<strong>83.00\u00a0€</strong>" in page


def test_the_draft_stays_a_correction_when_it_is_changed(finance: Browser, draft: Parts):
    sent = fields_of(text_of(finance.get(url_of("change", draft.invoice.id))))
    finance.post(url_of("change", draft.invoice.id), {**sent, "lines-0-unit_price": "30", "fiscal_type": "R4"})
    changed = Invoice.objects.get(id=draft.invoice.id)
    assert (changed.gross_total, changed.fiscal_type) == (Decimal("-36.30"), "R4")
    assert PrecedingInvoice.objects.filter(invoice=changed).exists()


def test_it_is_issued_from_the_page_that_shows_it(approver: Browser, invoice: Parts, draft: Parts):
    address = url_of("confirm", draft.invoice.id)
    page = text_of(approver.get(address))
    assert "It cannot be issued" not in page
    assert "Once this is issued: <strong>83.00\u00a0€</strong>" in page
    approver.post(address, {"digest": hidden(page, "digest"), "on": hidden(page, "on"), "issue": "1"})
    issued = Invoice.objects.get(id=draft.invoice.id)
    assert issued.display_number == f"R-{issued.issue_date:%Y}-00001"
    original = text_of(approver.get(url_of("change", invoice.invoice.id)))
    assert "Corrected by" in original
    assert str(issued.display_number) in original
    assert "In effect after all corrections" in original
    assert str(invoice.invoice.display_number) in text_of(approver.get(url_of("change", issued.id)))


def test_the_original_points_to_the_draft_that_is_being_prepared(finance: Browser, invoice: Parts, draft: Parts):
    for name in ("change", "correct"):
        page = text_of(finance.get(url_of(name, invoice.invoice.id)))
        assert "being prepared" in page
        assert url_of("change", draft.invoice.id) in page


def test_a_draft_whose_original_was_voided_says_so_and_cannot_be_issued(
    approver: Browser, invoice: Parts, draft: Parts
):
    void_invoice(invoice_id=invoice.invoice.id, reason="duplicada", by=builders.MARIA, now=timezone.now())
    assert "annulled meanwhile" in text_of(approver.get(url_of("change", draft.invoice.id)))
    page = text_of(approver.get(url_of("confirm", draft.invoice.id)))
    assert "counts as never issued" in page
    assert html.fromstring(page).xpath("//button[@name='issue']/@disabled")
    sent = fields_of(text_of(approver.get(url_of("change", draft.invoice.id))))
    assert "counts as never issued" in said(approver.post(url_of("change", draft.invoice.id), sent))


def test_hostile_text_stays_text(finance: Browser, client_row: Client):
    hostile = '"><script>alert(1)</script>'
    invoice = builders.an_invoice(client_row, builders.a_line(hostile), now=timezone.now())
    page = text_of(finance.get(lines_page(invoice)))
    assert hostile not in page
    assert fields_of(page)["lines-0-description"] == hostile


# --- a full invoice for a ticket -------------------------------------------------------------------------------------


@pytest.fixture
def ticket(seller: Seller) -> Parts:
    return builders.a_ticket(seller, now=timezone.now())


def test_a_ticket_is_replaced_by_a_full_invoice(finance: Browser, ticket: Parts, client_row: Client):
    address = url_of("replace", ticket.invoice.id)
    sent = fields_of(text_of(finance.get(address)))
    answer = finance.post(address, {**sent, "client": str(client_row.id)})
    draft = Invoice.objects.get(status=InvoiceStatus.DRAFT)
    assert answer["Location"] == url_of("change", draft.id)
    assert (draft.fiscal_type, draft.gross_total, draft.buyer_tax_id) == (
        "F3",
        ticket.invoice.gross_total,
        client_row.tax_id,
    )


def test_a_replacement_wants_a_buyer(finance: Browser, ticket: Parts):
    address = url_of("replace", ticket.invoice.id)
    page = text_of(finance.post(address, fields_of(text_of(finance.get(address)))))
    assert "A full invoice needs a buyer with a tax id" in page
    assert not Invoice.objects.filter(status=InvoiceStatus.DRAFT).exists()


def test_other_tickets_are_replaced_with_it(finance: Browser, seller: Seller, ticket: Parts, client_row: Client):
    other = builders.a_ticket(seller, "20.80", now=timezone.now())
    address = url_of("replace", ticket.invoice.id)
    sent = fields_of(text_of(finance.get(address))) | {"client": str(client_row.id)}
    wrong = text_of(finance.post(address, {**sent, "also": "S-1999-1"}))
    assert errors_of(wrong.replace('data-field="also"', 'data-field="also"'), "also")
    finance.post(address, {**sent, "also": str(other.invoice.display_number)})
    assert Invoice.objects.get(status=InvoiceStatus.DRAFT).gross_total == Decimal("32.90")


def test_what_is_replaced_by_typing_is_shown_while_one_types(finance: Browser, ticket: Parts, client_row: Client):
    address = url_of("preview") + f"?seller={ticket.invoice.seller_id}&replaces={ticket.invoice.id}"
    shown = json.loads(finance.post(address, draft_form(client_row, a_line(description=""))).content)
    assert shown["totals"][-1]["amount"] == "12.10\u00a0€"


def test_two_presses_replace_once(finance: Browser, ticket: Parts, client_row: Client):
    address = url_of("replace", ticket.invoice.id)
    sent = fields_of(text_of(finance.get(address))) | {"client": str(client_row.id)}
    assert finance.post(address, sent)["Location"] == finance.post(address, sent)["Location"]
    assert Invoice.objects.filter(status=InvoiceStatus.DRAFT).count() == 1


def test_the_draft_keeps_the_tickets_lines(finance: Browser, ticket: Parts, client_row: Client):
    draft = builders.a_replacement(ticket, client_row, issue=False, now=timezone.now())
    address = url_of("change", draft.invoice.id)
    sent = fields_of(text_of(finance.get(address)))
    assert not any(name.endswith("-description") for name in sent)
    finance.post(address, {**sent, "notes": "para su contabilidad"})
    changed = Invoice.objects.get(id=draft.invoice.id)
    assert (changed.notes, changed.gross_total, changed.fiscal_type) == (
        "para su contabilidad",
        ticket.invoice.gross_total,
        "F3",
    )


def test_what_is_replaced_is_not_replaced_again(finance: Browser, ticket: Parts, client_row: Client):
    replacement = builders.a_replacement(ticket, client_row, now=timezone.now())
    assert "replaced by a full invoice already" in said(finance.get(url_of("replace", ticket.invoice.id)))
    page = text_of(finance.get(url_of("change", ticket.invoice.id)))
    assert "Replaced by" in page
    assert str(replacement.invoice.display_number) in page
    assert url_of("replace", ticket.invoice.id) not in page


def test_a_full_invoice_is_not_replaced(finance: Browser, invoice: Parts):
    assert "Only simplified invoices" in said(finance.get(url_of("replace", invoice.invoice.id)))


# --- what is less usual ----------------------------------------------------------------------------------------------


def test_a_ticket_is_corrected_without_a_buyer(finance: Browser, ticket: Parts):
    address = url_of("correction", ticket.invoice.id) + "?method=differences&reason=R5"
    finance.post(address, fields_of(text_of(finance.get(address))))
    draft = Invoice.objects.get(status=InvoiceStatus.DRAFT)
    assert (draft.fiscal_type, draft.gross_total, draft.client) == ("R5", -ticket.invoice.gross_total, None)


def test_a_replacement_is_withdrawn_whole(finance: Browser, ticket: Parts, client_row: Client):
    replacement = builders.a_replacement(ticket, client_row, now=timezone.now())
    choice = html.fromstring(text_of(finance.get(url_of("correct", replacement.invoice.id))))
    assert choice.xpath("//input[@name='method' or @name='reason']/@value") == ["differences", "F3"]
    address = url_of("correction", replacement.invoice.id) + "?method=differences&reason=F3"
    finance.post(address, fields_of(text_of(finance.get(address))))
    assert Invoice.objects.get(status=InvoiceStatus.DRAFT).gross_total == -ticket.invoice.gross_total


def test_a_correction_is_corrected(finance: Browser, invoice: Parts):
    line = builders.a_line("Devolución", "40.00", quantity="-1")
    correction = builders.a_correction(invoice, line, now=timezone.now())
    address = lines_page(correction)
    finance.post(address, fields_of(text_of(finance.get(address))))
    assert Invoice.objects.get(status=InvoiceStatus.DRAFT).preceding.get().original_id == correction.invoice.id


def test_what_is_corrected_keeps_its_surcharge_withholding_and_prices(finance: Browser, client_row: Client):
    original = builders.an_invoice(
        client_row,
        builders.a_line(price="121.00"),
        now=timezone.now(),
        prices_include_tax=True,
        equivalence_surcharge=True,
        withholding_percent=Decimal(15),
    )
    for query in (DIFFERENCES, SUBSTITUTION):
        finance.post(lines_page(original, query), fields_of(text_of(finance.get(lines_page(original, query)))))
    back, anew = Invoice.objects.filter(status=InvoiceStatus.DRAFT).order_by("id")
    for name in ("gross_total", "surcharge_total", "withholding_total", "amount_due"):
        assert getattr(back, name) == -getattr(original.invoice, name)
        assert getattr(anew, name) == getattr(original.invoice, name)


def test_the_rates_are_those_of_the_operations_day(finance: Browser, client_row: Client):
    """Food was taxed at 2 % in December 2024, and is not today (RDL 4/2024)."""
    bread = builders.a_line("Aceite", "100.00", tax_rate="2")
    original = builders.an_invoice(client_row, bread, operation_date=date(2024, 12, 10), now=timezone.now())
    sent = fields_of(text_of(finance.get(lines_page(original))))
    assert (sent["operation_date"], sent["lines-0-treatment"]) == ("2024-12-10", "IVA|S1||2")
    finance.post(lines_page(original), sent)
    assert Invoice.objects.get(status=InvoiceStatus.DRAFT).gross_total == Decimal("-102.00")


def test_what_is_outstanding_counts_the_corrections(finance: Browser, invoice: Parts):
    builders.a_correction(invoice, builders.a_line("Devolución", "40.00", quantity="-1"), now=timezone.now())
    page = text_of(finance.get(url_of("change", invoice.invoice.id)))
    assert re.search(r"Outstanding, with its corrections: <strong class=\"co-amount\">83.00", page)


def test_an_auditor_sees_what_a_draft_would_correct(auditor: Browser, invoice: Parts, draft: Parts):
    page = text_of(auditor.get(url_of("change", draft.invoice.id)))
    assert "Once this is issued: <strong>83.00" in page
    assert not html.fromstring(page).get_element_by_id("content").xpath(".//form")


def test_another_sellers_invoice_is_not_corrected_with_it(finance: Browser, invoice: Parts):
    other = builders.a_seller(tax_id="99999972C", legal_name="Otra")
    foreign = builders.an_invoice(builders.a_client(other, tax_id="99999901H", name="X"), now=timezone.now())
    builders.an_invoice(foreign.invoice.client, now=timezone.now())
    number = builders.an_invoice(foreign.invoice.client, now=timezone.now()).invoice.display_number
    answer = finance.get(lines_page(invoice, f"{DIFFERENCES}&also={number}"))
    assert "There is no issued invoice with this number" in text_of(finance.get(answer["Location"]))


def test_a_token_of_another_invoice_makes_nothing(finance: Browser, invoice: Parts, client_row: Client):
    other = builders.an_invoice(client_row, now=timezone.now())
    sent = fields_of(text_of(finance.get(lines_page(invoice))))
    finance.post(lines_page(invoice), sent)
    mine = fields_of(text_of(finance.get(lines_page(other)))) | {"once": sent["once"]}
    assert finance.post(lines_page(other), mine)["Location"] == url_of("change", other.invoice.id)
    assert Invoice.objects.filter(status=InvoiceStatus.DRAFT).count() == 1


def test_a_page_from_before_another_correction_is_told_what_is_left(finance: Browser, invoice: Parts):
    sent = fields_of(text_of(finance.get(lines_page(invoice))))
    builders.a_correction(invoice, builders.a_line("Devolución", "40.00", quantity="-1"), now=timezone.now())
    page = text_of(finance.post(lines_page(invoice), sent))
    assert "60.00 of the base" in page
    assert not Invoice.objects.filter(status=InvoiceStatus.DRAFT).exists()
