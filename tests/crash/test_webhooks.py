"""``kill -9`` of the workers and of the database in the middle of a thousand deliveries: each event arrives.

The receiver lives on in the test's own process: what it was sent is asked of it, not of us.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from integrations.models import DeliveryAttempt, WebhookDelivery
from tests.builders import a_seller
from tests.crash.houses import House, crash_the_database, kill, running
from tests.integrations.webhooks.listening import a_listener, happens
from tests.receiver import Receiver, Reply
from tests.waiting import eventually

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

ENDPOINTS, EVENTS = 5, 200
PATIENCE = 180.0


@pytest.fixture(autouse=True)
def _localhost_may_be_called(settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """It takes its time, so that there is always something under way."""
    with Receiver(usual=Reply(pause=0.1)) as receiver:
        yield receiver


def test_each_of_a_thousand_deliveries_arrives_under_one_id(tmp_path: Path, receiver: Receiver) -> None:
    seller, now = a_seller(), timezone.now()
    listeners = {f"/{n}": a_listener(seller, receiver.url(f"/{n}"), now=now) for n in range(ENDPOINTS)}
    events = {str(event.id) for event in happens(seller, EVENTS, now=now)}
    house = House(tmp_path)
    workers = [house.program(f"work-{number}", "work", "--only", "webhooks") for number in (1, 2)]

    with running(*workers):
        chance = random.Random(7)
        for hit in range(1, 7):
            assert eventually(partial(has_calls, receiver, hit * 100), PATIENCE), workers[0].log.read_text()
            if hit == 3:
                crash_the_database()
                continue
            victim = chance.choice(workers)
            kill(victim)
            victim.start()
        assert eventually(nothing_waits, PATIENCE), Counter(WebhookDelivery.objects.values_list("state", "attempts"))

    bodies: dict[tuple[str, str], bytes] = {}
    for path, listener in listeners.items():
        calls = receiver.calls(path)
        assert {call.id for call in calls} == events, "each event, at least once, under its own id"
        for call in calls:
            assert call.verified(listener.secret)["data"]["id"] == call.id
            assert bodies.setdefault((path, call.id), call.body) == call.body, "a repeat says the same"
    assert {*WebhookDelivery.objects.values_list("state", flat=True)} == {"delivered"}
    assert WebhookDelivery.objects.filter(attempts__gt=1).exists(), "some were under way when their worker died"
    assert DeliveryAttempt.objects.count() >= ENDPOINTS * EVENTS


def test_a_worker_that_is_asked_to_stop_repeats_nothing(tmp_path: Path, receiver: Receiver) -> None:
    seller, now = a_seller(), timezone.now()
    a_listener(seller, receiver.url("/"), now=now)
    happens(seller, 200, now=now)
    worker = House(tmp_path).program("work", "work", "--only", "webhooks")
    for calls in (40, 80, 200):
        with running(worker):
            assert eventually(partial(has_calls, receiver, calls), PATIENCE), worker.log.read_text()
    with running(worker):
        assert eventually(nothing_waits, PATIENCE)
    assert set(Counter(call.id for call in receiver.calls()).values()) == {1}


def has_calls(receiver: Receiver, number: int) -> bool:
    return len(receiver.calls()) >= number


def nothing_waits() -> bool:
    connection.close()  # it may be one of before the crash
    return not WebhookDelivery.objects.filter(state="pending").exists()
