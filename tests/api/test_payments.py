"""Money received, recorded by machines."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from tests.api.machines import Machine, an_invoice_body, codes_of, rows, settled


@pytest.fixture
def path(machine: Machine, client: Client) -> str:
    return f"/invoices/{machine.post('/invoices', an_invoice_body(client.id, issue=True)).json()['id']}"


def pay(machine: Machine, path: str, amount: str = "363.00", **changes: Any) -> Any:
    return machine.post(f"{path}/payments", {"amount": amount, "date": "2026-11-01", **changes})


def test_a_payment_is_recorded_and_shown(machine: Machine, path: str) -> None:
    response = pay(machine, path, "100.00", method="card", reference="TR-1")
    payment = response.json()
    assert response.status_code == 201, response.content
    assert (payment["amount"], payment["method"], payment["reference"]) == ("100.00", "card", "TR-1")
    assert machine.get(f"{path}/payments").json()["results"] == [payment]
    invoice = machine.get(path).json()
    assert settled(invoice)[1:] == ["100.00", "partially_paid"]


def test_the_status_follows_the_sum(machine: Machine, path: str) -> None:
    seen = [settled(machine.get(path).json())[2]]
    for amount in ("63.00", "300.00", "0.01"):
        pay(machine, path, amount)
        seen.append(settled(machine.get(path).json())[2])
    assert seen == ["unpaid", "partially_paid", "paid", "overpaid"]


def test_a_reversal_mirrors_its_payment(machine: Machine, path: str) -> None:
    payment = pay(machine, path).json()
    wrong = pay(machine, path, "-1.00", reverses=payment["id"])
    assert codes_of(wrong) == {("#/amount", "amount_not_mirrored")}
    assert pay(machine, path, "-363.00", reverses=payment["id"]).status_code == 201
    assert settled(machine.get(path).json())[2] == "unpaid"
    again = pay(machine, path, "-363.00", reverses=payment["id"])
    assert (again.status_code, again.json()["code"]) == (409, "payment_already_reversed")


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("#/amount", "required"), ("#/date", "required")}),
        ({"amount": 1, "date": "2026-11-01"}, {("#/amount", "number_not_allowed")}),
        ({"amount": "1.001", "date": "2026-11-01"}, {("#/amount", "max_decimal_places")}),
        ({"amount": "0.00", "date": "2026-11-01"}, {("#/amount", "amount_has_wrong_sign")}),
        ({"amount": "-1.00", "date": "2026-11-01"}, {("#/amount", "amount_has_wrong_sign")}),
        ({"amount": "1.00", "date": "2099-01-01"}, {("#/date", "date_in_future")}),
        ({"amount": "1.00", "date": "2026-11-01", "method": "gold"}, {("#/method", "invalid_choice")}),
        (
            {"amount": "1.00", "date": "2026-11-01", "reverses": "0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"},
            {("#/reverses", "payment_unknown")},
        ),
        ({"amount": "1.00", "date": "2026-11-01", "colour": "red"}, {("#/colour", "unknown_field")}),
    ],
)
def test_a_faulty_payment_is_refused(machine: Machine, path: str, body: Any, faults: set[Any]) -> None:
    before = rows()
    assert codes_of(machine.post(f"{path}/payments", body)) == faults
    assert rows() == before


def test_a_draft_cannot_be_paid(machine: Machine, client: Client) -> None:
    draft = machine.post("/invoices", an_invoice_body(client.id)).json()
    response = pay(machine, f"/invoices/{draft['id']}")
    assert (response.status_code, response.json()["code"]) == (409, "invoice_not_issued")


def test_a_repeat_pays_once(machine: Machine, path: str) -> None:
    body = {"amount": "1.00", "date": "2026-11-01"}
    first, again = (machine.post(f"{path}/payments", body, key="once") for _ in range(2))
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert settled(machine.get(path).json())[1] == "1.00"
