"""``kill -9`` in the middle of many issues, again and again: afterwards nothing is missing and nothing is double."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from tests.crash.load import Load
from tests.evidence import ask, assert_whole
from tests.running_house import Caller, RunningDemo, children
from tests.waiting import eventually, runs

pytestmark = pytest.mark.crash

# What a caller may meet meanwhile: a broken or refused connection, a refusal to be repeated; never «we failed».
EXPECTED = {
    *("ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "RemoteDisconnected", "IncompleteRead"),
    *("503 database_unavailable", "409 idempotency_in_progress"),
}
SLOW = 120.0  # seconds that a busy machine may take to get up again
Victims = Callable[[RunningDemo], list[int]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo as a person starts it, with its supervisor."""
    house = RunningDemo(tmp_path_factory.mktemp("house"))
    try:
        house.start()
        yield house
    finally:
        house.stop()


@pytest.fixture
def load(house: RunningDemo) -> Iterator[Load]:
    caller = Caller(house.place.port, house.facts["tokens"]["full"])
    line = {"description": "Consultoría", "quantity": "1", "unit_price": "100.00", "tax_rate": "21"}
    yield Load(caller, {"client": house.facts["client"], "lines": [line], "issue": True})
    caller.close()


def web_processes(house: RunningDemo) -> list[int]:
    return children(house.pid("web"))


def web_server(house: RunningDemo) -> list[int]:
    return [house.pid("web")]


def workers(house: RunningDemo) -> list[int]:
    return [house.pid("work-1"), house.pid("work-2")]


def database(house: RunningDemo) -> list[int]:
    return [house.pid("postgres")]


def database_session(house: RunningDemo) -> list[int]:
    """One that serves somebody now; PostgreSQL then ends all of them and recovers."""
    with connected(house) as connection:
        busy = "SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() LIMIT 1"
        return [pid for (pid,) in ask(connection, busy)]


@contextlib.contextmanager
def connected(house: RunningDemo) -> Iterator[psycopg.Connection]:
    with psycopg.connect(house.facts["database_url"], autocommit=True) as connection:
        yield connection


def kill(house: RunningDemo, victims: Victims) -> int:
    """Without a warning; returns how many were hit. A house that still recovers from the last one may have none."""
    with contextlib.suppress(psycopg.OperationalError):
        hit = [pid for pid in victims(house) if runs(pid)]
        for pid in hit:
            os.kill(pid, signal.SIGKILL)
        return len(hit)
    return 0


def issued(house: RunningDemo) -> int:
    with connected(house) as connection:
        return int(ask(connection, "SELECT count(*) FROM billing_invoice WHERE status = 'issued'")[0][0])


ROUND: list[Victims] = [web_processes, database, workers, web_server, database_session]


def test_two_hundred_issues_survive_whoever_is_killed(house: RunningDemo, load: Load) -> None:
    before, killed = issued(house), Counter[str]()
    with orders_running(load, 200):
        for turn, victims in enumerate([*ROUND, *ROUND], start=1):
            assert eventually(partial(has_answers, load, turn * 200 // 12), SLOW), load.failures[-5:]
            killed[victims.__name__] += kill(house, victims)

    assert all(killed[victims.__name__] for victims in ROUND), killed
    assert_all_is_well(house, load, before)


def test_sixty_issues_survive_the_end_of_everything(house: RunningDemo, load: Load) -> None:
    """As in a power cut: database and supervisor are killed, all dies with them, and somebody starts the house again."""
    before = issued(house)
    with orders_running(load, 60):
        assert eventually(partial(has_answers, load, 20), SLOW), load.failures[-5:]
        os.kill(house.pid("postgres"), signal.SIGKILL)
        house.kill()
        house.start()

    assert_all_is_well(house, load, before)


@contextlib.contextmanager
def orders_running(load: Load, orders: int) -> Iterator[None]:
    """Until the last one was answered."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(load.run, orders)
        yield
        running.result()


def has_answers(load: Load, number: int) -> bool:
    return len(load.answers) >= number


def assert_all_is_well(house: RunningDemo, load: Load, before: int) -> None:
    assert {answer.status for answer in load.answers.values()} == {201}
    assert set(load.failures) <= EXPECTED, Counter(load.failures)
    assert_each_key_made_one_invoice(house, load, before)
    assert_answers_are_given_again(load)
    assert eventually(partial(nothing_waits, house), 2 * SLOW)
    assert eventually(house.is_ready, SLOW), house.said()
    with connected(house) as connection:
        assert_whole(connection)


def assert_each_key_made_one_invoice(house: RunningDemo, load: Load, before: int) -> None:
    question = """
        SELECT k.key, i.id::text FROM integrations_idempotencykey AS k
        JOIN billing_invoice AS i ON i.id::text = convert_from(k.body, 'UTF8')::jsonb->>'id'
        WHERE i.status = 'issued' AND k.key = ANY (%s)"""
    with connected(house) as connection:
        found = dict(ask(connection, question, [list(load.answers)]))
    assert found == {key: answer.json["id"] for key, answer in load.answers.items()}
    assert issued(house) == before + len(set(found.values())) == before + len(load.answers)


def assert_answers_are_given_again(load: Load) -> None:
    """Byte by byte."""
    for key, answer in list(load.answers.items())[::10]:
        again = load.caller.post("/invoices", load.body, key=key)
        assert again.is_replay
        assert again.content == answer.content


def nothing_waits(house: RunningDemo) -> bool:
    """Whether the workers rendered every document."""
    time.sleep(0.2)
    with connected(house) as connection:
        return not ask(connection, "SELECT id FROM billing_document WHERE state <> 'rendered'")
