"""No input gives a 500, and whatever is answered is what the OpenAPI document says: schemathesis looks for the rest."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig

from config.wsgi import application
from core.modes import Mode
from integrations import throttling
from integrations.models import ApiToken
from integrations.tokens import digest_of, make_secret
from tests.api.machines import a_machine
from tests.builders import a_client, a_seller, an_invoice
from tests.contract.answers import VERSIONS, check_answer, document_of

ROOT = Path(__file__).resolve().parents[2]
SECRET = make_secret(Mode.TEST)
os.environ["CONTRACT_TOKEN"] = SECRET

pytestmark = pytest.mark.contract

CONFIG = SchemathesisConfig.from_path(ROOT / "schemathesis.toml")


def described(version: str) -> Any:
    """The committed document of a version, over the application itself."""
    schema = schemathesis.openapi.from_dict(document_of(version), config=CONFIG)
    schema.app = application
    return schema


FIRST, SECOND = map(described, VERSIONS)
CHANGED = r"/api/v2/invoices(/\{invoice_id\})?$"
"""Of v2 what shows an invoice; what makes one is in the stories, and the rest is v1's, word for word."""

OF_INVOICES = r"/invoices(/\{invoice_id\}(/(issue|corrections|payments|void))?)?$"
OF_ENDPOINTS = "/(webhook-endpoints|events)"

LAWFUL: dict[str, dict[str, Any]] = {
    "/invoices": {"lines": [{"description": "Libro", "unit_price": "10.00", "tax_rate": "4"}]},
    "/clients": {"name": "Una Compradora"},
    "/invoices/{invoice_id}/payments": {"amount": "1.00", "date": "2026-11-01"},
    "/invoices/{invoice_id}/corrections": {"method": "differences", "reason": "R5"},
    "/webhook-endpoints": {"url": "https://receiver.example.com/hook", "event_types": ["*"]},
}
HARMLESS = {"issue", "notes", "metadata", "purchase_order", "due_date", "language", "external_id", "email", "reference"}
SLOWLY = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@schemathesis.check
def nothing_undescribed(_context: Any, response: Any, case: schemathesis.Case) -> None:
    """No answer has a field that its document does not name."""
    content_type = (response.headers.get("content-type") or [""])[0]
    check_answer(case.method, case.formatted_path, response.status_code, content_type, response.content)


@pytest.fixture(autouse=True)
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A seller with an invoice, and the token that the calls carry. Connections stay the test's, and whoever tries bad
    tokens all day is not told to wait."""
    monkeypatch.setattr(throttling, "FAILURES_PER_MINUTE", 1_000_000)
    seller = a_seller()
    an_invoice(a_client(seller))
    a_machine(seller)
    ApiToken.objects.update(digest=digest_of(SECRET))
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@FIRST.parametrize()
@SLOWLY
def test_every_operation_does_what_it_says(case: schemathesis.Case) -> None:
    call_in_the_same_house(case)


@SECOND.include(path_regex=CHANGED, method="GET").parametrize()
@settings(SLOWLY, max_examples=5)
def test_so_does_what_the_second_version_changed(case: schemathesis.Case) -> None:
    call_in_the_same_house(case)


def call_in_the_same_house(case: schemathesis.Case) -> None:
    """Whatever the call did is undone: the next one finds the token as it was, even after a rotation."""
    beginning = transaction.savepoint()
    try:
        case.call_and_validate()
    finally:
        transaction.savepoint_rollback(beginning)


class _Story:
    """What one call answered, another one uses: draft, change, issue, correct, pay, void; endpoints, their pings and
    deliveries. The document's links say what leads where."""

    def setup(self) -> None:
        """Every story begins in the same house, or it could not be told again."""
        self.beginning, self.turns = transaction.savepoint(), itertools.count()
        self.drafts_in_turn = itertools.cycle([False, True])
        self.made: list[str] = []
        self.drafts: list[str] = []

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.beginning)

    def before_call(self, case: schemathesis.Case) -> None:
        """A story needs an invoice, and random rates are hardly ever lawful: what decides is set right, the rest stays
        as it was found."""
        for name in {"invoice_id", "endpoint_id"} & set(case.path_parameters):
            if self.made and case.path_parameters[name] not in self.made:
                case.path_parameters[name] = self.made[-1]  # nobody's id was made up: it takes the last one
        if case.operation.path.endswith("/issue") and self.drafts:
            case.path_parameters["invoice_id"] = self.drafts.pop()
        lawful = LAWFUL.get(case.operation.path[len("/api/v1") :]) if case.method == "POST" else None
        for condition in ("If-Match", "If-None-Match"):
            case.headers.pop(condition, None)
        if "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = f"intent-{next(self.turns)}"
        if lawful is not None and isinstance(case.body, dict):
            case.body = {name: value for name, value in case.body.items() if name in HARMLESS} | lawful
            if case.operation.path.endswith(("/invoices", "/corrections")):
                case.body["issue"] = next(self.drafts_in_turn)

    def after_call(self, response: Any, case: schemathesis.Case) -> None:
        happened[case.operation.label.replace(f"/api/{case.operation.path[5:7]}", ""), response.status_code] += 1
        if response.status_code == 201 and case.operation.path.endswith(("/invoices", "/webhook-endpoints")):
            self.made.append(response.json()["id"])
        if (
            response.status_code == 201
            and case.operation.path.endswith("/invoices")
            and response.json()["status"] == "draft"
        ):
            self.drafts.append(response.json()["id"])


happened: Counter[tuple[str, int]] = Counter()
COMES_TO = (
    ("POST /invoices", 201),
    ("POST /invoices/{invoice_id}/issue", 200),
    ("POST /invoices/{invoice_id}/corrections", 201),
    ("POST /invoices/{invoice_id}/payments", 201),
    ("POST /invoices/{invoice_id}/void", 200),
)


def machine_of(schema: Any, path: str, *without: str) -> Any:
    """Stories along the links of these paths."""
    told = schema.include(path_regex=path)
    return (told.exclude(method=list(without)) if without else told).as_state_machine()


InFirst: Any = machine_of(FIRST, OF_INVOICES, "DELETE", "PATCH")
InSecond: Any = machine_of(SECOND, OF_INVOICES, "DELETE", "PATCH")
OfEndpoints: Any = machine_of(SECOND, OF_ENDPOINTS)


class FirstStory(_Story, InFirst):  # type: ignore[misc]  # made at run time
    """Invoices in v1."""

    comes_to = COMES_TO


class SecondStory(_Story, InSecond):  # type: ignore[misc]  # made at run time
    """Invoices in v2."""

    comes_to = COMES_TO


class ThirdStory(_Story, OfEndpoints):  # type: ignore[misc]  # made at run time
    """Endpoints, their secrets, pings and deliveries."""

    comes_to = (
        ("POST /webhook-endpoints", 201),
        ("POST /webhook-endpoints/{endpoint_id}/ping", 200),
        ("POST /webhook-endpoints/{endpoint_id}/rotate-secret", 200),
        ("GET /webhook-endpoints/{endpoint_id}/deliveries", 200),
    )


@pytest.mark.parametrize("story", [FirstStory, SecondStory, ThirdStory])
def test_the_same_in_the_middle_of_a_story(story: Any) -> None:
    happened.clear()
    run_state_machine_as_test(story, settings=settings(SLOWLY, max_examples=12, stateful_step_count=18))
    missing = [one for one in story.comes_to if not happened[one]]
    assert not missing, f"no story came to these, they are dull: {sorted(happened.items())}"
