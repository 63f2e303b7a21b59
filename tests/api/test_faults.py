"""Every fault of a request at once, each with its place and a stable code; nothing written, no number used."""

from __future__ import annotations

from clients.models import Client
from tests.api.machines import Machine, an_invoice_body, codes_of


def test_faults_of_shape_and_of_law_come_together(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id, series="NO", colour="red", notes=7, withholding_percent="14")
    body["lines"] = [
        {"description": "a", "unit_price": 12.5, "tax_rate": "23"},
        {"description": "b", "unit_price": "-1", "tax_rate": "21", "qty": "1"},
        {"description": "c", "unit_price": "1", "tax_rate": "20", "tax_category": 7},
        "line",
        {"description": "e", "unit_price": "1"},
    ]
    response = machine.post("/invoices", body)
    assert response.status_code == 422
    assert codes_of(response) == {
        ("#/colour", "unknown_field"),
        ("#/notes", "string_expected"),
        ("#/series", "series_unknown"),
        ("#/withholding_percent", "withholding_not_in_force"),
        ("#/lines/0/unit_price", "number_not_allowed"),
        ("#/lines/0/tax_rate", "tax_rate_not_in_force"),
        ("#/lines/1/qty", "unknown_field"),
        ("#/lines/1/unit_price", "unit_price_negative"),
        ("#/lines/2/tax_category", "string_expected"),
        ("#/lines/3", "object_expected"),
        ("#/lines/4/tax_rate", "tax_rate_missing"),
    }
