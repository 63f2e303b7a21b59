"""A test seller's own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEntry
from billing.models import Seller
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from integrations import clock
from integrations.models import TestClock
from integrations.services.clocks import set_clock
from tests.builders import MARIA, a_seller, refused

pytestmark = pytest.mark.django_db
TRUE_NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 22, 59, 30, tzinfo=UTC)
LIVE_TAX_ID = "B58378431"


@pytest.fixture
def seller() -> Seller:
    return a_seller()


def put(seller: Seller, to: datetime, *, now: datetime = TRUE_NOW) -> TestClock:
    return set_clock(seller_id=seller.id, to=to, by=MARIA, now=now)


def test_a_seller_whose_clock_was_never_set_has_the_true_time(seller: Seller) -> None:
    assert clock.offset_of(seller.id) == timedelta(0)
    assert abs(clock.now_of(seller.id) - datetime.now(UTC)) < timedelta(seconds=30)


def test_a_clock_runs_on_from_where_it_was_set(seller: Seller) -> None:
    put(seller, NEW_YEAR)
    assert clock.offset_of(seller.id) == NEW_YEAR - TRUE_NOW
    first = clock.now_of(seller.id)
    assert first < clock.now_of(seller.id)
    assert first - datetime.now(UTC) == pytest.approx(NEW_YEAR - TRUE_NOW, abs=timedelta(seconds=30))


def test_one_sellers_clock_is_nobody_elses(seller: Seller) -> None:
    other = a_seller(legal_name="Otra Casa Primera")
    put(seller, NEW_YEAR)
    assert clock.offset_of(other.id) == timedelta(0)


def test_a_live_seller_has_the_true_time_and_costs_no_query() -> None:
    live = a_seller(mode="live", tax_id=LIVE_TAX_ID)
    with CaptureQueriesContext(connection) as queries:
        assert clock.offset_of(live.id, live.mode) == timedelta(0)
    assert len(queries) == 0
    with refused(Forbidden) as refusal:
        put(live, NEW_YEAR)
    assert refusal.value.code == "sandbox_only"


def test_a_clock_goes_forwards_and_never_back(seller: Seller) -> None:
    with refused(Conflict) as refusal:
        put(seller, TRUE_NOW - timedelta(seconds=1))
    assert refusal.value.code == "clock_goes_back"
    put(seller, NEW_YEAR)
    later = TRUE_NOW + timedelta(seconds=45)
    with refused(Conflict):  # it has run on meanwhile
        put(seller, NEW_YEAR + timedelta(seconds=44), now=later)
    put(seller, NEW_YEAR + timedelta(seconds=45), now=later)
    assert clock.offset_of(seller.id) == NEW_YEAR - TRUE_NOW


def test_a_clock_goes_ten_years_ahead_at_most(seller: Seller) -> None:
    put(seller, TRUE_NOW + timedelta(days=3653))
    with refused(Invalid) as refusal:
        put(seller, TRUE_NOW + timedelta(days=3653, seconds=1))
    assert [fault.code for fault in refusal.value.faults] == ["clock_too_far"]


def test_nobodys_clock_cannot_be_set() -> None:
    with refused(NotFound):
        set_clock(seller_id=new_id(), to=NEW_YEAR, by=MARIA, now=TRUE_NOW)


def test_setting_a_clock_is_written_down_at_the_true_time(seller: Seller) -> None:
    put(seller, NEW_YEAR)
    entry = AuditEntry.objects.get(action="clock.set")
    assert (entry.seller_id, entry.mode, entry.actor_name) == (seller.id, "test", "maria")
    assert (entry.before, entry.after) == ({"now": TRUE_NOW.isoformat()}, {"now": NEW_YEAR.isoformat()})
    assert abs(entry.at - datetime.now(UTC)) < timedelta(minutes=1)


def sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE integrations_testclock SET shows = shows - interval '1 second'", "only goes forwards"),
        ("UPDATE integrations_testclock SET set_at = set_at + interval '1 second'", "only goes forwards"),
        ("UPDATE integrations_testclock SET shows = shows + interval '11 years'", "clock_within_ten_years"),
        ("UPDATE integrations_testclock SET mode = 'live'", "clock_only_in_test"),
        ("DELETE FROM integrations_testclock", "Cannot delete"),
    ],
)
def test_the_database_holds_clocks_to_it(seller: Seller, statement: str, guard: str) -> None:
    put(seller, NEW_YEAR)
    with pytest.raises(DatabaseError, match=guard):
        sql(statement)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_the_database_gives_no_clock_to_a_live_seller(mode: str) -> None:
    live = a_seller(mode="live", tax_id=LIVE_TAX_ID)
    insert = "INSERT INTO integrations_testclock (seller_id, mode, shows, set_at) VALUES (%s, %s, now(), now())"
    with pytest.raises(DatabaseError, match="clock_only_in_test|clock_of_a_test_seller"):
        sql(insert, live.id, mode)
