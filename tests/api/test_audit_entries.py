"""The audit log for machines: about their own sellers, and nobody else's."""

from __future__ import annotations

import pytest

from billing.models import Seller
from clients.models import Client
from tests.api.machines import Machine, a_machine, an_invoice_body


@pytest.fixture
def invoice_id(machine: Machine, client: Client) -> str:
    body = an_invoice_body(client.id, issue=True)
    response = machine.post("/invoices", body, X_Correlation_ID="process-7", X_On_Behalf_Of="Marta")
    return str(response.json()["id"])


def test_who_issued_an_invoice_can_be_read(machine: Machine, seller: Seller, invoice_id: str) -> None:
    entries = machine.get(f"/audit-entries?subject_type=invoice&subject_id={invoice_id}").json()["results"]
    assert [entry["action"] for entry in entries] == ["invoice.issued", "invoice.created"]
    issued = entries[0]
    assert (issued["actor_kind"], issued["actor_name"], issued["on_behalf_of"]) == ("token", "shop", "Marta")
    assert (issued["correlation_id"], issued["seller"], issued["livemode"]) == ("process-7", str(seller.id), False)
    assert issued["after"]["display_number"] == issued["subject_label"] == "A-2026-00001"


@pytest.mark.parametrize("query", ["action=invoice.issued", "correlation_id=process-7&action=invoice.issued"])
def test_filters_narrow_each_other(machine: Machine, invoice_id: str, query: str) -> None:
    (entry,) = machine.get(f"/audit-entries?{query}").json()["results"]
    assert entry["subject_id"] == invoice_id


def test_what_was_refused_is_there_too(machine: Machine, client: Client) -> None:
    machine.post("/invoices", an_invoice_body(client.id, series="NO"))
    entry = machine.get("/audit-entries?limit=1").json()["results"][0]
    assert (entry["action"], entry["outcome"]) == ("invoice.created", "refused")
    assert entry["after"]["faults"] == ["series_unknown"]


def test_another_sellers_entries_are_not_shown(machine: Machine, invoice_id: str, other_seller: Seller) -> None:
    shown = a_machine(other_seller).get("/audit-entries").json()["results"]
    assert {entry["seller"] for entry in shown} <= {str(other_seller.id)}
    assert a_machine(other_seller).get(f"/audit-entries?subject_id={invoice_id}").json()["results"] == []
