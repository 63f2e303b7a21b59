"""The page that draws the flow names only what exists: tables, steps, states, alerts, numbers."""

from __future__ import annotations

import re
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.core.management import get_commands

from billing.models.document import DocumentState
from billing.services import rendering
from config.alerts import RULES
from config.workers import STEPS
from integrations.event_types import EVENT_TYPES
from integrations.models import DeliveryState, EndpointStatus, NoticeState
from integrations.services.claiming import LEASE
from integrations.webhooks import breaker, pacing, posting, retries

TEXT = (settings.BASE_DIR / "docs" / "integration-flow.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)))
TABLES = {model._meta.db_table for model in apps.get_models()}


def test_every_table_and_column_exists() -> None:
    named = {word for word in CODE if re.fullmatch(r"(billing|verifactu|integrations|audit|django_q)_[a-z_.]+", word)}
    assert len(named) > 15
    assert {word.partition(".")[0] for word in named} <= TABLES
    for table, column in (word.split(".") for word in named if "." in word):
        model = next(model for model in apps.get_models() if model._meta.db_table == table)
        assert column in {field.column for field in model._meta.concrete_fields}


def test_every_command_and_step_exists() -> None:
    for command in (word for word in CODE if word.startswith("manage.py")):
        words = command.split()
        assert words[1] in get_commands()
        if "--only" in words:
            assert words[words.index("--only") + 1] in STEPS


def test_every_step_is_drawn_and_in_the_table() -> None:
    unseen = {"deployment"}  # it keeps the marks beside the database, and empties nothing
    drawn = TEXT.partition("subgraph work")[2].partition("end")[0]
    for step in set(STEPS) - unseen:
        assert f'{step}["{step}' in drawn, step
        assert f"`manage.py work --only {step}`" in TEXT, step


def test_every_state_exists() -> None:
    states = {*DeliveryState.values, *DocumentState.values, *NoticeState.values, *EndpointStatus.values}
    named = {word.removeprefix("state = ") for word in CODE if word.startswith("state = ")} | {"failed", "disabled"}
    assert named <= states
    drawn = TEXT.partition("stateDiagram-v2")[2].partition("```")[0]
    assert {word for pair in re.findall(r"(\w+) --> (\w+)", drawn) for word in pair} == set(DeliveryState.values)


def test_every_alert_is_explained_and_no_other() -> None:
    table = TEXT.partition("| alert | when |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == {rule.kind.name for rule in RULES}


def test_the_events_exist() -> None:
    assert {"document.rendered", "endpoint.disabled"} <= set(EVENT_TYPES)


def test_the_numbers_are_those_of_the_code() -> None:
    pauses = re.search(r"then (5 s, .*)", TEXT)
    assert pauses
    assert [seconds_of(word) for word in pauses[1].split(", ")] == [pause.total_seconds() for pause in retries.PAUSES]
    assert retries.MOST_ATTEMPTS == 10
    assert "the tenth attempt failed" in TEXT
    assert f"± {retries.JITTER:.0%}".replace("%", " %") in TEXT
    assert f"webhooks {LEASE.total_seconds():.0f} s, documents {rendering.LEASE.total_seconds():.0f} s" in TEXT
    assert f"({pacing.FIRST} at first, {pacing.LEAST} to {pacing.MOST} by how it answers)" in TEXT
    assert f"After {breaker.OPENS_AFTER} failures in a row" in TEXT
    assert f"opens for {breaker.FIRST_OPEN.total_seconds():.0f} s" in TEXT
    assert timedelta(minutes=5) == breaker.LONGEST_OPEN
    assert f"after {breaker.FAILING_ATTEMPTS} failed attempts" in TEXT
    assert f"After {breaker.GIVEN_UP_AFTER / timedelta(hours=1):.0f} hours" in TEXT
    assert f"after {rendering.MOST_ATTEMPTS} attempts `failed`" in TEXT
    assert f"signed POST, {posting.TOTAL_SECONDS:.0f} s" in TEXT


def seconds_of(words: str) -> float:
    number, unit = words.split()
    return int(number) * {"s": 1, "min": 60, "h": 3600}[unit]
