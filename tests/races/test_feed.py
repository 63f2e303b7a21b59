"""Eight write, some roll back, some commit late; two number; a reader pages on: it sees everything, once and in order."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import Seller
from integrations.models import Event, WebhookDelivery
from integrations.services.endpoints import create_endpoint, delete_endpoint
from integrations.services.sequencing import number_events
from tests.api.machines import Machine, a_machine
from tests.builders import MARIA, NOW, a_seller
from tests.hooks import URL, an_endpoint, happened, number_all, told
from tests.races.meeting import others, the_feed_held, wait_until_waiting
from tests.running_house import at_once
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, EACH, WORKERS = 8, 60, 2


@dataclass
class Feed:
    """Who writes, who numbers and who reads, until all that was committed has been read."""

    seller: Seller
    machine: Machine
    committed: set[str] = field(default_factory=set)
    read: list[tuple[int, str]] = field(default_factory=list)
    written: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        """Transactions of one to three events; one in four rolls back, one in six takes its time to commit."""
        chance = random.Random(number)
        for _ in range(EACH):
            with transaction.atomic():
                ids = [str(event.id) for event in happened(self.seller, *["invoice.issued"] * chance.randint(1, 3))]
                if chance.random() < 1 / 6:
                    time.sleep(chance.random() / 20)
                stays = chance.random() > 1 / 4
                transaction.set_rollback(not stays)
            if stays:
                self.committed.update(ids)

    def number(self, _number: int) -> None:
        while not self.over.is_set():
            number_events(now=timezone.now(), limit=7)

    def page_on(self) -> None:
        """As consumers do: whatever is after the last one that is known."""
        while not self.over.is_set():
            after = self.read[-1][0] if self.read else 0
            answer = self.machine.get(f"/events?after={after}&limit=5").json()
            self.read += [(event["data"]["sequence"], event["data"]["id"]) for event in answer["results"]]
            if self.written.is_set() and len(self.read) >= len(self.committed):
                return

    def run(self) -> None:
        works: list[Callable[[], None]] = [self.page_on]
        works += [lambda number=number: self.number(number) for number in range(WORKERS)]  # type: ignore[misc]  # bound
        with others() as begin:
            running = [begin(work) for work in works]
            try:
                at_once(self.write, range(WRITERS))
                self.written.set()
                assert eventually(running[0].done, 120), f"read {len(self.read)} of {len(self.committed)}"
            finally:
                self.over.set()
            for work in running:
                work.result()


def test_a_reader_sees_all_that_was_committed_once_in_order_and_nothing_late() -> None:
    seller = a_seller()
    endpoint = an_endpoint(seller)
    feed = Feed(seller, a_machine(seller))
    feed.run()
    assert [sequence for sequence, _id in feed.read] == [*range(1, len(feed.committed) + 1)], "a hole, or a repeat"
    assert {event_id for _sequence, event_id in feed.read} == feed.committed
    assert Event.objects.filter(sequence=None).count() == 0
    count = len(feed.committed)
    assert told(endpoint) == [(sequence, sequence - 1 or None) for sequence in range(1, count + 1)]


def test_two_sellers_writers_do_not_wait_for_each_other_nor_for_the_worker() -> None:
    """Who writes an event takes no lock that another writer, or who numbers, would have to wait for."""
    seller = a_seller()
    with transaction.atomic():
        happened(seller)
        with others() as begin:
            begin(lambda: happened(seller)).result(timeout=20)
            assert begin(lambda: number_events(now=NOW)).result(timeout=20) == 1
            begin(lambda: happened(seller)).result(timeout=20)
    number_all()
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]


def test_only_one_numbers_at_a_time_and_the_other_does_not_wait() -> None:
    happened(a_seller())
    with the_feed_held(), others() as begin:
        assert begin(lambda: number_events(now=NOW)).result(timeout=20) == 0
    assert number_events(now=NOW) == 1


def test_who_begins_to_listen_misses_nothing_that_gets_its_number_meanwhile() -> None:
    """The endpoint waits for the feed to stand still: what has a number is before it, what has none will be told."""
    seller = a_seller()
    happened(seller)
    with others() as begin:
        with transaction.atomic():
            assert number_events(now=NOW) == 1
            making = begin(
                lambda: create_endpoint(seller_id=seller.id, mode=seller.mode, url=URL, by=MARIA, now=NOW)[0]
            )
            wait_until_waiting(1)
        endpoint = making.result(timeout=20)
    happened(seller)
    number_all()
    assert told(endpoint) == [(2, 1)]


def test_an_endpoint_may_go_while_its_deliveries_are_made() -> None:
    seller = a_seller()
    endpoint = an_endpoint(seller)
    happened(seller)
    with others() as begin, transaction.atomic():
        assert number_events(now=NOW) == 1
        begin(lambda: delete_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)).result(timeout=20)
    assert WebhookDelivery.objects.filter(endpoint=endpoint).count() == 1
    connection.close()
