"""Sellers, series and clients: forms over services."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse
from lxml import html

from audit.models import AuditEntry, Outcome
from billing.models import Seller, Series
from clients.models import Client
from tests import builders
from verifactu.models import Chain


def wrong_fields(answer: object) -> dict[str, str]:
    """The fields that the page marks, with what it says of them."""
    tree = html.fromstring(answer.content.decode())
    marked = {}
    for label in tree.xpath("//label[@for]"):
        row = label.xpath("ancestor::div[contains(@class, 'field-row') or contains(@class, 'form-row')][1]")
        texts = [
            text.strip()
            for error in (row[0] if row else label).xpath(".//ul[@class='errorlist']//li")
            for text in error.itertext()
        ]
        if texts:
            marked[label.get("for").removeprefix("id_")] = " ".join(texts)
    return marked


SELLER = {
    "mode": "test",
    "legal_name": "Carla Inventada Ruiz",
    "tax_id": "99999910G",
    "street": "Calle Mayor, 1",
    "postal_code": "28013",
    "city": "Madrid",
    "province": "Madrid",
    "territory": "mainland",
    "time_zone": "Europe/Madrid",
    "rounding": "per_rate",
    "approval_policy": "four_eyes",
    "simplified_limit": "400",
    "language": "es",
    "website": "ejemplo.es",
}
SERIES = {
    "code": "B",
    "kind": "ordinary",
    "number_format": "{code}-{year}-{number:05d}",
    "yearly": "on",
    "first_number": "7",
    "is_active": "on",
}
CLIENT = {"name": "Panadería Ñandú", "tax_id": "99999972C", "country": "ES", "language": "es"}


def url_of(model: str, act: str, *args: object) -> str:
    return reverse(f"admin:{model}_{act}", args=args)


def test_a_seller_is_made_with_its_chain(administrator: Browser):
    answer = administrator.post(url_of("billing_seller", "add"), SELLER)
    seller = Seller.objects.get()
    assert answer["Location"] == url_of("billing_seller", "change", seller.id)
    assert (seller.tax_id, seller.approval_policy, seller.website) == ("99999910G", "four_eyes", "https://ejemplo.es")
    assert Chain.objects.get().seller == seller
    assert AuditEntry.objects.get(action="seller.created").actor_name == "ana"


def test_a_sellers_faults_stand_at_their_fields(administrator: Browser):
    answer = administrator.post(
        url_of("billing_seller", "add"), {**SELLER, "tax_id": "B12345674", "iban": "ES00", "time_zone": "Mars/Olympus"}
    )
    assert set(wrong_fields(answer)) == {"tax_id", "iban", "time_zone"}
    assert not Seller.objects.exists()
    assert AuditEntry.objects.get().outcome == Outcome.REFUSED


def test_mode_and_tax_id_are_chosen_once(administrator: Browser, seller: Seller):
    administrator.post(
        url_of("billing_seller", "change", seller.id), {**SELLER, "legal_name": "Ana Otra", "mode": "live"}
    )
    seller.refresh_from_db()
    assert (seller.legal_name, seller.mode, seller.tax_id) == ("Ana Otra", "test", builders.SELLER_TAX_ID)
    assert AuditEntry.objects.get(action="seller.changed").after["legal_name"] == "Ana Otra"


def test_a_series_is_made(administrator: Browser, seller: Seller):
    administrator.post(url_of("billing_series", "add"), {**SERIES, "seller": str(seller.id)})
    series = Series.objects.get(code="B")
    assert (series.seller, series.mode, series.first_number) == (seller, "test", 7)


def test_a_series_faults_stand_at_their_fields(administrator: Browser, seller: Seller):
    form = {**SERIES, "seller": str(seller.id), "code": "A", "number_format": "X", "is_default": "on"}
    assert set(wrong_fields(administrator.post(url_of("billing_series", "add"), form))) == {
        "code",
        "number_format",
        "is_default",
    }
    assert Series.objects.count() == 3


def test_how_a_series_numbers_never_changes(administrator: Browser, seller: Seller):
    series = Series.objects.get(code="A")
    form = {**SERIES, "description": "Taller", "is_default": "on", "seller": str(seller.id)}
    administrator.post(url_of("billing_series", "change", series.id), form)
    series.refresh_from_db()
    assert (series.description, series.code, series.first_number) == ("Taller", "A", 1)


def test_a_client_is_made_and_changed(finance: Browser, seller: Seller):
    finance.post(url_of("clients_client", "add"), {**CLIENT, "seller": str(seller.id)})
    client = Client.objects.get()
    assert (client.search_name, client.tax_id_kind, client.mode) == ("panaderia nandu", "nif", "test")
    finance.post(url_of("clients_client", "change", client.id), {**CLIENT, "name": "Ñandú, S.L.", "external_id": "n-1"})
    client.refresh_from_db()
    assert (client.name, client.external_id) == ("Ñandú, S.L.", "n-1")
    assert AuditEntry.objects.get(action="client.changed").actor_name == "maria"


def test_a_clients_faults_stand_at_their_fields(finance: Browser, client_row: Client):
    form = {**CLIENT, "tax_id": "12345678A", "country": "ES", "external_id": "x"}
    builders.a_client(client_row.seller, external_id="x", tax_id="99999972C")
    answer = finance.post(url_of("clients_client", "change", client_row.id), form)
    assert set(wrong_fields(answer)) == {"tax_id", "external_id"}
    client_row.refresh_from_db()
    assert client_row.name == "Ferretería Peña, S.L."


def test_what_lacks_is_asked_for_before_any_service(finance: Browser, seller: Seller):
    answer = finance.post(
        url_of("clients_client", "add"), {"seller": str(seller.id), "country": "ES", "language": "es"}
    )
    assert set(wrong_fields(answer)) == {"name"}
    assert not AuditEntry.objects.filter(action="client.created").exists()


@pytest.mark.parametrize("term", ["ferreteria", "FERRETERÍA P", "99999910g", ""])
def test_clients_are_found(finance: Browser, client_row: Client, term: str):
    page = finance.get(url_of("clients_client", "changelist"), {"q": term}).content.decode()
    assert url_of("clients_client", "change", client_row.id) in page


def test_clients_that_are_not_there_are_not_found(finance: Browser, client_row: Client):
    page = finance.get(url_of("clients_client", "changelist"), {"q": "nadie"}).content.decode()
    assert url_of("clients_client", "change", client_row.id) not in page


def test_finance_looks_at_sellers_and_changes_none(finance: Browser, seller: Seller):
    page = finance.get(url_of("billing_seller", "change", seller.id)).content.decode()
    assert seller.legal_name in page
    assert 'name="legal_name"' not in page
    assert finance.post(url_of("billing_seller", "change", seller.id), SELLER).status_code == 403


def test_a_row_that_is_gone_leads_back_to_the_front_page(finance: Browser, db: None):
    answer = finance.get(url_of("clients_client", "change", "0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"))
    assert answer["Location"] == reverse("admin:index")


def test_history_is_the_audit_logs(auditor: Browser, client_row: Client):
    answer = auditor.get(url_of("clients_client", "history", client_row.id))
    assert answer["Location"] == f"{url_of('audit_auditentry', 'changelist')}?subject={client_row.id}"
