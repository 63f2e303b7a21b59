"""What a token may not see looks as if it were not there, on every path; what it may not do is refused, on every path."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import URLPattern

from billing.models import Seller
from clients.models import Client
from config.urls import API
from integrations.scopes import Scope
from tests.api.machines import Machine, a_machine, an_invoice_body, rows
from tests.builders import a_client, a_seller
from tests.hooks import URL

BODIES: dict[str, Any] = {
    "invoices": {"lines": [{"description": "x", "unit_price": "1", "tax_rate": "21"}]},
    "invoice-preview": {"lines": [{"description": "x", "unit_price": "1", "tax_rate": "21"}]},
    "invoice": {"notes": "x"},
    "invoice-void": {"reason": "x"},
    "invoice-payments": {"amount": "1.00", "date": "2026-11-01"},
    "clients": {"name": "X"},
    "client": {"name": "X"},
    "webhook-endpoints": {"url": URL},
    "webhook-replay": {"after": 0},
}


def operations() -> list[tuple[str, str, URLPattern]]:
    """Every method of every path of the machine's door."""
    found = []
    for pattern in API:
        view = pattern.callback.view_class
        methods = [name.upper() for name in ("get", "post", "patch", "put", "delete") if hasattr(view, name)]
        found += [(method, str(pattern.pattern), pattern) for method in methods]
    return found


EVERY = operations()
ABOUT_ONE = [operation for operation in EVERY if "<uuid:" in operation[1]]


def named(operations: list[tuple[str, str, URLPattern]]) -> Any:
    return pytest.mark.parametrize(
        ("method", "path", "pattern"), operations, ids=[f"{method} {path}" for method, path, _ in operations]
    )


def call(machine: Machine, method: str, path: str, pattern: URLPattern, **ids: object) -> Any:
    for name, value in ids.items():
        path = path.replace(f"<uuid:{name}>", str(value))
    body = BODIES.get(pattern.name or "", {}) if method in {"POST", "PATCH"} else None
    return machine._call(method, f"/{path}", body, {"Idempotency-Key": str(uuid.uuid4())})


@pytest.fixture
def neighbour_and_theirs(machine: Machine, client: Client) -> dict[str, object]:
    draft = machine.post("/invoices", an_invoice_body(client.id)).json()
    scenario = machine.post("/sandbox/scenarios", {"scenario": "webhook_failure"}).json()
    endpoint = machine.post("/webhook-endpoints", {"url": URL}).json()
    delivery = machine.post(f"/webhook-endpoints/{endpoint['id']}/ping", {}).json()
    return {
        "invoice_id": draft["id"],
        "client_id": client.id,
        "scenario_id": scenario["id"],
        "endpoint_id": endpoint["id"],
        "delivery_id": delivery["id"],
    }


@named(ABOUT_ONE)
@pytest.mark.parametrize("mode", ["test", "live"])
def test_anothers_object_is_not_found(
    neighbour_and_theirs: dict[str, object], method: str, path: str, pattern: URLPattern, mode: str
) -> None:
    stranger = a_seller(legal_name="Otra Casa") if mode == "test" else a_seller(mode="live", tax_id="B58378431")
    before = rows()
    response = call(a_machine(stranger), method, path, pattern, **neighbour_and_theirs)
    missing = call(a_machine(stranger), method, path, pattern, **dict.fromkeys(neighbour_and_theirs, uuid.uuid4()))
    assert (response.status_code, missing.status_code) == (404, 404)
    apart = ("request_id", "correlation_id")
    seen = [
        {name: value for name, value in answer.json().items() if name not in apart} for answer in (response, missing)
    ]
    assert seen[0] == seen[1], "what is somebody else's looks the same as what does not exist"
    assert rows() == before


@named(ABOUT_ONE)
def test_ones_own_object_is_found(
    machine: Machine, neighbour_and_theirs: dict[str, object], method: str, path: str, pattern: URLPattern
) -> None:
    assert call(machine, method, path, pattern, **neighbour_and_theirs).status_code != 404


@pytest.mark.parametrize("path", ["/invoices", "/clients", "/series", "/sellers"])
def test_lists_show_ones_own_alone(
    machine: Machine, client: Client, other_seller: Seller, live_seller: Seller, path: str
) -> None:
    machine.post("/invoices", an_invoice_body(client.id))
    own = machine.get(path).json()["results"]
    assert own
    for stranger in (other_seller, live_seller):
        a_client(stranger, **({"tax_id": "12345678Z"} if stranger.mode == "live" else {}))
        shown = a_machine(stranger).get(path).json()["results"]
        assert not {row["id"] for row in own} & {row["id"] for row in shown}


@named(EVERY)
def test_every_operation_names_its_scopes_and_refuses_without(
    seller: Seller,
    machine: Machine,
    neighbour_and_theirs: dict[str, object],
    method: str,
    path: str,
    pattern: URLPattern,
) -> None:
    required = pattern.callback.view_class.required_scopes[method]
    for missing in required:
        others = tuple(scope for scope in Scope if scope != missing)
        before = rows()
        response = call(a_machine(seller, scopes=others), method, path, pattern, **neighbour_and_theirs)
        assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
        assert response.json()["required_scopes"] == list(required)
        assert rows() == before


@named(EVERY)
def test_nobody_gets_in_without_a_token(
    neighbour_and_theirs: dict[str, object], method: str, path: str, pattern: URLPattern
) -> None:
    for name, value in neighbour_and_theirs.items():
        path = path.replace(f"<uuid:{name}>", str(value))
    body = json.dumps(BODIES.get(pattern.name or "", {}))
    response = Browser().generic(method, f"/api/v1/{path}", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (401, "token_missing")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_to_create_and_issue_one_needs_both_scopes(seller: Seller, client: Client) -> None:
    machine = a_machine(seller, scopes=("invoices:write",))
    before = rows()
    response = machine.post("/invoices", an_invoice_body(client.id, issue=True))
    problem = response.json()
    assert (response.status_code, problem["code"]) == (403, "scope_missing")
    assert problem["required_scopes"] == ["invoices:write", "invoices:issue"]
    assert rows() == before
    assert machine.post("/invoices", an_invoice_body(client.id)).status_code == 201


def test_a_live_invoice_says_so(live_seller: Seller) -> None:
    buyer = a_client(live_seller, tax_id="12345678Z", name="Pepa Comprador")
    invoice = a_machine(live_seller).post("/invoices", an_invoice_body(buyer.id, issue=True)).json()
    assert invoice["livemode"] is True
    assert "prewww2" not in invoice["verifactu"]["qr_url"]
