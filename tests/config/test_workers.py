"""The loop over background work."""

import logging
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from config.stopping import Stopping
from config.workers import STEPS, Loop, Step
from integrations.models import WorkerHeartbeat
from tests.running_house import database_url
from tests.waiting import eventually

pytestmark = pytest.mark.django_db
other_connections = pytest.mark.django_db(transaction=True)


class Rows:
    """Work of so many rows; each look does one of them."""

    def __init__(self, waiting: int = 0, *, stopping: Stopping | None = None) -> None:
        self.waiting, self.done, self.stopping = waiting, 0, stopping

    def __call__(self, *, now: datetime) -> int:
        assert now.tzinfo, "the clock is read at the edge, with its zone"
        if not self.waiting:
            return 0
        if self.stopping:
            self.stopping.set()
        self.waiting -= 1
        self.done += 1
        return 1


def broken(*, now: datetime) -> int:
    raise ValueError("a fault of ours")


def test_once_works_until_nothing_is_due():
    rows = Rows(3)
    Loop([Step("rows", rows)]).run_once()
    assert (rows.done, rows.waiting) == (3, 0)


def test_once_raises_what_a_step_raises():
    with pytest.raises(ValueError, match="a fault of ours"):
        Loop([Step("broken", broken)]).run_once()


@other_connections
def test_a_step_that_raises_rests_and_the_others_go_on(caplog):
    rows = Rows(2)
    stopping = Stopping(also=lambda: rows.done == 2)
    with caplog.at_level(logging.ERROR, "config.workers"):
        Loop([Step("broken", broken), Step("rows", rows)], stopping).run()
    assert [record.getMessage() for record in caplog.records] == ["step broken failed and rests for 5.0 s"]
    assert "a fault of ours" in caplog.text, "with its traceback"


@other_connections
def test_a_step_that_rested_is_tried_again():
    loop = Loop([], rest=0)
    assert loop.attempt(Step("rows", broken)) == 0
    assert loop.attempt(Step("rows", Rows(1))) == 1


@other_connections
def test_and_not_before(caplog):
    loop = Loop([])
    assert loop.attempt(Step("rows", broken)) == 0
    assert loop.attempt(Step("rows", Rows(1))) == 0
    assert loop.attempt(Step("other", Rows(1))) == 1


@other_connections
def test_told_to_stop_it_finishes_the_row_at_hand_and_no_other():
    stopping = Stopping()
    rows = Rows(5, stopping=stopping)
    Loop([Step("rows", rows)], stopping).run()
    assert rows.done == 1


@other_connections
def test_what_is_under_way_is_ended_too():
    stopping, ended = Stopping(), []
    stopping.set()
    Loop([Step("rows", Rows(), finish=lambda: ended.append("rows"))], stopping).run()
    Loop([Step("once", Rows(), finish=lambda: ended.append("once"))]).run_once()
    assert ended == ["rows", "once"]


@other_connections
def test_a_step_that_does_not_end_well_holds_up_nobody(caplog):
    stopping, ended = Stopping(), []
    stopping.set()

    def fail() -> None:
        raise ValueError("a fault of ours")

    Loop([Step("broken", Rows(), finish=fail), Step("rows", Rows(), finish=lambda: ended.append(1))], stopping).run()
    assert ended == [1]
    assert "step broken did not end well" in caplog.text


@other_connections
def test_a_slow_step_holds_up_nobody():
    """Each has a thread of its own: the slow one ends when the other one is done, not before."""
    rows = Rows(3)

    def slow(*, now: datetime) -> int:
        assert eventually(lambda: rows.done == 3)
        return 0

    stopping = Stopping(also=lambda: rows.done == 3)
    Loop([Step("slow", slow), Step("rows", rows)], stopping).run()
    assert rows.done == 3


@other_connections
def test_it_waits_while_nothing_is_due():
    stopping = Stopping()
    threading.Timer(0.3, stopping.set).start()
    rows = Rows()
    Loop([Step("rows", rows)], stopping).run()
    assert rows.done == 0


@other_connections
def test_it_survives_a_database_that_goes_away_and_comes_back():
    def look(*, now: datetime) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return 1

    loop, step = Loop([], rest=0), Step("look", look)
    assert loop.attempt(step) == 1
    cut_off()
    assert loop.attempt(step) == 0
    assert loop.attempt(step) == 1


def cut_off() -> None:
    """End this process's connection from the server's side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_each_step_leaves_a_sign_of_life_at_most_every_ten_seconds():
    loop, step = Loop([]), Step("rows", Rows(2))
    loop.attempt(step)
    first = WorkerHeartbeat.objects.get(name="rows").at
    loop.attempt(step)
    assert WorkerHeartbeat.objects.get(name="rows").at == first
    Loop([]).attempt(Step("rows", Rows()))
    assert WorkerHeartbeat.objects.get(name="rows").at > first, "another process, another ten seconds"


@other_connections
def test_a_step_that_fails_leaves_none():
    Loop([]).attempt(Step("broken", broken))
    assert not WorkerHeartbeat.objects.exists()


def test_the_command_does_what_waits_and_ends():
    call_command("work", "--once")
    assert set(WorkerHeartbeat.objects.values_list("name", flat=True)) == set(STEPS)


@other_connections
def test_the_command_ends_when_asked_even_where_the_shell_ignored_the_signal():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()}
    for number in (signal.SIGTERM, signal.SIGINT):
        WorkerHeartbeat.objects.all().delete()
        command = ["/bin/sh", "-c", f"trap '' INT; exec {sys.executable} manage.py work"]
        with subprocess.Popen(command, env=environment) as worker:
            assert eventually(WorkerHeartbeat.objects.exists)
            worker.send_signal(number)
            ended = eventually(lambda: worker.poll() is not None, 60)
            worker.kill()
        assert ended
        assert worker.returncode == 0
