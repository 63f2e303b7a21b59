"""Review: ask for it, look, approve and issue what was seen; or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client as Browser
from django.utils import timezone

from audit.models import AuditEntry, Outcome
from billing.models import Approval, Invoice, InvoiceStatus
from billing.services.drafting import update_draft
from billing.services.issuing import issue_invoice
from billing.services.reviewing import submit_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import browser_of, hidden, url_of


@pytest.fixture
def draft(client_row: Client) -> Invoice:
    return builders.a_draft(client_row, by=builders.MARIA).invoice


def again(invoice: Invoice) -> Invoice:
    return Invoice.objects.get(id=invoice.id)


def seen(browser: Browser, invoice: Invoice, button: str = "issue") -> dict[str, str]:
    """What the confirmation page sends when its button is pressed."""
    page = browser.get(url_of("confirm", invoice.id)).content.decode()
    return {"digest": hidden(page, "digest"), "on": hidden(page, "on"), button: "1"}


def said(answer: object) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_a_draft_is_sent_for_review(finance: Browser, draft: Invoice):
    answer = finance.post(url_of("submit", draft.id))
    assert answer["Location"] == url_of("change", draft.id)
    assert again(draft).status == InvoiceStatus.IN_REVIEW
    assert AuditEntry.objects.get(action="invoice.submitted").actor_name == "maria"


def test_an_act_is_no_link(finance: Browser, draft: Invoice):
    assert finance.get(url_of("submit", draft.id)).status_code == 405
    assert again(draft).status == InvoiceStatus.DRAFT


def test_the_confirmation_shows_the_figures_and_the_next_number(approver: Browser, draft: Invoice):
    page = approver.get(url_of("confirm", draft.id), headers={"Accept-Language": "es"}).content.decode()
    today = timezone.now().astimezone(draft.seller.zone).date()
    assert f"A-{today.year}-00001" in page
    assert "121,00\u00a0€" in page
    assert "Ferretería Peña, S.L." in page
    assert today.strftime("%d/%m/%Y") in page
    assert not again(draft).display_number


def test_what_was_seen_is_issued(approver: Browser, draft: Invoice):
    answer = approver.post(url_of("confirm", draft.id), seen(approver, draft))
    issued = again(draft)
    assert answer["Location"] == url_of("change", draft.id)
    assert issued.display_number == f"A-{issued.issue_date:%Y}-00001"
    assert issued.issued_by == "user:pablo"
    assert Approval.objects.get(invoice=draft).approved_by == "user:pablo"
    assert AuditEntry.objects.get(action="invoice.issued").request_id == answer["X-Request-ID"]


def test_what_changed_since_is_not_issued(approver: Browser, draft: Invoice):
    form = seen(approver, draft)
    changed = builders.draft_for(draft.client, builders.a_line(price="999.00"))
    update_draft(invoice_id=draft.id, draft=changed, by=builders.MARIA, now=timezone.now())
    answer = approver.post(url_of("confirm", draft.id), form)
    assert answer["Location"] == url_of("confirm", draft.id)
    assert "changed while you were looking" in said(answer)
    assert again(draft).status == InvoiceStatus.DRAFT
    refused = AuditEntry.objects.get(action="invoice.issued")
    assert (refused.outcome, refused.after["code"]) == (Outcome.REFUSED, "approval_stale")
    assert "1.208,79" in approver.get(url_of("confirm", draft.id), headers={"Accept-Language": "es"}).content.decode()


@pytest.mark.parametrize("button", ["issue", "approve"])
@pytest.mark.parametrize("days", [-30, -1, 1])
def test_an_invoice_bears_the_date_of_its_day_alone(approver: Browser, draft: Invoice, days: int, button: str):
    form = seen(approver, draft, button)
    other = {**form, "on": str(date.fromisoformat(form["on"]) + timedelta(days=days))}
    answer = approver.post(url_of("confirm", draft.id), other)
    assert answer["Location"] == url_of("confirm", draft.id)
    assert "another date than the one you saw" in said(answer)
    assert again(draft).status == InvoiceStatus.DRAFT
    assert not Approval.objects.exists()


def test_a_second_press_issues_nothing_and_says_so(approver: Browser, draft: Invoice):
    form = seen(approver, draft)
    approver.post(url_of("confirm", draft.id), form)
    number = again(draft).display_number
    answer = approver.post(url_of("confirm", draft.id), form)
    assert f"issued already, as {number}" in said(answer)
    assert approver.get(answer["Location"])["Location"] == url_of("change", draft.id)
    assert Invoice.objects.exclude(number=None).count() == 1


def test_the_language_of_a_refusal_is_the_persons(approver: Browser, draft: Invoice):
    form = seen(approver, draft)
    approver.post(url_of("confirm", draft.id), form)
    answer = approver.post(url_of("confirm", draft.id), form, headers={"Accept-Language": "es"})
    assert "ya se emitió" in said(answer)


@pytest.mark.parametrize("form", [{}, {"digest": "x" * 65, "on": "2026-11-23"}, {"digest": "a", "on": "soon"}])
def test_a_form_that_is_not_ours_issues_nothing(approver: Browser, draft: Invoice, form: dict[str, str]):
    approver.post(url_of("confirm", draft.id), {**form, "issue": "1"})
    assert again(draft).status == InvoiceStatus.DRAFT


@pytest.mark.parametrize("group", ["finance", "auditor"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_issue_is_refused_at_the_address(draft: Invoice, group: str, method: str):
    browser = browser_of("nobody", group)
    assert getattr(browser, method)(url_of("confirm", draft.id)).status_code == 403
    assert again(draft).status == InvoiceStatus.DRAFT


def test_finance_sees_no_button_to_issue(finance: Browser, draft: Invoice):
    page = finance.get(url_of("change", draft.id)).content.decode()
    assert url_of("submit", draft.id) in page
    assert url_of("confirm", draft.id) not in page


def test_four_eyes_want_another_person(approver: Browser, client_row: Client):
    seller = client_row.seller
    seller.approval_policy = "four_eyes"
    seller.save()
    pablo = replace(builders.PABLO, id=str(User.objects.get(username="pablo").pk))
    mine = builders.a_draft(client_row, by=pablo).invoice
    answer = approver.post(url_of("confirm", mine.id), seen(approver, mine))
    assert "somebody else must" in said(answer)
    assert again(mine).status == InvoiceStatus.DRAFT
    other = browser_of("lucia", "approver")
    other.post(url_of("confirm", mine.id), seen(other, mine))
    assert again(mine).status == InvoiceStatus.ISSUED


def test_approved_alone_it_can_be_issued_by_a_machine(approver: Browser, client_row: Client):
    seller = client_row.seller
    seller.approval_policy = "required"
    seller.save()
    draft = builders.a_draft(client_row).invoice
    approver.post(url_of("confirm", draft.id), seen(approver, draft, button="approve"))
    assert again(draft).status == InvoiceStatus.APPROVED
    issue_invoice(invoice_id=draft.id, by=builders.SHOP, now=timezone.now())
    assert again(draft).status == InvoiceStatus.ISSUED


def test_an_approval_of_what_changed_is_refused(approver: Browser, draft: Invoice):
    form = seen(approver, draft, button="approve")
    changed = builders.draft_for(draft.client, builders.a_line(price="999.00"))
    update_draft(invoice_id=draft.id, draft=changed, by=builders.MARIA, now=timezone.now())
    answer = approver.post(url_of("confirm", draft.id), form)
    assert "changed while you were looking" in said(answer)
    assert not Approval.objects.exists()


def test_what_became_wrong_since_is_shown_before_the_button(approver: Browser, client_row: Client):
    """The 7.5 % of 2024 is no rate any more; the operation's date was left open."""
    then = datetime(2024, 12, 15, 12, tzinfo=UTC)
    draft = builders.a_draft(client_row, builders.a_line(tax_rate=Decimal("7.5")), now=then).invoice
    page = approver.get(url_of("confirm", draft.id)).content.decode()
    assert "It cannot be issued as it stands" in page
    assert "no rate of 7.5" in page
    answer = approver.post(url_of("confirm", draft.id), seen(approver, draft))
    assert "no rate of 7.5" in said(answer)
    assert again(draft).status == InvoiceStatus.DRAFT


