"""The feed's numbers, the deliveries that follow, and what the database itself refuses."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import Seller
from integrations.models import Event, WebhookDelivery, WebhookEndpoint
from integrations.services.endpoints import delete_endpoint, pause_endpoint, resume_endpoint
from integrations.services.sequencing import number_events
from integrations.services.trying import ping, send_test_event
from tests.builders import MARIA, NOW, SHOP, a_seller
from tests.evidence import ask
from tests.hooks import an_endpoint, feed_of, happened, number_all, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def other() -> Seller:
    return a_seller(legal_name="Otra Casa Primera")


def test_each_seller_has_a_feed_of_its_own_from_one_on(seller: Seller, other: Seller) -> None:
    happened(seller, "invoice.created", "invoice.issued")
    happened(other, "invoice.created")
    happened(seller, "payment.recorded")
    number_all()
    assert feed_of(seller) == [(1, "invoice.created"), (2, "invoice.issued"), (3, "payment.recorded")]
    assert feed_of(other) == [(1, "invoice.created")]
    happened(seller, "payment.reversed")
    number_all()
    assert feed_of(seller)[3:] == [(4, "payment.reversed")]


def test_what_happened_first_comes_first_however_few_are_numbered_at_a_time(seller: Seller) -> None:
    events = happened(seller, *["invoice.created"] * 10)
    while number_events(now=NOW, limit=3):
        pass
    found = Event.objects.order_by("sequence").values_list("id", flat=True)
    assert [*found] == [event.id for event in events]


def test_an_endpoint_hears_what_it_asked_for_and_each_delivery_knows_the_one_before(seller: Seller) -> None:
    all_of_it, payments = an_endpoint(seller), an_endpoint(seller, "payment.*")
    happened(seller, "invoice.created", "payment.recorded", "invoice.issued")
    number_all()
    happened(seller, "payment.reversed")
    number_all()
    assert told(all_of_it) == [(1, None), (2, 1), (3, 2), (4, 3)]
    assert told(payments) == [(2, None), (4, 2)]


def test_nobody_hears_of_another_seller(seller: Seller, other: Seller) -> None:
    endpoint = an_endpoint(other)
    happened(seller)
    number_all()
    assert told(endpoint) == []


def test_an_endpoint_begins_behind_what_had_happened(seller: Seller) -> None:
    happened(seller, *["invoice.created"] * 3)
    number_all()
    endpoint = an_endpoint(seller)
    happened(seller)
    number_all()
    assert told(endpoint) == [(4, 3)]


def test_a_paused_endpoint_gets_its_deliveries_later_and_a_deleted_one_none(seller: Seller) -> None:
    paused, deleted = an_endpoint(seller), an_endpoint(seller)
    pause_endpoint(endpoint_id=paused.id, by=MARIA, now=NOW)
    delete_endpoint(endpoint_id=deleted.id, by=MARIA, now=NOW)
    happened(seller)
    number_all()
    assert told(paused) == [(1, None)]
    assert told(deleted) == []


def test_who_was_disabled_sees_by_the_next_delivery_that_something_is_missing(seller: Seller) -> None:
    endpoint = an_endpoint(seller)
    happened(seller)
    number_all()
    disable(endpoint)
    happened(seller, "invoice.created", "invoice.issued")
    number_all()
    assert told(endpoint) == [(1, None)]
    resume_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    happened(seller)
    number_all()
    assert told(endpoint) == [(1, None), (4, 3)], "the receiver knows 1, and is told that 3 went before"


def test_what_is_for_one_endpoint_alone_is_no_part_of_the_feed(seller: Seller) -> None:
    endpoint, another = an_endpoint(seller), an_endpoint(seller)
    ping(endpoint_id=endpoint.id, by=SHOP, now=NOW)
    send_test_event(endpoint_id=endpoint.id, type="invoice.issued", by=SHOP, now=NOW)
    happened(seller)
    number_all()
    assert feed_of(seller) == [(1, "invoice.issued")]
    assert sorted(told(endpoint), key=str) == [(1, None), (None, None), (None, None)]
    assert told(another) == [(1, None)]


def test_thousands_of_events_are_numbered_and_delivered_in_seconds_and_few_statements(seller: Seller) -> None:
    endpoints = [an_endpoint(seller), an_endpoint(seller, "invoice.issued")]
    write_many(seller, 3_000)
    begun = time.monotonic()
    with CaptureQueriesContext(connection) as queries:
        number_all()
    assert feed_of(seller)[-1][0] == 3_000
    assert [WebhookDelivery.objects.filter(endpoint=endpoint).count() for endpoint in endpoints] == [3_000, 3_000]
    assert len(queries) <= 7 * 6
    assert time.monotonic() - begun < 30, "about half a second on a machine that has nothing else to do"


def test_numbering_enters_the_indexes_and_reads_no_table_through(seller: Seller) -> None:
    write_many(seller, 5_000)
    number_all()
    write_many(seller, 10)
    analyze()
    with CaptureQueriesContext(connection) as queries:
        number_events(now=NOW)
    [statement] = [query["sql"] for query in queries if "UPDATE" in query["sql"]]
    happened(seller)
    plan = "\n".join(row[0] for row in ask(connection, f"EXPLAIN {statement}"))
    assert "Index" in plan
    assert "Seq Scan" not in plan


# --- What the database refuses ----------------------------------------------------------------------------------------


def set_sequence(event: Event, sequence: int | None) -> None:
    assert Event.objects.filter(pk=event.pk).update(sequence=sequence)


def leave_a_hole(seller: Seller) -> None:
    set_sequence(happened(seller)[0], 9)


def begin_at_two(seller: Seller) -> None:
    Event.objects.filter(seller=seller, sequence=None).update(sequence=2)


def give_a_number_twice(seller: Seller) -> None:
    set_sequence(happened(seller)[0], 2)


def begin_at_zero(seller: Seller) -> None:
    set_sequence(happened(seller)[0], 0)


def change_a_number(seller: Seller) -> None:
    set_sequence(Event.objects.get(seller=seller, sequence=2), 3)


def take_a_number_away(seller: Seller) -> None:
    set_sequence(Event.objects.get(seller=seller, sequence=2), None)


def change_what_was_told(seller: Seller) -> None:
    Event.objects.filter(seller=seller, sequence=2).update(payload={"id": "y"})


def change_what_waits(seller: Seller) -> None:
    Event.objects.filter(pk=happened(seller)[0].pk).update(type="invoice.voided")


def be_born_numbered(seller: Seller) -> None:
    event = happened(seller)[0]
    event.pk, event.sequence = None, 3
    event.id = Event().id
    event.save(force_insert=True)


def delete_an_event(seller: Seller) -> None:
    Event.objects.filter(seller=seller, sequence=2).delete()


def number_a_ping(seller: Seller) -> None:
    delivery = ping(endpoint_id=an_endpoint(seller).id, by=SHOP, now=NOW)
    set_sequence(delivery.event, 3)


def deliver_twice(seller: Seller) -> None:
    endpoint = an_endpoint(seller)
    event = Event.objects.get(seller=seller, sequence=2)
    for _ in range(2):
        WebhookDelivery.objects.create(endpoint=endpoint, event=event, seller=seller, due_at=NOW, created_at=NOW)


def deliver_to_another_seller(seller: Seller) -> None:
    endpoint = an_endpoint(a_seller(legal_name="Otra Casa Primera"))
    event = Event.objects.get(seller=seller, sequence=2)
    WebhookDelivery.objects.create(endpoint=endpoint, event=event, seller=seller, due_at=NOW, created_at=NOW)


ATTACKS: dict[str, tuple[Callable[[Seller], None], str]] = {
    "a hole": (leave_a_hole, "the feed would have a hole"),
    "a number twice": (give_a_number_twice, "event_sequence_once"),
    "number 0": (begin_at_zero, "event_sequence_from_one"),
    "another number": (change_a_number, "numbered_once"),
    "no number any more": (take_a_number_away, "numbered_once"),
    "other content afterwards": (change_what_was_told, "numbered_once"),
    "other content before": (change_what_waits, "only_numbered"),
    "born with a number": (be_born_numbered, "not_born_numbered"),
    "deleted": (delete_an_event, "never_deleted"),
    "a ping in the feed": (number_a_ping, "event_for_one_is_not_in_the_feed"),
    "two deliveries of one event": (deliver_twice, "delivery_once_per_endpoint"),
    "another seller's endpoint": (deliver_to_another_seller, "delivery_of_its_sellers_endpoint"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_database_refuses(seller: Seller, name: str) -> None:
    attack, guard = ATTACKS[name]
    happened(seller, "invoice.created", "invoice.issued")
    number_all()
    before = feed_of(seller)
    with pytest.raises(Error) as refused, transaction.atomic():
        attack(seller)
        ask(connection, "SET CONSTRAINTS ALL IMMEDIATE")
    assert guard in said_by(refused.value)
    assert feed_of(seller) == before


def test_a_feed_begins_at_one(seller: Seller) -> None:
    happened(seller)
    with pytest.raises(Error, match="the feed would have a hole"), transaction.atomic():
        begin_at_two(seller)


def said_by(error: BaseException) -> str:
    """The message with the place that PostgreSQL names in its context."""
    cause = error.__cause__
    return f"{error} {getattr(getattr(cause, 'diag', None), 'context', '')}"


def disable(endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        status="disabled", disabled_at=NOW, disabled_reason="410 Gone"
    )


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integrations_event")


def write_many(seller: Seller, number: int) -> None:
    now = timezone.now()
    Event.objects.bulk_create(
        [
            Event(seller=seller, mode=seller.mode, type="invoice.issued", object_id="x", payload={}, created_at=now)
            for _ in range(number)
        ],
        batch_size=1_000,
    )
