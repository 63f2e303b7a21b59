"""The person's door as people see it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from audit.models import AuditEntry
from billing.models import Invoice, InvoiceStatus
from clients.models import Client
from tests import builders
from tests.browser.conftest import PHONE, Desk

pytestmark = pytest.mark.browser

OpenDesk = Callable[..., Desk]


def choose_client(page: Page, typed: str, name: str) -> None:
    page.wait_for_load_state()  # with its script: what is typed before that, nobody hears
    page.fill("#client-search", typed)
    page.click(f"#client-found li:has-text('{name}')")
    expect(page.locator("#client-search")).to_have_value(re.compile(name))


def write_line(page: Page, index: int, description: str, price: str, **fields: str) -> None:
    values = {"description": description, "unit_price": price, **fields}
    for name, value in values.items():
        page.fill(f"[name=lines-{index}-{name}]", value)


def write_draft(page: Page) -> None:
    choose_client(page, "peñ", "Ferretería Peña")
    write_line(page, 0, "Asesoría", "65", quantity="12,5")
    page.click("#add-line")
    write_line(page, 1, "Manual", "18,90")
    page.select_option("[name=lines-1-treatment]", "IVA|S1||4")
    page.select_option("[name=withholding_percent]", "15")


def test_from_a_blank_form_to_the_auditors_log(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    page = desk.page
    desk.log_in("pablo")
    page.click("text=Nuevo borrador")
    page.wait_for_url("**/add/")
    write_draft(page)
    totals = page.locator("#totals")
    expect(totals).to_contain_text("1.002,79\u00a0€")
    expect(totals).to_contain_text("878,08\u00a0€")
    expect(page.locator("[data-net]").first).to_have_text("812,50\u00a0€")

    page.click("button[name=save]")
    expect(page.locator("body")).to_contain_text("El borrador se ha guardado")
    page.click("text=Aprobar y emitir")
    expect(page.locator(".co-hero")).to_contain_text(re.compile(r"A-20\d\d-00001"))
    expect(page.locator(".co-hero")).to_contain_text("1.002,79\u00a0€")
    page.click("button[name=issue]")

    number = Invoice.objects.get().display_number
    assert number is not None
    expect(page.locator(".co-hero")).to_contain_text(number)
    expect(page.locator("#records")).to_contain_text(re.compile("[0-9A-F]{64}"))
    assert not page.locator("#draft").count()

    auditor = open_desk()
    auditor.log_in("irene")
    auditor.go(reverse("admin:audit_auditentry_changelist") + f"?q={number}")
    expect(auditor.page.locator("#result_list")).to_contain_text("user:pablo")
    expect(auditor.page.locator("#result_list")).to_contain_text("invoice.issued")


def test_lines_come_go_and_move(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    page = desk.page
    desk.log_in("pablo")
    desk.go(reverse("admin:billing_invoice_add"))
    choose_client(page, "ñandú", "Panadería Ñandú")
    write_line(page, 0, "uno", "1")
    for index, name in enumerate(("dos", "tres"), start=1):
        page.click("#add-line")
        write_line(page, index, name, str(index + 1))
    lines = page.locator("#lines > [data-line]")
    lines.nth(2).locator("[data-more]").click()
    lines.nth(2).locator("[data-move=up]").click()
    lines.nth(0).locator("[data-remove]").click()
    expect(page.locator("[name=lines-0-description]")).to_have_value("tres")
    expect(page.locator("[name=lines-1-description]")).to_have_value("dos")
    expect(page.locator("#totals")).to_contain_text("6,05\u00a0€")
    page.click("button[name=save]")
    page.wait_for_url("**/change/")
    assert list(Invoice.objects.get().lines.values_list("position", "description")) == [(1, "tres"), (2, "dos")]


def test_the_last_line_leaves_a_blank_one(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    desk.log_in("pablo")
    desk.go(reverse("admin:billing_invoice_add"))
    write_line(desk.page, 0, "uno", "1")
    desk.page.click("[data-remove]")
    expect(desk.page.locator("[name=lines-0-description]")).to_have_value("")


def test_what_is_wrong_is_said_while_one_types(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    page = desk.page
    desk.log_in("pablo")
    desk.go(reverse("admin:billing_invoice_add"))
    write_draft(page)
    expect(page.locator("#totals")).to_contain_text("1.002,79\u00a0€")
    page.fill("[name=lines-1-unit_price]", "1.890")
    expect(page.locator("#faults")).to_contain_text("Línea 2")
    expect(page.locator("#totals")).to_have_class(re.compile("co-old"))
    page.fill("[name=lines-1-unit_price]", "1890")
    expect(page.locator("#faults")).to_be_hidden()


def test_another_tax_is_named_by_hand(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    page = desk.page
    desk.log_in("pablo")
    desk.go(reverse("admin:billing_invoice_add"))
    choose_client(page, "99999910", "Ferretería Peña")
    write_line(page, 0, "Envío a Canarias", "100")
    expect(page.locator("[name=lines-0-tax]")).to_be_hidden()
    page.select_option("[name=lines-0-treatment]", "hand")
    page.select_option("[name=lines-0-tax]", "OTHER")
    page.fill("[name=lines-0-tax_rate]", "7")
    expect(page.locator("#totals")).to_contain_text("107,00\u00a0€")


def test_the_client_is_found_by_the_keyboard_alone(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    page = desk.page
    desk.log_in("pablo")
    desk.go(reverse("admin:billing_invoice_add"))
    page.locator("#client-search").press_sequentially("pena")
    expect(page.locator("#client-found li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[name=client]")).to_have_value(str(house.id))
    page.fill("#client-search", "")
    expect(page.locator("[name=client]")).to_have_value("")


def test_two_presses_issue_once(open_desk: OpenDesk, house: Client):
    draft = builders.a_draft(house).invoice
    desk = open_desk()
    desk.log_in("pablo")
    desk.go(reverse("admin:billing_invoice_confirm", args=[draft.id]))
    desk.page.dblclick("button[name=issue]")
    desk.page.wait_for_url("**/change/")
    assert Invoice.objects.get(id=draft.id).status == InvoiceStatus.ISSUED
    assert AuditEntry.objects.filter(action="invoice.issued", outcome="done").count() == 1


def test_a_drafts_paper_is_shown_in_a_frame(open_desk: OpenDesk, house: Client):
    draft = builders.a_draft(house).invoice
    desk = open_desk()
    desk.log_in("pablo")
    with desk.page.expect_response(re.compile(r"preview\.pdf$")) as answer:
        desk.go(reverse("admin:billing_invoice_paper", args=[draft.id]))
    assert answer.value.headers["content-type"] == "application/pdf"


def addresses(invoice: Invoice, draft: Invoice) -> list[str]:
    models = ["billing_invoice", "billing_payment", "billing_document", "billing_seller", "billing_series"]
    models += ["clients_client", "integrations_apitoken", "integrations_event", "audit_auditentry", "auth_user"]
    lists = [reverse(f"admin:{model}_changelist") for model in models]
    forms = [reverse(f"admin:{model}_add") for model in ("billing_invoice", "clients_client", "integrations_apitoken")]
    acts = [reverse(f"admin:billing_invoice_{act}", args=[draft.id]) for act in ("change", "confirm", "discard")]
    return [reverse("admin:index"), *lists, *forms, *acts, reverse("admin:billing_invoice_change", args=[invoice.id])]


def test_no_page_breaks_the_policy_or_is_too_wide_for_a_phone(open_desk: OpenDesk, house: Client):
    """Every page is opened on a phone; the window's own list of complaints is looked at when it closes."""
    invoice, draft = builders.an_invoice(house).invoice, builders.a_draft(house).invoice
    desk = open_desk(viewport=PHONE)
    desk.log_in("ana")
    wide = []
    for path in addresses(invoice, draft):
        desk.go(path)
        wide += [path] if desk.is_too_wide() else []
    assert wide == []


def test_the_language_is_chosen_in_the_menu(open_desk: OpenDesk, house: Client):
    desk = open_desk()
    desk.log_in("pablo")
    expect(desk.page.locator("h1")).to_contain_text("Hoy")
    desk.page.locator("#nav-sidebar").get_by_text("pablo").click()
    desk.page.get_by_role("button", name="English").click()
    expect(desk.page.locator("h1")).to_contain_text("Today")
