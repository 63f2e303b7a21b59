"""The list of invoices: found by what people know of them, and never counted."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.admin.invoices import InvoiceAdmin
from billing.admin.listing import search
from billing.models import Invoice
from billing.queries import at_the_aeat
from billing.services.reviewing import submit_invoice
from clients.models import Client
from tests import builders
from tests.admin.people import url_of
from tests.verifactu.answers import answer
from verifactu.models import FiscalRecord


@pytest.fixture
def rows(client_row: Client) -> dict[str, Invoice]:
    """An issued invoice of one buyer, a draft in review of another."""
    other = builders.a_client(client_row.seller, name="Panadería Ñandú", tax_id="99999972C")
    issued = builders.an_invoice(client_row).invoice
    draft = builders.a_draft(other).invoice
    submit_invoice(invoice_id=draft.id, by=builders.MARIA, now=timezone.now())
    return {"issued": issued, "draft": draft}


def shown(browser: Browser, query: str = "") -> set[str]:
    page = browser.get(url_of("changelist") + query).content.decode()
    return set(re.findall(r"/admin/billing/invoice/([0-9a-f-]{36})/change/", page))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"issued", "draft"}),
        ("?q=A-2026-00001", {"issued"}),
        ("?q=a-2026", {"issued"}),
        ("?q=ferreteria", {"issued"}),
        ("?q=Panadería ñ", {"draft"}),
        ("?q=99999972c", {"draft"}),
        ("?q=nadie", set()),
        ("?q=%25", set()),
        ("?status=issued", {"issued"}),
        ("?status=in_review", {"draft"}),
        ("?status=nonsense", {"issued", "draft"}),
        ("?issued_from=2026-11-01&issued_to=2026-11-23", {"issued"}),
        ("?issued_from=2026-11-24", set()),
        ("?issued_to=9999-12-31", {"issued", "draft"}),
        ("?issued_from=soon&issued_to=2026-02-31", {"issued", "draft"}),
        ("?seller=nonsense&series=x", {"issued", "draft"}),
        ("?p=500", set()),
        ("?p=-3", {"issued", "draft"}),
    ],
)
def test_invoices_are_found(finance: Browser, rows: dict[str, Invoice], query: str, found: set[str]):
    assert shown(finance, query) == {str(rows[name].id) for name in found}


def test_they_are_found_by_series_and_seller(finance: Browser, rows: dict[str, Invoice]):
    issued = rows["issued"]
    other = builders.a_seller(tax_id="99999910G", legal_name="Otra")
    assert shown(finance, f"?series={issued.series_id}&seller={issued.seller_id}") == {str(r.id) for r in rows.values()}
    assert shown(finance, f"?seller={other.id}") == set()


def test_nothing_is_counted(finance: Browser, rows: dict[str, Invoice]):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown(finance, "?q=ferreteria&status=issued")
    asked = [query["sql"] for query in queries if "billing_invoice" in query["sql"]]
    assert asked
    assert not [sql for sql in asked if "COUNT(" in sql and "LIMIT" not in sql]


def test_the_queries_do_not_grow_with_the_rows(finance: Browser, rows: dict[str, Invoice], client_row: Client):
    with CaptureQueriesContext(connection) as few:
        shown(finance)
    for _ in range(5):
        builders.an_invoice(client_row)
    with CaptureQueriesContext(connection) as many:
        assert len(shown(finance)) == 7
    assert len(many) == len(few)


def test_pages_are_turned_without_counting(finance: Browser, rows: dict[str, Invoice], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(InvoiceAdmin, "list_per_page", 1)
    first = finance.get(url_of("changelist")).content.decode()
    second = finance.get(url_of("changelist") + "?p=2").content.decode()
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    assert shown(finance) | shown(finance, "?p=2") == {str(row.id) for row in rows.values()}


def test_where_there_are_several_sellers_theirs_are_told_apart(finance: Browser, rows: dict[str, Invoice]):
    assert "column-seller" not in finance.get(url_of("changelist")).content.decode()
    builders.a_seller(tax_id="99999910G", legal_name="Otra")
    assert "column-seller" in finance.get(url_of("changelist")).content.decode()


INDEXED = {
    "status": (lambda: Invoice.objects.filter(status="draft").order_by("-id"), "invoice_open"),
    "day": (
        lambda: Invoice.objects.filter(issue_date__gte="2026-01-01").order_by("-issue_date", "-id"),
        "invoice_by_day",
    ),
    "number": (lambda: Invoice.objects.filter(display_number__startswith="A-2026").order_by(), "invoice_by_number"),
    "buyer": (
        lambda: Invoice.objects.filter(buyer_search_name__startswith="ferre").order_by(),
        "invoice_by_buyer_name",
    ),
    "tax id": (lambda: Invoice.objects.filter(buyer_tax_id="99999910G").order_by(), "invoice_by_buyer_tax_id"),
    "search": (lambda: search(Invoice.objects.order_by(), "ferre"), "invoice_by_buyer_name"),
    "rejected": (lambda: at_the_aeat(Invoice.objects.order_by("-id"), "rejected"), "answer_not_clean"),
}


@pytest.mark.parametrize("name", INDEXED)
def test_whatever_is_asked_has_its_index(rows: dict[str, Invoice], name: str):
    """With so few rows PostgreSQL would read the table: it is told not to, to see whether it could do otherwise."""
    query, index = INDEXED[name]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert index in query().explain()


def test_what_became_of_their_records_is_asked_for(finance: Browser, rows: dict[str, Invoice], client_row: Client):
    other = builders.an_invoice(client_row).invoice
    waiting, rejected = {str(rows["issued"].id), str(other.id)}, {str(other.id)}
    assert shown(finance, "?aeat=pending") == waiting
    assert shown(finance, "?aeat=rejected") == set()
    answer(FiscalRecord.objects.get(invoice=other), "rejected", code=1239)
    assert shown(finance, "?aeat=rejected") == rejected
    assert shown(finance, "?aeat=pending") == waiting - rejected
    assert shown(finance, "?aeat=nonsense") == waiting | {str(rows["draft"].id)}


def test_what_was_corrected_or_replaced_says_so(finance: Browser, client_row: Client):
    original = builders.an_invoice(client_row)
    builders.a_replacement(builders.a_ticket(client_row.seller), client_row)
    page = finance.get(url_of("changelist") + "?status=issued").content.decode()
    assert (page.count(">corrected<"), page.count(">replaced<")) == (0, 1)
    builders.a_correction(original, builders.a_line(quantity="-0.5"))
    page = finance.get(url_of("changelist") + "?status=issued").content.decode()
    assert (page.count(">corrected<"), page.count(">replaced<")) == (1, 1)
