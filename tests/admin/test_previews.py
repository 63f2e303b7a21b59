"""Totals while one types, and the search for a client."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from audit.models import AuditEntry
from billing.models import Invoice, Seller, SeriesCounter
from clients.models import Client
from integrations.models import Event
from tests import builders
from tests.admin.people import a_line, draft_form, url_of


def preview(browser: Browser, client: Client, form: dict[str, str], language: str = "en") -> dict[str, Any]:
    url = f"{url_of('preview')}?seller={client.seller_id}"
    answer = browser.post(url, form, headers={"Accept-Language": language})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_totals_are_those_that_saving_would_write(finance: Browser, client_row: Client):
    shown = preview(finance, client_row, draft_form(client_row, withholding_percent="15"), "es")
    assert [(total["label"], total["amount"]) for total in shown["totals"]] == [
        ("Base imponible", "110,00\u00a0€"),
        ("Total", "131,40\u00a0€"),
        ("Retención", "-16,50\u00a0€"),
        ("Total a pagar", "114,90\u00a0€"),
    ]
    assert shown["lines"] == {"lines-0": "100,00\u00a0€", "lines-1": "10,00\u00a0€"}
    assert [tax["amount"] for tax in shown["taxes"]] == ["21,00\u00a0€", "0,40\u00a0€"]
    assert shown["faults"] == []


def test_the_equivalence_surcharge_is_shown_with_its_tax(finance: Browser, client_row: Client):
    shown = preview(finance, client_row, draft_form(client_row, a_line(), equivalence_surcharge="on"))
    assert shown["taxes"][0]["surcharge"] == "5.20\u00a0€"


def test_nothing_is_written(finance: Browser, client_row: Client):
    before = (AuditEntry.objects.count(), Event.objects.count())
    preview(finance, client_row, draft_form(client_row))
    assert not Invoice.objects.exists()
    assert not SeriesCounter.objects.exists()
    assert (AuditEntry.objects.count(), Event.objects.count()) == before


def test_a_line_that_is_not_finished_waits_in_silence(finance: Browser, client_row: Client):
    form = draft_form(client_row, a_line(), a_line("Todavía sin precio", ""))
    shown = preview(finance, client_row, form)
    assert shown["lines"] == {"lines-0": "100.00\u00a0€"}
    assert shown["faults"] == []


def test_a_blank_form_says_nothing(finance: Browser, client_row: Client):
    assert preview(finance, client_row, draft_form(None, a_line("", ""))) == {"faults": []}


def test_faults_name_their_line_and_field(finance: Browser, client_row: Client):
    form = draft_form(client_row, a_line("", ""), a_line(treatment="IVA|S1||5"))
    [fault] = preview(finance, client_row, form)["faults"]
    assert fault["field"] == "lines-1-treatment"
    assert fault["text"].startswith("Line 2: IVA has no rate of 5")


def test_what_is_no_number_is_said_at_once(finance: Browser, client_row: Client):
    form = draft_form(client_row, a_line(), a_line(unit_price="1,500"), due_date="x")
    faults = preview(finance, client_row, form)["faults"]
    assert [fault["field"] for fault in faults] == ["due_date", "lines-1-unit_price"]
    assert faults[1]["text"].startswith("Line 2, unit price: ")


def test_only_who_may_write_drafts_may_ask(auditor: Browser, client_row: Client):
    url = f"{url_of('preview')}?seller={client_row.seller_id}"
    assert auditor.post(url, draft_form(client_row)).status_code == 403


def test_it_is_asked_by_post_and_for_a_seller(finance: Browser, db: None):
    assert finance.get(url_of("preview")).status_code == 405
    assert finance.post(url_of("preview")).status_code == 404


@pytest.mark.parametrize("typed", ["peña", "PENA", "ferretería", "99999910", "99999910g", ""])
def test_a_client_is_found_by_name_or_tax_id(finance: Browser, client_row: Client, typed: str):
    answer = finance.get(url_of("clients"), {"seller": client_row.seller_id, "q": typed})
    assert answer.json()["clients"] == [
        {"id": str(client_row.id), "name": "Ferretería Peña, S.L.", "note": "99999910G · Valencia"}
    ]


def test_another_sellers_clients_are_not_found(finance: Browser, client_row: Client):
    other: Seller = builders.a_seller(tax_id="99999972C")
    answer = finance.get(url_of("clients"), {"seller": other.id, "q": "peña"})
    assert answer.json() == {"clients": []}


def test_the_search_for_clients_needs_a_seller_where_there_are_several(finance: Browser, db: None):
    builders.a_seller()
    builders.a_seller(tax_id="99999972C")
    assert finance.get(url_of("clients")).status_code == 404
