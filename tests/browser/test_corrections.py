"""What a person does about an issued invoice: corrects it in part and then wholly, replaces a ticket, is kept from
annulling, and annuls what should never have been."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from billing.models import Annulment, Invoice, InvoiceStatus, Seller
from billing.services.payments import record_payment
from clients.models import Client
from tests import builders
from tests.browser.conftest import PHONE, Desk
from tests.browser.test_admin import choose_client
from tests.verifactu.answers import answer
from verifactu.models import FiscalRecord

pytestmark = pytest.mark.browser

OpenDesk = Callable[..., Desk]


def address(name: str, invoice: Invoice) -> str:
    return reverse(f"admin:billing_invoice_{name}", args=[invoice.id])


def a_desk(open_desk: OpenDesk, **options: object) -> Desk:
    desk = open_desk(locale="en-GB", **options)
    desk.log_in("ana")
    return desk


def issue(page: Page) -> str:
    """From the draft's page: approve, issue, and read the number."""
    page.click("text=Approve and issue")
    page.click("button[name=issue]")
    page.wait_for_url("**/change/")
    return str(Invoice.objects.filter(status=InvoiceStatus.ISSUED).latest("issued_at").display_number)


def test_an_invoice_is_corrected_in_part_and_then_wholly(open_desk: OpenDesk, house: Client):
    invoice = builders.an_invoice(house, builders.a_line(price="100.00", quantity="3"), now=timezone.now()).invoice
    desk = a_desk(open_desk)
    page = desk.page
    desk.go(address("change", invoice))
    page.click("text=What is wrong?")
    page.check("text=Goods or packaging came back.")
    page.click("text=What do I have to do?")
    expect(page.locator("#advice")).to_contain_text("LIVA arts. 80.Uno.1.º")
    page.click("text=Write the correction")

    totals = page.locator("#totals")
    expect(totals).to_contain_text("-363.00\u00a0€")
    page.fill("[name=lines-0-quantity]", "-4")
    expect(page.locator("#faults")).to_contain_text("More is taken back than is left")
    page.fill("[name=lines-0-quantity]", "-1")
    expect(totals).to_contain_text("Left after this")
    expect(totals).to_contain_text("242.00\u00a0€")
    page.dblclick("button[name=save]")
    page.wait_for_url("**/change/")
    assert Invoice.objects.filter(status=InvoiceStatus.DRAFT).count() == 1
    first = issue(page)

    desk.go(address("change", invoice))
    expect(page.locator("#relations")).to_contain_text(first)
    expect(page.locator("#relations")).to_contain_text("242.00\u00a0€")
    page.click(".co-acts >> text=Correct")
    page.click("text=Go on to the lines")
    expect(totals).to_contain_text("-242.00\u00a0€")
    page.click("button[name=save]")
    page.wait_for_url("**/change/")
    issue(page)

    desk.go(address("change", invoice))
    expect(page.locator("#relations")).to_contain_text(re.compile(r"In effect after all corrections\s*0.00"))
    desk.go(address("correction", invoice) + "?method=differences&reason=R1")
    expect(page.locator("body")).to_contain_text("everything was taken back")


def test_a_ticket_is_replaced_by_a_full_invoice(open_desk: OpenDesk, house: Client):
    seller: Seller = house.seller
    ticket = builders.a_ticket(seller, now=timezone.now()).invoice
    desk = a_desk(open_desk)
    page = desk.page
    desk.go(address("change", ticket))
    page.click("text=Replace by a full invoice")
    choose_client(page, "peñ", "Ferretería Peña")
    expect(page.locator("#totals")).to_contain_text("12.10\u00a0€")
    page.click("button[name=save]")
    page.wait_for_url("**/change/")
    number = issue(page)
    expect(page.locator("#relations")).to_contain_text(str(ticket.display_number))
    desk.go(address("change", ticket))
    expect(page.locator("#relations")).to_contain_text(number)


def test_a_void_is_refused_with_advice_and_another_one_is_not(open_desk: OpenDesk, house: Client):
    paid, wrong = (builders.an_invoice(house, now=timezone.now()).invoice for _ in range(2))
    record_payment(
        invoice_id=paid.id,
        amount=Decimal(10),
        date=date.fromisoformat(str(paid.issue_date)),
        by=builders.MARIA,
        now=timezone.now(),
    )
    desk = a_desk(open_desk)
    page = desk.page
    desk.go(address("annul", paid))
    expect(page.locator("[role=alert]")).to_contain_text("was paid")
    page.click("text=Write the correction")
    expect(page.locator("#undertaking")).to_contain_text(str(paid.display_number))

    desk.go(address("change", wrong))
    page.click(".co-acts >> text=Annul")
    page.fill("[name=reason]", "Duplicada")
    page.click("button:has-text('Annul the invoice')")
    assert not Annulment.objects.exists()
    expect(page.locator("[name=reason]")).to_have_value("Duplicada")
    page.check("[name=no_operation]")
    page.check("[name=not_delivered]")
    page.click("button:has-text('Annul the invoice')")
    expect(page.locator("[role=status]")).to_contain_text("counts as never issued")


def test_no_page_of_these_is_too_wide_for_a_phone(open_desk: OpenDesk, house: Client):
    invoice = builders.an_invoice(house, now=timezone.now())
    ticket = builders.a_ticket(house.seller, now=timezone.now())
    answer(FiscalRecord.objects.get(invoice=invoice.invoice), "rejected", code=1239, description="NIF " * 30)
    builders.a_correction(invoice, builders.a_line(quantity="-0.5"), now=timezone.now())
    draft = builders.a_correction(invoice, builders.a_line(quantity="-0.2"), now=timezone.now(), issue=False)
    how = "?method=differences&reason=R3"
    paths = [
        *(address(name, invoice.invoice) for name in ("change", "annul", "amend")),
        *(address(name, invoice.invoice) + how for name in ("correct", "correction")),
        address("advise", invoice.invoice) + "?what=bad_debt",
        address("replace", ticket.invoice),
        *(address(name, draft.invoice) for name in ("change", "confirm")),
    ]
    desk = a_desk(open_desk, viewport=PHONE)
    wide = []
    for path in paths:
        desk.go(path)
        inner = "[...document.querySelectorAll('.co-card')].some((card) => card.scrollWidth > card.clientWidth + 1)"
        wide += [path] if desk.is_too_wide() or desk.page.evaluate(inner) else []
    assert wide == []
