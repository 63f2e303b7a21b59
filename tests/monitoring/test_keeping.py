"""Counts are kept by the minute: added up by many processes, tried again while the database is away."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models import Sum

from integrations.models import ApiToken, CallMinute
from integrations.monitoring import keeping
from integrations.monitoring.counting import CallCounter, Group, Tally, tally_of
from integrations.monitoring.keeping import count, keep_calls, minute_of, start_of
from integrations.services.maintenance import purge_calls
from tests.builders import a_seller
from tests.integrations.doors import a_token

MINUTE = minute_of(datetime(2026, 11, 25, 10, 30, 59, tzinfo=UTC))


def group(token_id=None, *, minute=MINUTE, operation="GET /api/v1/token", status=200, code=""):
    return Group(minute, token_id, operation, status, code)


@pytest.fixture
def token_id(db):
    a_token(a_seller())
    return ApiToken.objects.get().id


def test_what_is_counted_again_is_added(token_id):
    for _ in range(2):
        count(group(token_id), tally_of(ms=50))
        count(group(token_id), tally_of(ms=1_500, is_deprecated=True, is_unkeyed_repeat=True))
        count(group(), tally_of(ms=1))
        assert keep_calls() == 2
    row = CallMinute.objects.get(token=token_id)
    assert row.minute == datetime(2026, 11, 25, 10, 30, tzinfo=UTC) == start_of(MINUTE)
    assert (row.calls, row.total_ms, row.max_ms, row.over_200_ms, row.over_1000_ms) == (4, 3_100, 1_500, 2, 2)
    assert (row.deprecated, row.unkeyed_repeats) == (2, 2)
    assert CallMinute.objects.get(token=None).calls == 2
    assert keep_calls() == 0


def test_a_token_that_is_gone_takes_its_counts_along(token_id):
    count(group(uuid.UUID(int=5)), tally_of(ms=1))
    count(group(token_id), tally_of(ms=1))
    keep_calls()
    assert CallMinute.objects.get().token_id == token_id


@pytest.mark.django_db
def test_nothing_is_lost_while_the_database_is_away(monkeypatch, caplog):
    def away(_taken):
        raise OperationalError("the database system is shutting down")

    count(group(), tally_of(ms=1))
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "_add", away)
        assert keep_calls() == 0
        count(group(), tally_of(ms=1))
    assert "not written yet" in caplog.text
    assert keep_calls() == 1
    assert CallMinute.objects.get().calls == 2


def test_memory_is_bounded_while_the_database_is_away(monkeypatch, caplog):
    def away(_taken):
        raise OperationalError

    monkeypatch.setattr(keeping, "_add", away)
    monkeypatch.setattr(keeping, "MOST_GROUPS", 10)
    for minute in range(11):
        count(group(minute=minute), tally_of(ms=1))
    keep_calls()
    assert "given up" in caplog.text
    assert len(keeping._counter) == 0


@pytest.mark.django_db(transaction=True)
def test_many_processes_add_to_the_same_minute_at_once():
    a_token(a_seller())
    token_id = ApiToken.objects.get().id

    def a_process(number):
        counter = CallCounter()
        try:
            for _ in range(10):
                for operation in range(20):
                    name = f"GET /{(operation * (1 if number % 2 else -1)) % 20}"  # in one order and in the other
                    counter.count(group(token_id if operation % 2 else None, operation=name), Tally(1, 1, 1))
                keeping._add(counter.take())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(a_process, range(6)))
    assert CallMinute.objects.aggregate(total=Sum("calls"))["total"] == 6 * 10 * 20


@pytest.mark.django_db
def test_after_ninety_days_the_night_takes_them_away():
    now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    for days in (0, 89, 90, 91):
        count(group(minute=minute_of(now - timedelta(days=days, minutes=1))), tally_of(ms=1))
    keep_calls()
    assert purge_calls(now=now) == 2
    assert purge_calls(now=now) == 0
    assert CallMinute.objects.count() == 2
