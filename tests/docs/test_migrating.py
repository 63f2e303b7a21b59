"""The page that tells integrators what to change shows what is really answered."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings

from billing.models import Seller
from billing.versions import ADDED, REPLACED
from integrations.deprecation import PAGE, SUNSET
from tests.api.machines import Machine, a_machine
from tests.builders import a_client, a_seller

TEXT = (settings.BASE_DIR / f"{PAGE}.md").read_text(encoding="utf-8")


def blocks() -> list[dict[str, Any]]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


@pytest.fixture
def seller(db: None) -> Seller:
    return a_seller()


def test_before_and_after_are_what_each_version_answers(seller: Seller) -> None:
    """An invoice of 121.00, 24.20 of it taken back, 96.80 paid."""
    old = a_machine(seller)
    line = {"description": "x", "unit_price": "100.00", "tax_rate": "21"}
    made = old.post("/invoices", {"client": str(a_client(seller).id), "lines": [line], "issue": True}).json()
    path = f"/invoices/{made['id']}"
    back = {**line, "unit_price": "20.00", "quantity": "-1"}
    corrected = old.post(
        f"{path}/corrections", {"method": "differences", "reason": "R1", "lines": [back], "issue": True}
    )
    assert corrected.json()["gross_total"] == "-24.20"
    assert old.post(f"{path}/payments", {"amount": "96.80", "date": "2026-11-01"}).status_code == 201
    before, after = blocks()
    for block, machine in ((before, old), (after, Machine(old.secret, "v2"))):
        answered = machine.get(path).json()
        assert {name: answered[name] for name in block} == block


def test_every_field_that_changes_is_in_the_table() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)[1:]
    assert {name.strip("`") for name, _ in rows} - {"–"} == set(REPLACED)
    told = {re.match(rf"`{ADDED}\.(\w+)`", text)[1] for _, text in rows}
    assert told == set(blocks()[1][ADDED])


def test_it_names_the_last_day() -> None:
    assert f"{SUNSET.day} {SUNSET:%B %Y}**, {SUNSET:%H:%M:%S} UTC" in TEXT
