"""Whoever comes at the same moment waits; nobody forks, nobody is lost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.builders import NOW
from tests.verifactu.chains import Appender, an_appender

pytestmark = pytest.mark.django_db(transaction=True)


def assert_unbroken(shop: Appender) -> None:
    records = shop.records
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    assert [record.previous_fingerprint for record in records] == [None, *(r.fingerprint for r in records[:-1])]
    assert [record.generated_at for record in records] == sorted(record.generated_at for record in records)
    assert shop.chain.last_fingerprint == records[-1].fingerprint


def test_many_at_once_make_one_unbroken_chain_in_the_order_of_their_times() -> None:
    shop = an_appender()

    def append(worker: int) -> None:
        try:
            for turn in range(10):
                shop.append(f"A-{worker}-{turn}", clock=timezone.now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))

    assert len({record.number for record in shop.records}) == 40
    assert_unbroken(shop)


def test_the_clock_is_read_by_whose_turn_it_is() -> None:
    """The second caller begins first but must not write an earlier time than the one it waited for."""
    shop = an_appender()
    ticks = iter(NOW + timedelta(seconds=second) for second in range(10))
    has_the_chain, may_commit = threading.Event(), threading.Event()

    def clock() -> datetime:
        return next(ticks)

    def first() -> None:
        try:
            with transaction.atomic():
                shop.append("A-1", clock=clock)
                has_the_chain.set()
                assert may_commit.wait(10)
        finally:
            connection.close()

    def second() -> None:
        try:
            shop.append("A-2", clock=clock)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(first)
        assert has_the_chain.wait(10)
        waiting = pool.submit(second)
        _until_somebody_waits()
        assert next(ticks) == NOW + timedelta(seconds=1), "whoever waits has not read the clock yet"
        may_commit.set()
        holding.result(10)
        waiting.result(10)

    assert [record.number for record in shop.records] == ["A-1", "A-2"]
    assert_unbroken(shop)


def _until_somebody_waits() -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    pytest.fail("nobody waits for the chain")
