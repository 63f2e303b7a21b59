"""Faults on request: counted, for one test seller, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller
from core.errors import Conflict, Forbidden, Invalid, NotFound
from integrations import sandbox
from integrations.models import Scenario, ScenarioKind
from integrations.services.scenarios import MOST_RUNNING, Wish, end_scenario, running_of, start_scenario
from tests.api.machines import a_machine
from tests.builders import MARIA, a_seller, refused
from tests.races.meeting import others

LIVE_TAX_ID = "B58378431"


@pytest.fixture
def seller(db: None) -> Seller:
    return a_seller()


def start(seller: Seller, kind: str = "internal_error", **details: int) -> Scenario:
    return start_scenario(seller_id=seller.id, wish=Wish(kind=kind, **details), by=MARIA, now=timezone.now())


def test_a_scenario_is_met_as_often_as_was_asked_for(seller: Seller) -> None:
    scenario = start(seller, times=3)
    assert [sandbox.take(seller.id, "internal_error") for _ in range(5)] == [True, True, True, False, False]
    scenario.refresh_from_db()
    assert scenario.remaining == 0
    assert scenario.ended_at is not None


def test_a_scenario_without_a_number_is_met_once(seller: Seller) -> None:
    start(seller)
    assert [sandbox.take(seller.id, "internal_error") for _ in range(2)] == [True, False]


def test_a_scenario_of_some_seconds_is_met_until_they_are_over(seller: Seller) -> None:
    scenario = start(seller, seconds=60)
    assert all(sandbox.take(seller.id, "internal_error") for _ in range(10))
    Scenario.objects.filter(pk=scenario.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert not sandbox.take(seller.id, "internal_error")
    assert not running_of([seller.id], now=timezone.now()).exists()


def test_another_seller_and_another_kind_see_nothing_of_it(seller: Seller) -> None:
    other = a_seller(legal_name="Otra Casa Primera")
    start(seller)
    assert not sandbox.take(other.id, "internal_error")
    assert not sandbox.take(seller.id, "slow")
    assert sandbox.running([seller.id, other.id], ScenarioKind.values) == {(seller.id, "internal_error")}


def test_two_of_a_kind_are_used_up_in_the_order_in_which_they_were_asked_for(seller: Seller) -> None:
    start(seller, "aeat_rejects", code=1110)
    start(seller, "aeat_rejects")
    drawn = [sandbox.draw(seller.id, "aeat_rejects") for _ in range(3)]
    assert [one and one.code for one in drawn] == [1110, 1239, None]


@pytest.mark.django_db(transaction=True)
def test_processes_that_meet_never_both_take_the_last_one(transactional_db: None) -> None:
    seller = a_seller()
    start(seller, times=5)
    start(seller, times=2)
    with others() as begin:
        takes = [begin(lambda: sandbox.take(seller.id, "internal_error")) for _ in range(24)]
        assert sum(one.result() for one in takes) == 7
    assert [*Scenario.objects.values_list("remaining", flat=True)] == [0, 0]


def test_what_was_taken_back_is_not_met_any_more(seller: Seller) -> None:
    scenario = start(seller, times=100)
    end_scenario(scenario_id=scenario.pk, seller_ids=[seller.id], by=MARIA, now=timezone.now())
    assert not sandbox.take(seller.id, "internal_error")
    assert [*AuditEntry.objects.filter(subject_type="scenario").order_by("id").values_list("action", flat=True)] == [
        "scenario.started",
        "scenario.ended",
    ]


def test_somebody_elses_scenario_cannot_be_ended(seller: Seller) -> None:
    scenario, other = start(seller), a_seller(legal_name="Otra Casa Primera")
    with refused(NotFound):
        end_scenario(scenario_id=scenario.pk, seller_ids=[other.id], by=MARIA, now=timezone.now())
    assert sandbox.take(seller.id, "internal_error")


def test_a_live_seller_has_no_scenarios(db: None) -> None:
    live = a_seller(mode="live", tax_id=LIVE_TAX_ID)
    with refused(Forbidden) as refusal:
        start(live)
    assert refusal.value.code == "sandbox_only"


def test_there_is_an_end_to_scenarios(seller: Seller) -> None:
    for _ in range(MOST_RUNNING):
        start(seller)
    with refused(Conflict) as refusal:
        start(seller)
    assert refusal.value.code == "scenarios_full"


@pytest.mark.parametrize(
    ("kind", "details", "faults"),
    [
        ("rain", {}, [("#/scenario", "scenario_unknown")]),
        ("slow", {"times": 1, "seconds": 1}, [("#/seconds", "times_or_seconds")]),
        ("slow", {"times": 0}, [("#/times", "out_of_range")]),
        (
            "slow",
            {"times": 1001, "delay_seconds": 11},
            [("#/times", "out_of_range"), ("#/delay_seconds", "out_of_range")],
        ),
        ("slow", {"seconds": 86_401}, [("#/seconds", "out_of_range")]),
        ("slow", {"code": 1239}, [("#/code", "detail_misplaced")]),
        ("aeat_rejects", {"code": 2005}, [("#/code", "code_of_another_kind")]),
        ("aeat_accepts_with_errors", {"code": 1239}, [("#/code", "code_of_another_kind")]),
        ("internal_error", {"delay_seconds": 1}, [("#/delay_seconds", "detail_misplaced")]),
    ],
)
def test_what_cannot_be_meant_is_refused(
    seller: Seller, kind: str, details: dict[str, int], faults: list[tuple[str, str]]
) -> None:
    with refused(Invalid) as refusal:
        start(seller, kind, **details)
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == faults
    assert not Scenario.objects.exists()


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE integrations_scenario SET mode = 'live'", "scenario_only_in_test"),
        (
            "UPDATE integrations_scenario SET seller_id = (SELECT id FROM billing_seller WHERE mode = 'live')",
            "scenario_of_a",
        ),
        ("UPDATE integrations_scenario SET remaining = NULL", "scenario_has_an_end"),
        ("UPDATE integrations_scenario SET remaining = -1", "remaining"),
        ("UPDATE integrations_scenario SET kind = 'rain'", "scenario_kind_known"),
        ("DELETE FROM integrations_scenario", "Cannot delete"),
    ],
)
def test_the_database_holds_scenarios_to_it(seller: Seller, statement: str, guard: str) -> None:
    a_seller(mode="live", tax_id=LIVE_TAX_ID)
    start(seller)
    with pytest.raises(DatabaseError, match=guard):
        sql(statement)


def test_what_is_malformed_hides_no_other_fault(seller: Seller) -> None:
    answer = a_machine(seller).post("/sandbox/scenarios", {"scenario": "nope", "times": 0, "seconds": 5, "x": 1})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        *("#/x", "#/scenario"),  # its shape
        *("#/seconds", "#/times"),  # its sense
    ]
