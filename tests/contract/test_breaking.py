"""The check of breaking changes catches each kind of them, wherever it is made, and lets additions pass."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.breaking import METHODS, breaks

RELEASED = Path(__file__).with_name("released")
COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi"

Document = dict[str, Any]
V1: Document = json.loads((RELEASED / "v1.json").read_text())


@pytest.mark.parametrize("released", sorted(RELEASED.glob("*.json")), ids=lambda path: path.stem)
def test_nothing_that_was_released_is_taken_back(released: Path) -> None:
    """Additions are welcome; what was taken away breaks somebody: make the API do again what it promised."""
    assert breaks(json.loads(released.read_text()), json.loads((COMMITTED / released.name).read_text())) == []


def changed(change: Callable[[Document], None]) -> list[str]:
    document = copy.deepcopy(V1)
    change(document)
    assert document != V1, "the change is one"
    return breaks(V1, document)


def schema_of(document: Document, name: str) -> Document:
    return document["components"]["schemas"][name]


CREATE = ("/api/v1/invoices", "post")


def operation(document: Document) -> Document:
    path, method = CREATE
    return document["paths"][path][method]


KINDS: dict[str, tuple[Callable[[Document], Any], str]] = {
    "a path goes": (lambda d: d["paths"].pop("/api/v1/clients"), "POST /api/v1/clients is gone"),
    "an operation goes": (lambda d: d["paths"]["/api/v1/clients"].pop("get"), "GET /api/v1/clients is gone"),
    "an operation gets another name": (lambda d: operation(d).update(operationId="x"), "another operationId"),
    "a scope is asked for": (
        lambda d: operation(d)["security"][0]["apiToken"].append("audit:read"),
        "needs the scope audit:read",
    ),
    "a field of an answer goes": (
        lambda d: schema_of(d, "Invoice")["properties"].pop("net_total"),
        "POST /api/v1/invoices 201 application/json.net_total is gone",
    ),
    "a field of an answer may be left out": (
        lambda d: schema_of(d, "Invoice")["required"].remove("net_total"),
        ".net_total may be left out",
    ),
    "a field of an answer gets another type": (
        lambda d: schema_of(d, "Invoice")["properties"]["coupon"].update(type="string"),
        ".coupon may be string",
    ),
    "a field of an answer may be null": (
        lambda d: schema_of(d, "Invoice")["properties"]["coupon"].update(type=["boolean", "null"]),
        ".coupon may be null",
    ),
    "an amount of an answer is written otherwise": (
        lambda d: schema_of(d, "Invoice")["properties"]["net_total"].update(pattern="^.*$"),
        ".net_total has another pattern",
    ),
    "an instant of an answer is any text": (
        lambda d: schema_of(d, "Invoice")["properties"]["created_at"].pop("format"),
        ".created_at has another format",
    ),
    "a word of an answer goes": (
        lambda d: schema_of(d, "InvoiceStatusEnum")["enum"].remove("voided"),
        ".status has no 'voided' any more",
    ),
    "a field of a request goes": (
        lambda d: schema_of(d, "InvoiceRequest")["properties"].pop("notes"),
        "POST /api/v1/invoices application/json.notes is gone",
    ),
    "a field of a request is required": (
        lambda d: schema_of(d, "InvoiceRequest")["required"].append("client"),
        "POST /api/v1/invoices application/json.client is required",
    ),
    "a new field of a request is required": (
        lambda d: schema_of(d, "VoidRequest").update(
            properties={**schema_of(d, "VoidRequest")["properties"], "by": {"type": "string"}},
            required=["reason", "by"],
        ),
        ".by is required",
    ),
    "a text of a request is cut shorter": (
        lambda d: schema_of(d, "InvoiceRequest")["properties"]["notes"].update(maxLength=3),
        ".notes has another maxLength",
    ),
    "a text of a request must be longer": (
        lambda d: schema_of(d, "InvoiceRequest")["properties"]["notes"].update(minLength=9),
        ".notes has another minLength",
    ),
    "a text of a request gets another pattern": (
        lambda d: schema_of(d, "InvoiceRequest")["properties"]["notes"].update(pattern="^x$"),
        ".notes has another pattern",
    ),
    "fewer lines are taken": (
        lambda d: schema_of(d, "InvoiceRequest")["properties"]["lines"].update(maxItems=10),
        ".lines has another maxItems",
    ),
    "a word of a request goes": (
        lambda d: schema_of(d, "PaymentMethodEnum")["enum"].remove("cash"),
        ".method has no 'cash' any more",
    ),
    "a way of sending a client goes": (
        lambda d: schema_of(d, "InvoiceRequest")["properties"]["client"].update(
            oneOf=[{"type": "string", "format": "uuid"}]
        ),
        ".client takes no object any more",
    ),
    "a parameter goes": (
        lambda d: d["paths"]["/api/v1/invoices"]["get"]["parameters"].__delitem__(slice(None)),
        "GET /api/v1/invoices query status is gone",
    ),
    "a parameter is required": (
        lambda d: operation(d)["parameters"].append(
            {"in": "header", "name": "X-New", "required": True, "schema": {"type": "string"}}
        ),
        "header X-New is required",
    ),
    "a page gets smaller by itself": (
        lambda d: next(one for one in d["paths"]["/api/v1/clients"]["get"]["parameters"] if one.get("name") == "limit")[
            "schema"
        ].update(default=5),
        "query limit has another default",
    ),
    "pages must be smaller": (
        lambda d: next(one for one in d["paths"]["/api/v1/clients"]["get"]["parameters"] if one.get("name") == "limit")[
            "schema"
        ].update(maximum=5),
        "query limit has another maximum",
    ),
    "a status goes": (lambda d: operation(d)["responses"].pop("201"), "POST /api/v1/invoices answers 201 no more"),
    "a header of an answer goes": (
        lambda d: operation(d)["responses"]["201"]["headers"].pop("Location"),
        "201 has no header Location",
    ),
    "an answer comes in another form": (
        lambda d: operation(d)["responses"]["201"].update(content={"text/plain": {}}),
        "201 is application/json no more",
    ),
    "a body comes in another form": (
        lambda d: operation(d)["requestBody"].update(content={"text/plain": {}}),
        "POST /api/v1/invoices is application/json no more",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_catches_it_when(kind: str) -> None:
    change, sentence = KINDS[kind]
    assert any(sentence in found for found in changed(change)), changed(change)


ADDITIONS: dict[str, Callable[[Document], Any]] = {
    "a path comes": lambda d: d["paths"].update({"/api/v1/new": {"get": {"responses": {}}}}),
    "a status comes": lambda d: operation(d)["responses"].update({"207": {"description": "In part"}}),
    "an answer gets a field": lambda d: schema_of(d, "Invoice")["properties"].update(extra={"type": "string"}),
    "an answer gets a field that is always there": lambda d: (
        schema_of(d, "Invoice")["properties"].update(extra={"type": "string"}),
        schema_of(d, "Invoice")["required"].append("extra"),
    ),
    "an answer gets a header": lambda d: operation(d)["responses"]["201"]["headers"].update({"Sunset": {"schema": {}}}),
    "a request may have one more": lambda d: schema_of(d, "InvoiceRequest")["properties"].update(
        extra={"type": "null"}
    ),
    "a request needs one less": lambda d: schema_of(d, "VoidRequest").update(required=[]),
    "a word comes": lambda d: schema_of(d, "InvoiceStatusEnum")["enum"].append("new"),
    "a longer text is taken": lambda d: schema_of(d, "InvoiceRequest")["properties"]["notes"].update(maxLength=99_999),
    "a null is taken": lambda d: schema_of(d, "VoidRequest")["properties"].update(
        reason={"oneOf": [schema_of(d, "VoidRequest")["properties"]["reason"], {"type": "null"}]}
    ),
    "a parameter may be given": lambda d: operation(d)["parameters"].append(
        {"in": "query", "name": "new", "schema": {"type": "string"}}
    ),
    "a scope falls away": lambda d: operation(d).update(security=[]),
    "a body comes in one more form": lambda d: operation(d)["requestBody"]["content"].update({"application/x": {}}),
    "another way in": lambda d: operation(d)["security"].append({"oauth": ["invoices:write"]}),
    "a field is marked as deprecated": lambda d: schema_of(d, "Invoice")["properties"]["net_total"].update(
        deprecated=True
    ),
    "a component gets another name": lambda d: (
        d["components"]["schemas"].update(Other=schema_of(d, "Client")),
        d["paths"]["/api/v1/clients/{client_id}"]["get"]["responses"]["200"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Other"}
        ),
    ),
}


@pytest.mark.parametrize("kind", ADDITIONS)
def test_it_lets_it_pass_when(kind: str) -> None:
    assert changed(ADDITIONS[kind]) == []


def test_a_document_breaks_nothing_of_itself() -> None:
    assert breaks(V1, copy.deepcopy(V1)) == []


# --- Everywhere ------------------------------------------------------------------------------------------------------


def alone(path: str, **changes: Any) -> Document:
    """The document with this path alone: what goes missing elsewhere is not looked for again and again."""
    return {**V1, "paths": {path: V1["paths"][path]}, **changes}


def used(path: str, kind: str) -> set[str]:
    """The components that the answers (or requests) of a path lead to."""
    found: set[str] = set()
    operations = [one for method, one in V1["paths"][path].items() if method in METHODS]
    waiting: list[Any] = [one["responses"] if kind == "answers" else one.get("requestBody") for one in operations]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            _, _, group, name = part.get("$ref", "///").split("/")
            if group in {"schemas", "responses"} and name not in found:
                found.add(name)
                waiting.append(V1["components"][group][name])
            waiting += [value for key, value in part.items() if key != "examples"]
        elif isinstance(part, list):
            waiting += part
    return found & set(V1["components"]["schemas"])


def fields(kind: str) -> Iterator[tuple[str, str, str]]:
    """Every field that is answered (or sent), with a path where it is."""
    places = {name: path for path in sorted(V1["paths"], key=len, reverse=True) for name in used(path, kind)}
    for name, path in places.items():
        yield from ((path, name, field) for field in schema_of(V1, name).get("properties", {}))


@pytest.mark.parametrize("kind", ["answers", "requests"])
def test_no_field_can_go_unseen(kind: str) -> None:
    """Whichever of the hundreds of fields goes, it is noticed."""
    everything = list(fields(kind))
    assert len(everything) > 50
    for path, name, field in everything:
        rest = {other: one for other, one in schema_of(V1, name)["properties"].items() if other != field}
        schemas = {**V1["components"]["schemas"], name: {**schema_of(V1, name), "properties": rest}}
        found = breaks(alone(path), alone(path, components={**V1["components"], "schemas": schemas}))
        assert any(f".{field} is gone" in sentence for sentence in found), (name, field)


def test_no_operation_and_no_status_can_go_unseen() -> None:
    for path, methods in V1["paths"].items():
        for method, operation in methods.items():
            without = {name: one for name, one in methods.items() if name != method}
            assert breaks(alone(path), {**V1, "paths": {path: without}}), (path, method)
            for status in operation["responses"]:
                rest = {name: one for name, one in operation["responses"].items() if name != status}
                less = {**without, method: {**operation, "responses": rest}}
                found = breaks(alone(path), {**V1, "paths": {path: less}})
                assert found == [f"{method.upper()} {path} answers {status} no more"]
