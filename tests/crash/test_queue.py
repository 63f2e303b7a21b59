"""django-q2's cluster is killed, and its Redis with all that it holds: no document, mail, schedule or proof is lost.

What must not be lost waits in rows and is done by workers; a task that went with the queue is found again by the next
schedule.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.utils import timezone
from django_q.models import Schedule

from audit.models import AuditEntry
from billing.models import Document
from billing.services.proving import ask_for_proof, waiting_for_proof
from config.demo.place import ROOT
from config.processes import Program
from integrations.models import Notice
from integrations.services.alerting import notify
from integrations.throttling import RedisCounter
from tests.builders import MARIA, a_client, a_seller, an_invoice
from tests.crash.houses import House, running
from tests.redis_server import RedisServer, a_redis
from tests.running_house import children
from tests.waiting import eventually, runs
from verifactu.models import Chain

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

PATIENCE = 180.0
TASKS = 200


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with a_redis(tmp_path) as server:
        yield server


@pytest.mark.parametrize("queue", ["redis", "rows"])
def test_killing_the_cluster_loses_nothing(tmp_path: Path, server: RedisServer, queue: str) -> None:
    """With its Redis and all that it holds; or where the tasks are rows too, which come again when their time is over."""
    Schedule.objects.all().delete()  # those of the migrations, where no test before took them away
    tomorrow = timezone.now() + timedelta(days=1)
    how = {"schedule_type": "I", "minutes": 1, "repeats": -1}
    schedule = Schedule.objects.create(func="config.schedules.verify_waiting", next_run=tomorrow, **how)
    an_invoice(a_client(a_seller()))
    chain = Chain.objects.get()
    notify(channel="mail", recipient="it@shop.example", subject="s", text="t", now=timezone.now())
    house = House(tmp_path, {"REDIS_URL": server.url if queue == "redis" else "", "EMAIL_URL": "dummymail://"})
    queue_up(house, chain)
    cluster = house.program("qcluster", "qcluster")

    with running(cluster):
        assert eventually(lambda: proofs() >= 5, PATIENCE), cluster.log.read_text()
        kill_all_of(cluster)
        server.kill()
        lost = proofs()
        assert lost < TASKS, "in the middle of it"
        ask_for_proof(chain_id=chain.id, by=MARIA)

        assert Schedule.objects.get().id == schedule.id, "it is a row"
        Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=1))
        server.start()
        cluster.start()
        assert eventually(lambda: proofs() > lost, PATIENCE), cluster.log.read_text()
        assert eventually(lambda: Schedule.objects.get().next_run > timezone.now(), PATIENCE), "it went on"
        assert eventually(lambda: not waiting_for_proof(now=timezone.now()), PATIENCE), "who asked has it"

    with running(house.program("work", "work", "--only", "documents", "notices")):
        assert eventually(lambda: not Document.objects.exclude(state="rendered").exists(), PATIENCE)
        assert eventually(lambda: Notice.objects.get().state == "sent", PATIENCE)


def queue_up(house: House, chain: Chain) -> None:
    """As the night does it, with many chains."""
    code = (
        "import django; django.setup(); from django_q.tasks import async_task\n"
        f"for _ in range({TASKS}): async_task('config.schedules.verify_chain', '{chain.id}')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=house.environment)


def proofs() -> int:
    time.sleep(0.02)
    return AuditEntry.objects.filter(action="chain.verified").count()


def kill_all_of(program: Program) -> None:
    """The cluster and every process that it started, without a warning."""
    assert program.pid is not None
    family = [program.pid]
    for pid in family:
        family += children(pid)
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not any(map(runs, family)))


def test_the_calls_of_all_processes_are_counted_in_redis(server: RedisServer) -> None:
    one, two = (counter_at(server) for _ in range(2))
    assert [one.add("token", 1), two.add("token", 1), one.add("token", 1)] == [1, 2, 3]
    assert two.add("token", 2) == 1, "another minute"
    assert two.add("other", 1) == 1, "another token"
    with redis.Redis.from_url(server.url) as client:
        assert 0 < client.ttl("correlativa:calls:token:1") <= 120, "it goes by itself"


def test_billing_goes_on_without_redis(server: RedisServer) -> None:
    counter = counter_at(server)
    assert counter.add("token", 1) == 1
    server.kill()
    assert [counter.add("token", 1), counter.add("token", 1)] == [1, 2], "counted here meanwhile"
    server.start()
    assert counter.add("token", 1) == 1, "and there again"


def counter_at(server: RedisServer) -> RedisCounter:
    return RedisCounter(redis.Redis.from_url(server.url, socket_timeout=0.5), failure=redis.RedisError)
