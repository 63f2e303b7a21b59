"""Sending again: one, some, a stretch of the feed, or all that failed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from audit.models import AuditEntry
from billing.models import Seller
from core.errors import Conflict, Invalid, NotFound
from integrations.models import DeliveryAttempt, Event, Notice, WebhookDelivery, WebhookEndpoint
from integrations.services.endpoints import delete_endpoint, pause_endpoint, resume_endpoint, update_endpoint
from integrations.services.maintenance import ANSWERS_KEPT, purge_answers
from integrations.services.replaying import replay, retry_delivery
from integrations.services.trying import ping
from tests.builders import MARIA, NOW, a_seller, refused
from tests.hooks import an_endpoint, happened, number_all, told

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def endpoint(seller: Seller) -> WebhookEndpoint:
    """With three deliveries: one arrived, one is dead, one has failed and waits."""
    endpoint = an_endpoint(seller)
    happened(seller, "invoice.created", "invoice.issued", "payment.recorded")
    number_all()
    arrived, dead, failing = WebhookDelivery.objects.order_by("sequence")
    attempted(arrived, state="delivered", finished_at=NOW, last_outcome="delivered")
    attempted(dead, state="dead", finished_at=NOW, round_attempts=10, last_outcome="answered")
    attempted(failing, round_attempts=2, due_at=NOW + timedelta(hours=2), last_outcome="timed_out")
    return endpoint


def attempted(delivery: WebhookDelivery, **changes: Any) -> None:
    DeliveryAttempt.objects.create(
        delivery=delivery,
        endpoint=delivery.endpoint,
        number=1,
        at=NOW,
        duration_ms=5,
        outcome=changes["last_outcome"],
        url=delivery.endpoint.url,
    )
    WebhookDelivery.objects.filter(pk=delivery.pk).update(attempts=1, **changes)


def again(endpoint: WebhookEndpoint, **asked: Any) -> Any:
    return replay(endpoint_id=endpoint.id, by=MARIA, now=LATER, **asked)


def set_going(endpoint: WebhookEndpoint) -> list[int | None]:
    """The numbers of what is due at the moment of the replay, its round begun anew."""
    due = WebhookDelivery.objects.filter(endpoint=endpoint, state="pending", round_attempts=0, due_at=LATER)
    return list(due.order_by("sequence").values_list("sequence", flat=True))


def numbers(seller: Seller, *sequences: int) -> list[uuid.UUID]:
    events = Event.objects.filter(seller=seller, sequence__in=sequences).order_by("sequence")
    return list(events.values_list("id", flat=True))


def test_all_behind_a_sequence_are_sent_again_whatever_became_of_them(endpoint: WebhookEndpoint) -> None:
    assert again(endpoint, after=1).deliveries == 2
    assert set_going(endpoint) == [2, 3]
    assert again(endpoint, after=0).deliveries == 3
    assert again(endpoint, after=3).deliveries == 0


def test_some_events_are_sent_again(seller: Seller, endpoint: WebhookEndpoint) -> None:
    assert again(endpoint, event_ids=numbers(seller, 1, 3)).deliveries == 2
    assert set_going(endpoint) == [1, 3]


def test_all_that_failed_since_is_sent_again_and_nothing_else(endpoint: WebhookEndpoint) -> None:
    assert again(endpoint, failed_since=NOW + timedelta(seconds=1)).deliveries == 0
    assert again(endpoint, failed_since=NOW - timedelta(seconds=1)).deliveries == 2
    assert set_going(endpoint) == [2, 3]


def test_what_has_not_been_tried_is_left_to_who_has_it_in_hand(seller: Seller, endpoint: WebhookEndpoint) -> None:
    happened(seller)
    number_all()
    lease = WebhookDelivery.objects.filter(sequence=4)
    lease.update(due_at=NOW + timedelta(seconds=60))
    assert again(endpoint, after=3).deliveries == 1
    assert lease.get().due_at == NOW + timedelta(seconds=60)


def test_one_delivery_is_sent_again_and_its_attempts_go_on_counting(endpoint: WebhookEndpoint) -> None:
    dead = WebhookDelivery.objects.get(state="dead")
    retried = retry_delivery(delivery_id=dead.id, by=MARIA, now=LATER)
    assert (retried.state, retried.due_at, retried.round_attempts, retried.attempts) == ("pending", LATER, 0, 1)
    assert retried.finished_at is None
    assert AuditEntry.objects.get(action="endpoint.delivery_retried").after["delivery"] == str(dead.id)


def test_what_was_missed_while_it_was_disabled_is_made_up_for(seller: Seller, endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        status="disabled", disabled_at=NOW, disabled_reason="410 Gone"
    )
    happened(seller, "invoice.created", "invoice.issued")
    number_all()
    with refused(Conflict):
        again(endpoint, after=3)
    resume_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    happened(seller)
    number_all()
    assert told(endpoint)[3:] == [(6, 5)]
    assert again(endpoint, after=3).deliveries == 3
    assert told(endpoint)[3:] == [(4, 3), (5, 4), (6, 5)]


def test_what_it_had_not_asked_for_comes_by_its_id_alone(seller: Seller) -> None:
    endpoint = an_endpoint(seller, "payment.*")
    happened(seller, "payment.recorded", "invoice.issued", "payment.recorded")
    number_all()
    assert again(endpoint, after=0).deliveries == 2
    assert again(endpoint, event_ids=numbers(seller, 2)).deliveries == 1
    assert told(endpoint) == [(1, None), (2, 1), (3, 1)]
    update_endpoint(endpoint_id=endpoint.id, changes={"event_types": ["*"]}, by=MARIA)
    assert again(endpoint, after=0).deliveries == 3


def test_a_long_stretch_is_replayed_in_several_calls(seller: Seller) -> None:
    endpoint = an_endpoint(seller)
    happened(seller, *["invoice.issued"] * 5)
    number_all()
    WebhookDelivery.objects.update(state="dead", finished_at=NOW, round_attempts=1)
    done = again(endpoint, after=0, limit=2)
    assert (done.deliveries, done.continue_with) == (2, {"after": 2})
    assert again(endpoint, **done.continue_with, limit=3).continue_with is None
    assert set_going(endpoint) == [1, 2, 3, 4, 5]
    WebhookDelivery.objects.update(state="dead", finished_at=NOW, round_attempts=1)
    rounds, asked = 0, {"failed_since": NOW}
    while asked:
        done, rounds = again(endpoint, **asked, limit=2), rounds + 1
        asked = {"failed_since": NOW} if done.continue_with else {}
    assert (rounds, set_going(endpoint)) == (3, [1, 2, 3, 4, 5])


def test_a_ping_can_be_sent_again_to_its_own_endpoint_only(seller: Seller, endpoint: WebhookEndpoint) -> None:
    sent = ping(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    attempted(sent, state="dead", finished_at=NOW, last_outcome="answered")
    assert again(endpoint, event_ids=[sent.event_id]).deliveries == 1
    with refused(Invalid):
        again(an_endpoint(seller), event_ids=[sent.event_id])


def test_events_of_others_and_events_without_a_number_are_unknown(seller: Seller, endpoint: WebhookEndpoint) -> None:
    other = a_seller(legal_name="Otra Casa Primera")
    happened(other)
    number_all()
    waiting = happened(seller)[0].id
    asked = [*numbers(seller, 1), *numbers(other, 1), waiting, uuid.uuid4()]
    with refused(Invalid) as refusal:
        again(endpoint, event_ids=asked)
    assert [fault.pointer for fault in refusal.value.faults] == ["#/event_ids/1", "#/event_ids/2", "#/event_ids/3"]
    assert set_going(endpoint) == []


@pytest.mark.parametrize("asked", [{}, {"after": 0, "failed_since": NOW}, {"after": 0, "event_ids": []}])
def test_a_replay_says_one_thing(endpoint: WebhookEndpoint, asked: dict[str, Any]) -> None:
    with refused(Invalid) as refusal:
        again(endpoint, **asked)
    assert [fault.code for fault in refusal.value.faults] == ["replay_ambiguous"]


def test_a_paused_endpoint_is_replayed_and_waits_and_one_that_is_gone_is_not(
    seller: Seller, endpoint: WebhookEndpoint
) -> None:
    pause_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    assert again(endpoint, after=0).deliveries == 3
    delivery = WebhookDelivery.objects.first()
    delete_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    with refused(NotFound):
        again(endpoint, after=0)
    with refused(NotFound):
        retry_delivery(delivery_id=delivery.id, by=MARIA, now=NOW)
    with refused(NotFound):
        retry_delivery(delivery_id=uuid.uuid4(), by=MARIA, now=NOW)


def test_a_replay_is_in_the_audit_log_with_what_was_asked(endpoint: WebhookEndpoint) -> None:
    again(endpoint, after=1)
    again(endpoint, failed_since=NOW)
    entries = AuditEntry.objects.filter(action="endpoint.replayed").order_by("id")
    assert [entry.after for entry in entries] == [
        {"after": 1, "deliveries": 2},
        {"failed_since": NOW.isoformat(), "deliveries": 0},
    ]


def test_answers_are_forgotten_after_ninety_days_but_for_what_still_waits(endpoint: WebhookEndpoint) -> None:
    for finished in (NOW, None):
        Notice.objects.create(channel="mail", subject="s", text="t", due_at=NOW, created_at=NOW, finished_at=finished)
    first = DeliveryAttempt.objects.order_by("at").first()
    assert first is not None
    assert purge_answers(now=first.at + ANSWERS_KEPT) == 0
    assert purge_answers(now=NOW + ANSWERS_KEPT + timedelta(days=1)) == 3, "two answers and a message"
    assert purge_answers(now=NOW + ANSWERS_KEPT + timedelta(days=1)) == 0
    assert [attempt.delivery.state for attempt in DeliveryAttempt.objects.all()] == ["pending"]
    assert Notice.objects.get().finished_at is None
    assert WebhookDelivery.objects.count() == 3
