"""Invoices made by machines."""

from clients.models import Client
from tests.api.machines import Machine, an_invoice_body


def test_create_and_issue_gives_a_numbered_invoice(machine: Machine, client: Client) -> None:
    response = machine.post("/invoices", an_invoice_body(client.id, issue=True))
    assert response.status_code == 201, response.content
    invoice = response.json()
    assert (invoice["status"], invoice["number"], invoice["gross_total"]) == ("issued", 1, "363.00")
