"""«¿Qué está mal?»: an answer with its reasons, and the way to the page with things filled in."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.utils import timezone
from lxml import html

from billing.admin.advising import GROUPS
from billing.advice import Situation
from billing.models import Invoice, Seller
from billing.representation import Parts
from clients.models import Client
from tests import builders
from tests.admin.people import GROUPS as PEOPLE
from tests.admin.people import browser_of, url_of


@pytest.fixture
def invoice(client_row: Client) -> Parts:
    return builders.an_invoice(client_row, now=timezone.now())


def ask(browser: Browser, parts: Parts, what: str, **more: str) -> html.HtmlElement:
    answer = browser.get(url_of("advise", parts.invoice.id), {"what": what, **more})
    assert answer.status_code == 200
    return html.fromstring(answer.content.decode())


def advised(page: html.HtmlElement) -> tuple[str, list[str]]:
    section = page.get_element_by_id("advice")
    return " ".join(section.text_content().split()), section.xpath(".//a/@href")


def test_every_situation_is_asked_about_once():
    assert sorted(one for several in GROUPS.values() for one in several) == sorted(Situation)


@pytest.mark.parametrize("what", list(Situation))
def test_every_answer_says_what_and_why(administrator: Browser, invoice: Parts, what: Situation):
    text, _links = advised(ask(administrator, invoice, what))
    assert "Why:" in text


def test_a_return_leads_to_a_correction_by_differences(finance: Browser, invoice: Parts):
    text, links = advised(ask(finance, invoice, "goods_returned"))
    assert "LIVA arts. 80.Uno.1.º" in text
    assert links == [url_of("correction", invoice.invoice.id) + "?method=differences&reason=R1"]
    page = html.fromstring(finance.get(links[0]).content.decode())
    assert page.xpath("//input[@name='lines-0-quantity']/@value") == ["-1"]


def test_an_insolvency_keeps_its_day_and_shows_its_deadlines(finance: Browser, invoice: Parts):
    day = timezone.localdate().isoformat()
    text, links = advised(ask(finance, invoice, "customer_insolvent", event_date=day))
    assert "LIVA art. 80.Tres" in text
    assert links[0].endswith(f"reason=R2&event_date={day}")
    assert "80.Tres" in finance.get(links[0]).content.decode()


def test_a_duplicate_leads_to_annulment_unless_the_customer_has_it(administrator: Browser, invoice: Parts):
    _text, links = advised(ask(administrator, invoice, "duplicate"))
    assert links == [url_of("annul", invoice.invoice.id)]
    _text, links = advised(ask(administrator, invoice, "duplicate", delivered="on"))
    assert links[0].startswith(url_of("correction", invoice.invoice.id))


def test_a_customer_who_wants_a_full_invoice_gets_one(finance: Browser, seller: Seller):
    ticket = builders.a_ticket(seller, now=timezone.now())
    _text, links = advised(ask(finance, ticket, "wants_full_invoice"))
    assert links == [url_of("replace", ticket.invoice.id)]


def test_a_rebate_over_several_invoices_asks_for_the_others(finance: Browser, invoice: Parts):
    _text, links = advised(ask(finance, invoice, "volume_rebate"))
    assert links[0].startswith(url_of("correct", invoice.invoice.id) + "?")
    assert finance.get(links[0]).status_code == 200


def test_of_a_draft_it_is_said_to_change_it(finance: Browser, client_row: Client):
    draft = builders.a_draft(client_row)
    _text, links = advised(ask(finance, draft, "wrong_price"))
    assert links == [url_of("change", draft.invoice.id)]


@pytest.mark.parametrize(("group", "allowed"), [("finance", False), ("approver", False), ("admin", True)])
def test_who_may_not_do_it_is_told_so(invoice: Parts, group: str, allowed: bool):
    text, links = advised(ask(browser_of("nobody", group), invoice, "duplicate"))
    assert bool(links) is allowed
    assert ("do not have the permission" in text) is not allowed


@pytest.mark.parametrize("group", PEOPLE)
def test_whoever_sees_the_invoice_may_ask_and_nothing_is_written(invoice: Parts, group: str):
    ask(browser_of("nobody", group), invoice, "goods_returned")
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize("what", ["<script>alert(1)</script>", ""])
def test_what_is_no_question_is_asked_again(finance: Browser, invoice: Parts, what: str):
    answer = finance.get(url_of("advise", invoice.invoice.id), {"what": what, "event_date": "soon"})
    page = answer.content.decode()
    assert "<script>alert" not in page
    assert 'id="advice"' not in page


def test_of_an_invoice_that_is_not_there_nobody_is_advised(finance: Browser, invoice: Parts):
    assert finance.get(url_of("advise", "00000000-0000-0000-0000-000000000000")).status_code == 404


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_cannot_be_meant_breaks_nothing(finance: Browser, invoice: Parts, day: str):
    ask(finance, invoice, "customer_insolvent", event_date=day)
    query = {"method": "differences", "reason": "R2", "event_date": day}
    for name in ("correct", "correction"):
        assert finance.get(url_of(name, invoice.invoice.id), query).status_code == 200
