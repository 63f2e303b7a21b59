"""No input gives a 500, and whatever is answered is what the OpenAPI document says: schemathesis looks for the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from config.wsgi import application
from core.modes import Mode
from integrations.models import ApiToken
from integrations.tokens import digest_of, make_secret
from tests.api.machines import a_machine
from tests.builders import a_client, a_seller, an_invoice

ROOT = Path(__file__).resolve().parents[2]
SECRET = make_secret(Mode.TEST)
os.environ["CONTRACT_TOKEN"] = SECRET

pytestmark = pytest.mark.contract

DOCUMENT = json.loads((ROOT / "docs" / "openapi" / "v1.json").read_text())
CONFIG = SchemathesisConfig.from_path(ROOT / "schemathesis.toml")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
SCHEMA.app = application

LAWFUL: dict[str, dict[str, Any]] = {
    "POST /api/v1/invoices": {"lines": [{"description": "Libro", "unit_price": "10.00", "tax_rate": "4"}]},
    "POST /api/v1/clients": {"name": "Una Compradora"},
    "POST /api/v1/invoices/{invoice_id}/payments": {"amount": "1.00", "date": "2026-11-01"},
}
HARMLESS = {"issue", "notes", "metadata", "purchase_order", "due_date", "language", "external_id", "email", "reference"}
SLOWLY = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def house(db: None) -> Iterator[None]:
    """A seller with an invoice, and the token that the calls carry. Connections stay the test's."""
    seller = a_seller()
    an_invoice(a_client(seller))
    a_machine(seller)
    ApiToken.objects.update(digest=digest_of(SECRET))
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@SCHEMA.parametrize()
@SLOWLY
def test_every_operation_does_what_it_says(case: schemathesis.Case) -> None:
    case.call_and_validate()


class Journey(SCHEMA.as_state_machine()):  # type: ignore[misc]  # made at run time
    """What one call answered, another one uses: draft, change, issue, pay, read."""

    def setup(self) -> None:
        """Every story begins in the same house, or it could not be told again."""
        self.beginning = transaction.savepoint()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.beginning)

    def before_call(self, case: schemathesis.Case) -> None:
        """A story needs an invoice, and random rates are hardly ever lawful: what decides is set right, the rest stays
        as it was found."""
        lawful = LAWFUL.get(case.operation.label)
        if lawful is not None and isinstance(case.body, dict):
            case.body = {name: value for name, value in case.body.items() if name in HARMLESS} | lawful


class TestJourneys(Journey.TestCase):  # type: ignore[misc, name-defined]  # hypothesis makes it
    """The same promises in the middle of a story."""

    settings = settings(SLOWLY, max_examples=40, stateful_step_count=15)
