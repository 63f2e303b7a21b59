"""Invoices made by machines: drafts, invoices, and what their source events have to do with it."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEntry
from billing.models import Invoice, Seller
from clients.models import Client
from integrations.models import Event
from tests.api.machines import Machine, a_machine, an_invoice_body, codes_of, rows, settled
from tests.builders import a_client, a_seller

ORDER = {"source": "shop", "type": "order.paid", "id": "1001"}


def test_create_and_issue_gives_a_numbered_invoice(machine: Machine, client: Client) -> None:
    response = machine.post("/invoices", an_invoice_body(client.id, issue=True))
    invoice = response.json()
    assert response.status_code == 201
    assert (invoice["status"], invoice["number"], invoice["gross_total"]) == ("issued", 1, "363.00")
    assert invoice["warnings"] == []
    assert response["Location"] == f"{machine.root}/invoices/{invoice['id']}"
    assert machine.get(f"/invoices/{invoice['id']}")["ETag"] == response["ETag"]


def test_without_issue_it_is_a_draft_and_has_no_number(machine: Machine, client: Client) -> None:
    invoice = machine.post("/invoices", an_invoice_body(client.id)).json()
    assert invoice["status"] == "draft"
    assert {invoice[name] for name in ("number", "display_number", "issue_date", "issued_at")} == {None}
    assert invoice["verifactu"] == {"status": "not_required", "fingerprint": None, "qr_url": None}


def test_everything_that_may_be_said_is_kept(machine: Machine, client: Client) -> None:
    body = an_invoice_body(
        client.id,
        series="A",
        fiscal_type="F1",
        operation_date="2026-11-20",
        due_date="2026-12-20",
        currency="USD",
        exchange_rate="1.1",
        prices_include_tax=False,
        withholding_percent="15",
        equivalence_surcharge=False,
        purchase_order="PO-77",
        buyer_reference="REF",
        payment_terms="30 días",
        notes="Gracias.\nHasta pronto.",
        metadata={"order": "1001"},
        external_id="E-1",
        language="en",
        source_event=ORDER,
    )
    response = machine.post("/invoices", body, X_Correlation_ID="process-7")
    assert response.status_code == 201, response.content
    invoice = response.json()
    said = {name: value for name, value in body.items() if name not in {"lines", "withholding_percent"}}
    assert {name: invoice[name] for name in said} == said
    assert invoice["withholding_percent"] == "15.00"
    assert (invoice["withholding_total"], settled(invoice)[0]) == ("45.00", "318.00")
    assert (invoice["correlation_id"], invoice["created_by"]) == ("process-7", "token:shop")


def test_null_is_the_same_as_leaving_out(machine: Machine, client: Client) -> None:
    optional = ("series", "fiscal_type", "due_date", "currency", "notes", "metadata", "external_id", "source_event")
    response = machine.post("/invoices", an_invoice_body(client.id, **dict.fromkeys(optional)))
    assert response.status_code == 201, response.content


def test_a_consumer_without_name_gets_a_simplified_invoice(machine: Machine, seller: Seller) -> None:
    body = {"lines": [{"description": "Libro", "unit_price": "10.40", "tax_rate": "4"}], "prices_include_tax": True}
    invoice = machine.post("/invoices", {**body, "issue": True}).json()
    assert (invoice["fiscal_type"], invoice["series"], invoice["gross_total"]) == ("F2", "S", "10.40")
    assert (invoice["client"], invoice["buyer"]) == (None, None)


# --- The buyer, described --------------------------------------------------------------------------------------------

PENA = {
    "external_id": "C-17",
    "name": "Ferretería Peña, S.L.",
    "tax_id": "99999910G",
    "country": "ES",
    "email": "compras@example.com",
    "address": {"street": "Calle Real, 1", "postal_code": "46001", "city": "Valencia", "province": "Valencia"},
    "language": "es",
}


def test_a_described_buyer_is_made_once_and_found_again(machine: Machine, seller: Seller) -> None:
    first = machine.post("/invoices", an_invoice_body(PENA)).json()
    second = machine.post("/invoices", an_invoice_body({"external_id": "C-17"})).json()
    assert first["client"] == second["client"]
    assert Client.objects.count() == 1
    assert first["buyer"]["city"] == "Valencia"


def test_what_differs_from_the_stored_buyer_is_a_warning(machine: Machine, client: Client) -> None:
    described = {"tax_id": client.tax_id, "name": client.name, "email": "otra@example.com"}
    response = machine.post("/invoices", an_invoice_body(described), Accept_Language="es")
    assert response.status_code == 201, response.content
    warnings = response.json()["warnings"]
    assert [(warning["pointer"], warning["code"]) for warning in warnings] == [("#/client/email", "client_differs")]
    assert response.json()["buyer"]["email"] == client.email


def test_two_buyers_with_one_tax_id_are_ambiguous(machine: Machine, seller: Seller, client: Client) -> None:
    a_client(seller, external_id="branch-1")
    response = machine.post("/invoices", an_invoice_body({"tax_id": client.tax_id, "name": "Peña"}))
    assert codes_of(response) == {("#/client/tax_id", "client_ambiguous")}


# --- For whom --------------------------------------------------------------------------------------------------------


def test_a_token_of_several_sellers_must_name_one(seller: Seller, other_seller: Seller, client: Client) -> None:
    machine = a_machine(seller, other_seller)
    assert codes_of(machine.post("/invoices", an_invoice_body(client.id))) == {("#/seller", "seller_missing")}
    named = machine.post("/invoices", an_invoice_body(client.id, seller=str(seller.id)))
    assert (named.status_code, named.json()["seller"]) == (201, str(seller.id))


@pytest.mark.parametrize("stranger", ["0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70", "other", "live"])
def test_a_strangers_name_is_unknown_and_comes_with_the_other_faults(
    machine: Machine, other_seller: Seller, live_seller: Seller, client: Client, stranger: str
) -> None:
    named = {"other": str(other_seller.id), "live": str(live_seller.id)}.get(stranger, stranger)
    response = machine.post("/invoices", an_invoice_body(client.id, seller=named, colour="red"))
    assert codes_of(response) == {("#/seller", "seller_unknown"), ("#/colour", "unknown_field")}


@pytest.mark.parametrize("named", [7, "seven", ["a"], {}])
def test_what_is_no_seller_at_all_is_a_fault_of_shape(machine: Machine, client: Client, named: Any) -> None:
    response = machine.post("/invoices", an_invoice_body(client.id, seller=named))
    assert response.status_code == 422
    assert {pointer for pointer, _code in codes_of(response)} == {"#/seller"}


# --- Idempotency, two layers -----------------------------------------------------------------------------------------


def test_a_repeat_gets_the_same_bytes_and_makes_nothing(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id, issue=True)
    first = machine.post("/invoices", body, key="k-1")
    before = rows()
    again = machine.post("/invoices", body, key='"k-1"')
    assert again.content == first.content
    assert [again[name] for name in ("ETag", "Location")] == [first[name] for name in ("ETag", "Location")]
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert rows() == before


def test_without_a_key_nothing_is_made(machine: Machine, client: Client) -> None:
    before = rows()
    response = machine.post("/invoices", an_invoice_body(client.id), key=None)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")
    assert rows() == before


def test_a_refusal_leaves_the_key_free(machine: Machine, client: Client) -> None:
    assert machine.post("/invoices", an_invoice_body(client.id, notes=7), key="k-1").status_code == 422
    assert machine.post("/invoices", an_invoice_body(client.id), key="k-1").status_code == 201


def test_a_known_event_with_the_same_content_gives_the_same_invoice(machine: Machine, client: Client) -> None:
    first = machine.post("/invoices", an_invoice_body(client.id, source_event=ORDER)).json()
    again = machine.post("/invoices", an_invoice_body(client.id, source_event=ORDER, issue=True))
    assert (again.status_code, again["Duplicate-Of"], again.json()["id"]) == (200, first["id"], first["id"])
    assert again["Location"] == f"{machine.root}/invoices/{first['id']}"
    assert again.json()["status"] == "draft", "asking to issue what was drafted before issues nothing"
    assert Invoice.objects.count() == 1


def test_a_known_event_with_other_content_is_refused_with_the_differences(machine: Machine, client: Client) -> None:
    first = machine.post("/invoices", an_invoice_body(client.id, source_event=ORDER, notes="a")).json()
    body = an_invoice_body(client.id, source_event=ORDER, purchase_order="PO-1")
    body["lines"][1]["unit_price"] = "51.00"
    response = machine.post("/invoices", body)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["invoice"]) == (409, "source_event_diverged", first["id"])
    assert sorted(problem["differences"], key=lambda difference: difference["pointer"]) == [
        {"pointer": "#/lines/1/unit_price", "was": "50.00", "now": "51.00"},
        {"pointer": "#/notes", "was": "a", "now": None},
        {"pointer": "#/purchase_order", "was": None, "now": "PO-1"},
    ]


def test_a_discarded_draft_keeps_its_event(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id, source_event=ORDER)
    draft = machine.post("/invoices", body).json()
    machine.delete(f"/invoices/{draft['id']}")
    again = machine.post("/invoices", body)
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (200, draft["id"], "discarded")


def test_the_event_is_each_sellers_own(seller: Seller, machine: Machine, client: Client) -> None:
    neighbour = a_seller(legal_name="Otra Casa Primera")
    theirs = a_client(neighbour)
    mine = machine.post("/invoices", an_invoice_body(client.id, source_event=ORDER))
    other = a_machine(neighbour).post("/invoices", an_invoice_body(theirs.id, source_event=ORDER))
    assert (mine.status_code, other.status_code) == (201, 201)


# --- What it leaves --------------------------------------------------------------------------------------------------


def test_it_leaves_an_audit_trail_and_events_with_the_callers_ids(machine: Machine, client: Client) -> None:
    response = machine.post("/invoices", an_invoice_body(client.id, issue=True), X_Correlation_ID="process-7")
    entries = AuditEntry.objects.filter(subject_id=response.json()["id"])
    assert [entry.action for entry in entries.order_by("id")] == ["invoice.created", "invoice.issued"]
    assert {(entry.correlation_id, entry.request_id) for entry in entries} == {("process-7", response["X-Request-ID"])}
    events = Event.objects.filter(object_id=response.json()["id"])
    assert {(event.type, event.correlation_id) for event in events} == {
        ("invoice.created", "process-7"),
        ("invoice.issued", "process-7"),
    }


def test_a_refusal_is_written_down_and_told(machine: Machine, client: Client) -> None:
    response = machine.post("/invoices", an_invoice_body(client.id, issue=True, series="NO"))
    entry = AuditEntry.objects.get(outcome="refused")
    assert (entry.action, entry.subject_type, entry.request_id) == (
        "invoice.issued",
        "invoice",
        response["X-Request-ID"],
    )
    assert entry.after == {"code": "validation_failed", "faults": ["series_unknown"]}
    told = Event.objects.get(type="validation.failed").payload
    assert told["errors"] == response.json()["errors"]


def test_a_preview_is_the_invoice_as_it_would_be(machine: Machine, client: Client) -> None:
    body = an_invoice_body({"tax_id": client.tax_id, "name": "Peña"}, source_event=ORDER)
    before = rows()
    preview = machine.post("/invoices/preview", body, key=None)
    assert preview.status_code == 200
    assert rows() == before
    shown = preview.json()
    made = machine.post("/invoices", body).json()
    its_own = {"id", "created_at", "created_by", "correlation_id", "source_event"}
    assert {name: shown[name] for name in shown if name not in its_own} == {
        name: made[name] for name in made if name not in its_own
    }
    assert shown["id"] is None
    assert [warning["pointer"] for warning in shown["warnings"]] == ["#/client/name"]


def test_a_preview_of_a_new_foreign_buyer_writes_no_client(machine: Machine, seller: Seller) -> None:
    before = rows()
    response = machine.post("/invoices/preview", an_invoice_body({"name": "Nadie", "country": "FR"}))
    assert (response.status_code, response.json()["client"]) == (200, None)
    assert rows() == before


def test_where_an_event_differs_is_a_json_pointer(machine: Machine, client: Client) -> None:
    event = {"source": "shop", "type": "order.paid", "id": "7"}
    machine.post("/invoices", an_invoice_body(client.id, source_event=event, metadata={"a/b": "1"}))

    again = machine.post("/invoices", an_invoice_body(client.id, source_event=event, metadata={"a/b": "2"}))

    assert again.json()["differences"] == [{"pointer": "#/metadata/a~1b", "was": "1", "now": "2"}]


def test_naming_the_seller_that_the_token_has_is_no_other_event(machine: Machine, client: Client) -> None:
    event = {"source": "shop", "type": "order.paid", "id": "8"}
    first = machine.post("/invoices", an_invoice_body(client.id, source_event=event))

    again = machine.post("/invoices", an_invoice_body(client.id, source_event=event, seller=str(client.seller_id)))

    assert (again.status_code, again["Duplicate-Of"]) == (200, first.json()["id"])
