"""Workers that number the feed are killed in the middle, again and again: no hole, no repeat, nothing undelivered."""

from __future__ import annotations

import os
import random
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from billing.models import Seller
from config.demo.place import ROOT, Place
from config.processes import Program
from integrations.models import Event
from tests.builders import a_seller
from tests.hooks import an_endpoint, feed_of, told
from tests.running_house import database_url, free_port
from tests.waiting import eventually

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

EVENTS, KILLS, PATIENCE = 6_000, 6, 180.0


def worker(number: int, folder: Path) -> Program:
    environment = Place(folder, free_port()).environment(database_url()) | {
        "DEPLOYMENT_KEY": settings.DEPLOYMENT_KEY,
        "INSTALLATION_NUMBER": settings.BILLING_SYSTEM["installation_number"],
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, str(ROOT / "manage.py"), "work", "--only", "feed"]
    return Program(f"work-{number}", command, environment=environment, log=folder / f"work-{number}.log")


def write_many(seller: Seller, number: int) -> None:
    now = timezone.now()
    one = {"seller": seller, "mode": seller.mode, "type": "invoice.issued", "object_id": "x", "payload": {}}
    Event.objects.bulk_create([Event(**one, created_at=now) for _ in range(number)], batch_size=1_000)


def numbered() -> int:
    return Event.objects.filter(sequence__isnull=False).count()


def test_the_feed_is_whole_however_often_its_workers_are_killed(tmp_path: Path) -> None:
    sellers = [a_seller(), a_seller(legal_name="Otra Casa Primera")]
    endpoints = [an_endpoint(seller) for seller in sellers]
    for seller in sellers:
        write_many(seller, EVENTS // 2)
    workers, chance = [worker(number, tmp_path) for number in (1, 2)], random.Random(7)
    for program in workers:
        program.start()
    try:
        for kill in range(1, KILLS + 1):
            reached = kill * EVENTS // (KILLS + 1)
            assert eventually(partial(lambda reached: numbered() >= reached, reached), PATIENCE), numbered()
            victim = chance.choice(workers)
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            victim.start()
        assert eventually(lambda: numbered() == EVENTS, PATIENCE), numbered()
    finally:
        for program in workers:
            program.stop()
    for seller, endpoint in zip(sellers, endpoints, strict=True):
        whole = range(1, EVENTS // 2 + 1)
        assert [sequence for sequence, _type in feed_of(seller)] == [*whole]
        assert told(endpoint) == [(sequence, sequence - 1 or None) for sequence in whole]
