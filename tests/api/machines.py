"""Machines at the door: a token, a client, and calls in as few words as a test needs."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from billing.models import (
    Document,
    Invoice,
    InvoiceLine,
    Payment,
    Seller,
    SeriesCounter,
    SourceEvent,
    TaxSubtotal,
)
from clients.models import Client as ClientRow
from core.modes import Mode
from integrations.models import Event, IdempotencyKey
from integrations.scopes import Scope
from integrations.services.tokens import create_token
from tests.builders import MARIA
from tests.contract.answers import check_answer
from verifactu.models import Chain, FiscalRecord


@dataclass(frozen=True)
class Machine:
    """A caller with a token. Every POST gets an idempotency key of its own unless one is given (None: no key).

    What it is answered is held against the OpenAPI document, whatever the test is about.
    """

    secret: str
    version: str = "v1"

    @property
    def root(self) -> str:
        """Where its version begins."""
        return f"/api/{self.version}"

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self._call("GET", path, None, headers)

    def post(self, path: str, body: Any = None, *, key: str | None = "", **headers: str) -> HttpResponse:
        if key is not None:
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        return self._call("POST", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._call("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self._call("DELETE", path, None, headers)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> HttpResponse:
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        # Spanish is the house's first language; the tests read English.
        sent = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en", **names}
        client, address = Client(raise_request_exception=False), f"{self.root}{path}"
        answer = client.generic(method, address, text, content_type="application/json", headers=sent)
        check_answer(method, address, answer.status_code, answer.get("Content-Type", ""), answer.content)
        return answer


def settled(invoice: dict[str, Any]) -> list[str]:
    """What is due of an invoice by itself, what was paid, and how it stands, as either version shows it."""
    if "settlement" in invoice:
        return [invoice["settlement"][name] for name in ("amount_due", "paid_amount", "status")]
    return [invoice[name] for name in ("amount_due", "paid_amount", "payment_status")]


def a_machine(*sellers: Seller, scopes: tuple[str, ...] = tuple(Scope), version: str = "v1", **changes: Any) -> Machine:
    """A machine that acts for these sellers, with every scope unless told otherwise."""
    values = {"name": "shop", "calls_per_minute": 100_000, **changes}
    _token, secret = create_token(
        mode=Mode(sellers[0].mode),
        seller_ids=[seller.id for seller in sellers],
        scopes=scopes,
        by=MARIA,
        now=timezone.now(),
        **values,
    )
    return Machine(secret, version)


def codes_of(response: HttpResponse) -> set[tuple[str | None, str]]:
    """Where and what: the faults of a problem."""
    assert response["Content-Type"] == "application/problem+json", response.content
    faults = response.json()["errors"]
    return {(fault.get("pointer") or fault.get("parameter") or fault.get("header"), fault["code"]) for fault in faults}


def rows() -> dict[str, object]:
    """What a refused call must leave as it was: everything but the audit log and the news of the refusal."""
    tables = (
        Invoice,
        InvoiceLine,
        TaxSubtotal,
        SourceEvent,
        Payment,
        Document,
        ClientRow,
        FiscalRecord,
        IdempotencyKey,
    )
    counts: dict[str, object] = {model.__name__: model.objects.count() for model in tables}
    counts["events"] = Event.objects.exclude(type="validation.failed").count()
    counts["numbers"] = sorted(SeriesCounter.objects.values_list("series", "fiscal_year", "last_number"))
    counts["chains"] = sorted(Chain.objects.values_list("id", "last_sequence"))
    return counts


def an_invoice_body(buyer: object, **changes: Any) -> dict[str, Any]:
    """Three lines at 21 % for a buyer that is named by id or described."""
    lines = [
        {"description": f"Servicio {n}", "quantity": "2", "unit_price": "50.00", "tax_rate": "21"} for n in range(3)
    ]
    return {"client": buyer if isinstance(buyer, dict) else str(buyer), "lines": lines, **changes}
