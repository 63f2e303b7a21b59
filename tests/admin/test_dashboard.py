"""The front page: what waits for somebody."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.admin import Tone
from billing.admin.dashboard import deadline_of
from billing.models import Document, Invoice
from billing.services.payments import record_payment
from billing.services.reviewing import approve_invoice, submit_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import browser_of

INDEX = reverse("admin:index")


def front(browser: Browser) -> dict[str, list[str]]:
    """The lists, by the ids of their invoices."""
    lists = browser.get(INDEX).context["front"]
    found = {name: list(rows) for name, rows in lists.items()}
    invoices = {name: [getattr(row, "invoice", row) for row in rows] for name, rows in found.items()}
    return {name: [str(row.id) for row in rows] for name, rows in invoices.items()}


def a_waiting(client: Client, days: int, **changes: object) -> Invoice:
    then = timezone.now() - timedelta(days=days)
    invoice = builders.a_draft(client, now=then, **changes).invoice
    submit_invoice(invoice_id=invoice.id, by=builders.MARIA, now=then)
    return invoice


def test_the_oldest_waits_first(finance: Browser, client_row: Client):
    old, new = a_waiting(client_row, 5), a_waiting(client_row, 1)
    assert front(finance)["in_review"] == [str(old.id), str(new.id)]


def test_each_says_who_how_much_and_since_when(finance: Browser, client_row: Client):
    a_waiting(client_row, 5, operation_date=date(2026, 10, 20))
    page = finance.get(INDEX).content.decode()
    for text in ("Ferretería Peña, S.L.", "121.00\u00a0€", "shop (API)", "5 days", "15 Nov 2026"):
        assert text in page


def test_what_is_approved_and_not_issued_is_not_forgotten(finance: Browser, client_row: Client):
    draft = builders.a_draft(client_row).invoice
    approve_invoice(invoice_id=draft.id, by=builders.PABLO, now=timezone.now())
    assert front(finance)["approved"] == [str(draft.id)]


def test_documents_that_are_late_or_failed_are_shown(finance: Browser, client_row: Client):
    late, failed, fresh = (builders.an_invoice(client_row, now=timezone.now()).invoice for _ in range(3))
    Document.objects.filter(invoice=late).update(created_at=timezone.now() - timedelta(minutes=6))
    Document.objects.filter(invoice=failed).update(state="failed")
    assert set(front(finance)["missing_documents"]) == {str(late.id), str(failed.id)}
    assert str(fresh.id) not in front(finance)["missing_documents"]


def test_what_was_issued_last_comes_first(finance: Browser, client_row: Client):
    first, last = (builders.an_invoice(client_row).invoice for _ in range(2))
    assert front(finance)["recent"] == [str(last.id), str(first.id)]


def test_what_is_due_and_not_paid_is_overdue(finance: Browser, client_row: Client):
    now = timezone.now()
    yesterday = now.date() - timedelta(days=1)
    unpaid, paid, partly = (builders.an_invoice(client_row, now=now, due_date=yesterday).invoice for _ in range(3))
    builders.an_invoice(client_row, now=now, due_date=now.date() + timedelta(days=1))
    builders.an_invoice(client_row, now=now)
    for invoice, amount in ((paid, paid.amount_due), (partly, Decimal("1.00"))):
        record_payment(invoice_id=invoice.id, amount=amount, date=now.date(), by=builders.MARIA, now=now)
    assert set(front(finance)["overdue"]) == {str(unpaid.id), str(partly.id)}


@pytest.mark.parametrize(
    ("operation", "today", "day", "tone"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 15), Tone.CALM),
        (date(2026, 10, 31), date(2026, 11, 10), date(2026, 11, 15), Tone.WARNING),
        (date(2026, 10, 31), date(2026, 11, 15), date(2026, 11, 15), Tone.WARNING),
        (date(2026, 10, 31), date(2026, 11, 16), date(2026, 11, 15), Tone.BAD),
        (date(2026, 12, 5), date(2026, 12, 6), date(2027, 1, 15), Tone.CALM),
        (date(2024, 1, 31), date(2024, 1, 31), date(2024, 2, 15), Tone.CALM),
    ],
)
def test_the_law_wants_it_before_the_sixteenth_of_the_next_month(operation: date, today: date, day: date, tone: Tone):
    deadline = deadline_of(operation, today=today)
    assert deadline is not None
    assert (deadline.day, deadline.tone) == (day, tone)


def test_without_an_operation_date_the_day_of_issue_decides(db: None):
    assert deadline_of(None, today=date(2026, 11, 23)) is None


def test_the_menu_says_how_many_wait(finance: Browser, client_row: Client, monkeypatch: pytest.MonkeyPatch):
    a_waiting(client_row, 1)
    a_waiting(client_row, 1)
    page = finance.get(INDEX).content.decode()
    menu = page[page.index('id="nav-sidebar"') :]
    assert "2" in menu[: menu.index(reverse("admin:billing_invoice_changelist"))]
    monkeypatch.setattr("billing.admin.dashboard.COUNTED", 1)
    assert "99+" in finance.get(INDEX).content.decode()


def test_who_may_not_see_invoices_is_told_so(db: None):
    page = browser_of("nuria").get(INDEX).content.decode()
    assert "Your groups do not let you see invoices" in page


def test_a_quiet_day_has_a_quiet_page(finance: Browser, db: None):
    page = finance.get(INDEX).content.decode()
    for text in ("Nothing waits for review", "Nothing is overdue", "No invoice has been issued yet"):
        assert text in page
    assert "Documents that are missing" not in page


def test_the_page_asks_as_much_on_a_busy_day(finance: Browser, client_row: Client):
    a_waiting(client_row, 1)
    with CaptureQueriesContext(connection) as few:
        finance.get(INDEX)
    for days in range(4):
        a_waiting(client_row, days)
        builders.an_invoice(client_row)
    with CaptureQueriesContext(connection) as many:
        finance.get(INDEX)
    assert len(many) == len(few)


def test_of_what_was_corrected_only_what_is_left_is_overdue(finance: Browser, client_row: Client):
    now = timezone.now()
    yesterday = now.date() - timedelta(days=1)
    whole, part, anew, settled = (builders.an_invoice(client_row, now=now, due_date=yesterday) for _ in range(4))
    builders.a_correction(whole, now=now)
    builders.a_correction(part, builders.a_line(quantity="-0.5"), now=now)
    builders.a_correction(anew, builders.a_line(price="90"), method="substitution", reason="R4", now=now)
    builders.a_correction(settled, builders.a_line(quantity="-0.5"), now=now)
    record_payment(invoice_id=settled.invoice.id, amount=Decimal("60.50"), date=now.date(), by=builders.MARIA, now=now)
    assert set(front(finance)["overdue"]) == {str(part.invoice.id)}
