"""What every test of the API relies on: an answer that its document does not describe is noticed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.api import examples
from tests.contract.answers import Undescribed, check_answer, template_of

JSON, PROBLEM = "application/json", "application/problem+json"
PATH = f"/api/v1/invoices/{examples.INVOICE_ID}"
TROUBLE = {
    "type": "https://billing.example.es/problems/not_found",
    "title": "Not found",
    "status": 404,
    "detail": "There is nothing at this address.",
    "code": "not_found",
    "request_id": "req_1",
    "correlation_id": "c-1",
    "errors": [],
}


def check(body: Any, *, path: str = PATH, status: int = 200, content_type: str = JSON, method: str = "GET") -> None:
    check_answer(method, path, status, content_type, json.dumps(body).encode())


def test_what_is_described_passes() -> None:
    check(examples.INVOICE)
    check({"results": [examples.INVOICE], "next": None, "previous": None}, path="/api/v1/invoices?limit=1")
    check(TROUBLE, status=404, content_type=PROBLEM)


@pytest.mark.parametrize(
    "changed",
    [
        {**examples.INVOICE, "settlement": {}},
        {**examples.INVOICE, "lines": [{**examples.INVOICE["lines"][0], "secret": "x"}]},
        {**examples.INVOICE, "verifactu": {**examples.INVOICE["verifactu"], "secret": "x"}},
        {name: value for name, value in examples.INVOICE.items() if name != "number"},
        {**examples.INVOICE, "number": "1"},
        {**examples.INVOICE, "net_total": 100},
        {**examples.INVOICE, "status": "new"},
        {**examples.INVOICE, "created_at": "yesterday"},
    ],
    ids=["of another version", "in a list", "in an object", "missing", "text", "number", "word", "no instant"],
)
def test_a_field_that_is_not_described_is_noticed(changed: Any) -> None:
    with pytest.raises(Undescribed):
        check(changed)


def test_whatever_else_is_not_described_is_noticed_too() -> None:
    with pytest.raises(Undescribed, match="not one of"):
        check(examples.INVOICE, status=203)
    with pytest.raises(Undescribed, match="text/html is not one of"):
        check(examples.INVOICE, content_type="text/html; charset=utf-8")
    with pytest.raises(Undescribed, match="a body where none is described"):
        check(examples.INVOICE, status=304)
    with pytest.raises(Undescribed, match="no such operation"):
        check({}, path="/api/v1/secrets")
    with pytest.raises(Undescribed, match="no such operation"):
        check({}, method="PUT")
    with pytest.raises(Undescribed):
        check({**TROUBLE, "stack": "…"}, status=404, content_type=PROBLEM)


def test_what_is_refused_beside_the_documents_is_nobodys_promise() -> None:
    check(TROUBLE, path="/api/v1/secrets", status=404, content_type=PROBLEM)
    check(TROUBLE, path="/api/v9/invoices", status=404, content_type=PROBLEM)


def test_a_word_comes_before_an_id() -> None:
    assert template_of("v1", "/api/v1/invoices/preview") == "/api/v1/invoices/preview"
    assert template_of("v1", PATH) == "/api/v1/invoices/{invoice_id}"