def test_a_reviewer_sends_a_draft_back_with_a_reason(approver: Browser, draft: Invoice):
    submit_invoice(invoice_id=draft.id, by=builders.MARIA, now=timezone.now())
    assert approver.get(url_of("return", draft.id)).status_code == 200
    approver.post(url_of("return", draft.id), {"reason": "Falta el pedido"})
    assert again(draft).status == InvoiceStatus.DRAFT
    assert AuditEntry.objects.get(action="invoice.returned").reason == "Falta el pedido"
    assert "Falta el pedido" in approver.get(url_of("change", draft.id)).content.decode()


def test_a_draft_is_discarded_with_a_reason(finance: Browser, draft: Invoice):
    finance.post(url_of("discard", draft.id), {"reason": "Duplicada"})
    assert again(draft).status == InvoiceStatus.DISCARDED
    assert AuditEntry.objects.get(action="invoice.discarded").reason == "Duplicada"
    page = finance.get(url_of("change", draft.id)).content.decode()
    assert 'id="draft"' not in page


@pytest.mark.parametrize("act", ["return", "discard"])
def test_without_a_reason_nothing_happens(approver: Browser, draft: Invoice, act: str):
    answer = approver.post(url_of(act, draft.id), {"reason": " "})
    assert answer.status_code == 200
    assert again(draft).status == InvoiceStatus.DRAFT


@pytest.mark.parametrize("act", ["return", "discard", "confirm"])
def test_the_page_of_an_act_leads_back_when_there_is_nothing_to_do(approver: Browser, client_row: Client, act: str):
    issued = builders.an_invoice(client_row).invoice
    assert approver.get(url_of(act, issued.id))["Location"] == url_of("change", issued.id)


@pytest.mark.parametrize(("act", "action"), [("return", "returned"), ("discard", "discarded")])
def test_an_issued_invoice_is_neither_returned_nor_discarded(
    approver: Browser, client_row: Client, act: str, action: str
):
    issued = builders.an_invoice(client_row).invoice
    answer = approver.post(url_of(act, issued.id), {"reason": "No"})
    assert "can never change" in said(answer)
    assert again(issued).status == InvoiceStatus.ISSUED
    assert AuditEntry.objects.get(action=f"invoice.{action}").outcome == Outcome.REFUSED


def test_an_issued_invoice_is_not_submitted(finance: Browser, client_row: Client):
    issued = builders.an_invoice(client_row).invoice
    assert "can never change" in said(finance.post(url_of("submit", issued.id)))
