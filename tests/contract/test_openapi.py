"""The OpenAPI document: current, without warnings, true, and never less than it promised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client as Browser

from billing.api import examples
from billing.models import Seller
from clients.api import examples as client_examples
from clients.models import Client
from config.urls import API
from integrations.event_types import EVENT_TYPES
from integrations.versions import as_version
from tests.api.machines import Machine, a_machine, an_invoice_body
from tests.contract.answers import VERSIONS, Document, document_of, resolved
from tests.contract.breaking import breaks

AGAIN = "make schemas"


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def document(version: str) -> Document:
    return document_of(version)


@pytest.fixture
def machine(seller: Seller, version: str) -> Machine:
    return a_machine(seller, version=version)


def test_the_committed_document_is_what_the_code_says(tmp_path: Path, version: str, document: Document) -> None:
    file, options = tmp_path / "schema.json", ("--validate", "--fail-on-warn", "--format", "openapi-json")
    call_command("spectacular", *options, "--api-version", version, "--file", str(file))
    generated = json.loads(file.read_text())
    assert breaks(document, generated) == [], "it is no longer what was promised"
    assert generated == document, f"write it again: {AGAIN}"


def test_it_is_served_as_it_is_committed(db: None, version: str, document: Document) -> None:
    served = Browser().get(f"/api/{version}/schema", headers={"Accept": "application/json"})
    assert json.loads(served.content) == document


def test_every_path_is_described(version: str, document: Document) -> None:
    described = {path.replace("{", "<uuid:").replace("}", ">") for path in document["paths"]}
    assert described == {f"/api/{version}/{pattern.pattern}" for pattern in API}


def test_every_event_that_is_sent_is_described(document: Document) -> None:
    assert set(document["webhooks"]) == set(EVENT_TYPES)
    for webhook in document["webhooks"].values():
        headers = {resolved(document, parameter)["name"] for parameter in webhook["post"]["parameters"]}
        assert headers == {"webhook-id", "webhook-timestamp", "webhook-signature"}
        body = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert {"type", "timestamp", "data"} == set(resolved(document, body)["properties"])


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


# --- The document tells the truth ------------------------------------------------------------------------------------


def check(document: Document, name: str, value: object) -> None:
    """``value`` is what the component says, all of it and nothing else."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)
    said = resolved(document, {"$ref": schema["$ref"]})
    if isinstance(value, dict):
        assert set(said.get("required", ())) <= set(value) <= set(said["properties"]), f"{name} shows other fields"


def body_of(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def test_real_answers_are_what_the_document_says(machine: Machine, client: Client, document: Document) -> None:
    event = {"source": "shop", "type": "order.paid", "id": "1"}
    body = an_invoice_body(client.id, source_event=event, issue=True, metadata={"a": "b"})
    body["lines"][0] = {"description": "Exenta", "unit_price": "5", "exemption_code": "E1"}
    check(document, "InvoicePreview", body_of(machine.post("/invoices/preview", body)))
    made = body_of(machine.post("/invoices", body), 201)
    check(document, "Invoice", made)
    path = f"/invoices/{made['id']}"
    check(document, "Invoice", body_of(machine.get(path)))
    check(document, "Invoice", body_of(machine.get(f"{path}?expand=client")))
    check(document, "FiscalRecords", body_of(machine.get(f"{path}/verifactu")))
    payment = body_of(machine.post(f"{path}/payments", {"amount": "1.00", "date": "2026-11-01"}), 201)
    check(document, "Payment", payment)
    check(document, "PaymentPage", body_of(machine.get(f"{path}/payments")))
    check(document, "Rendering", body_of(machine.get(f"{path}/pdf"), 202))
    draft = body_of(machine.post("/invoices", {"lines": body["lines"][1:]}), 201)
    check(document, "Invoice", draft)
    check(document, "Invoice", body_of(machine.patch(f"/invoices/{draft['id']}", {"notes": "x"})))
    for act, sent in (("submit", {}), ("void", {"reason": "x"})):
        check(document, "Invoice", body_of(machine.post(f"/invoices/{draft['id']}/{act}", sent)))
    check(document, "InvoicePage", body_of(machine.get("/invoices?limit=1")))
    check(document, "Client", body_of(machine.get(f"/clients/{client.id}")))
    check(document, "ClientPage", body_of(machine.get("/clients")))
    check(document, "SellerPage", body_of(machine.get("/sellers")))
    check(document, "SeriesPage", body_of(machine.get("/series")))
    check(document, "AuditEntryPage", body_of(machine.get("/audit-entries")))
    check(document, "Token", body_of(machine.get("/token")))
    check_problem(document, machine.post("/invoices", {}))


def check_problem(document: Document, response: HttpResponse) -> None:
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(response.content))


def test_every_example_is_what_its_schema_says(document: Document) -> None:
    for name, operation in operations(document):
        media = [*operation.get("requestBody", {}).get("content", {}).values()]
        for response in operation["responses"].values():
            media += resolved(document, response).get("content", {}).values()
        for part in media:
            validator = jsonschema.Draft202012Validator({**part["schema"], "components": document["components"]})
            for title, example in part.get("examples", {}).items():
                faults = [error.message for error in validator.iter_errors(example["value"])]
                assert not faults, f"{name}, {title}"


def test_the_examples_are_a_story_that_really_happens(machine: Machine, document: Document) -> None:
    buyer = body_of(machine.post("/clients", client_examples.REQUEST), 201)
    same(buyer, client_examples.CLIENT, but={"id", "seller", "created_at", "updated_at"})
    body_of(machine.post("/invoices/preview", examples.REQUEST))
    made = body_of(machine.post("/invoices", examples.REQUEST, X_Correlation_ID="order-1001"), 201)
    today = {"id", "seller", "client", "created_at", "issued_at", "issue_date", "verifactu", "documents", "warnings"}
    same(made, {**as_version(examples.INVOICE, "invoice", machine.version), "warnings": []}, but=today)
    paid = {**examples.PAYMENT_REQUEST, "date": made["operation_date"]}
    payment = body_of(machine.post(f"/invoices/{made['id']}/payments", paid), 201)
    same(payment, examples.PAYMENT, but={"id", "invoice", "created_at", "date"})
    draft = body_of(machine.post("/invoices", examples.CONSUMER), 201)
    body_of(machine.patch(f"/invoices/{draft['id']}", examples.CHANGE))
    body_of(machine.patch(f"/clients/{buyer['id']}", client_examples.CHANGE))


def same(real: Document, example: Document, *, but: set[str]) -> None:
    assert set(real) == set(example)
    assert {name: real[name] for name in real if name not in but} == {
        name: example[name] for name in example if name not in but
    }


# --- Swagger UI ------------------------------------------------------------------------------------------------------


def test_the_pages_load_nothing_from_elsewhere(db: None, version: str) -> None:
    response = Browser().get(f"/api/{version}/docs")
    text = response.content.decode()
    assert response.status_code == 200
    assert "http://" not in text
    assert "https://" not in text
    assert "<script>" not in text, "the policy forbids inline scripts"
    assert (
        "script-src" not in response["Content-Security-Policy"]
        or "'unsafe-inline'" not in response["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    )
