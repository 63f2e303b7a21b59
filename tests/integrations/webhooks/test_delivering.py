"""The delivery engine against a receiver that answers as it is told to, on the real database."""

import json
import logging
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks
import svix
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller
from integrations import deployment, vault
from integrations.api.webhooks.representation import represent_endpoint
from integrations.logs import JsonFormatter, RequestFilter
from integrations.models import (
    DeliveryAttempt,
    EndpointHealth,
    EndpointSecret,
    Event,
    Notice,
    Scenario,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.outbox import publish
from integrations.services import delivering
from integrations.services.claiming import LEASE, bury_abandoned, claim
from integrations.services.delivering import KEY_PAUSE, Deliveries
from integrations.services.endpoints import delete_endpoint, pause_endpoint, resume_endpoint, rotate_secret
from integrations.webhooks import posting
from integrations.webhooks.bodies import body_in_the_log, body_of
from integrations.webhooks.pacing import FIRST, SHARE
from integrations.webhooks.retries import PAUSES
from tests.builders import MARIA, a_seller
from tests.integrations.webhooks.listening import Listener, a_listener, happens, states, work
from tests.receiver import OK, SILENCE, Receiver, Reply
from tests.waiting import eventually

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
DOWN = Reply(500)


class Clock:
    """The true time, moved on by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def moves(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


@pytest.fixture(autouse=True)
def _localhost_may_be_called(settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deliveries(clock: Clock) -> Iterator[Deliveries]:
    deliveries = Deliveries(clock=clock)
    yield deliveries
    deliveries.finish()


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def shop(seller: Seller, receiver: Receiver) -> Listener:
    return a_listener(seller, receiver.url("/shop"), now=NOW, owner_email="it@shop.example")


def test_an_event_arrives_as_both_libraries_want_it(seller, shop, receiver, deliveries) -> None:
    [event] = happens(seller, now=NOW)
    work(deliveries, now=NOW)

    [call] = receiver.calls("/shop")
    for library in (standardwebhooks.Webhook, svix.Webhook):
        library(shop.secret).verify(call.body, dict(call.headers))
        told = json.loads(call.body)
        assert told["type"] == "invoice.issued"
        assert told["data"]["id"] == call.id == str(event.id)
        assert (told["data"]["sequence"], told["data"]["previous_sequence"]) == (1, None)
        assert told["data"]["object"]["number"] == "Ñ-1"
        assert told["data"]["correlation_id"] == "corr-3"
        assert told["data"]["livemode"] is False
    assert b": " not in call.body.replace(b'": "', b""), "minified"
    assert abs(int(call.headers["webhook-timestamp"]) - call.at) < 60


def test_what_came_of_it_is_written_down(seller, shop, receiver, deliveries) -> None:
    receiver.will_answer("/shop", Reply(202, b"thank you", {"X-Request-Id": "r-1", "Set-Cookie": "s=secret"}))
    happens(seller, now=NOW)
    work(deliveries, now=NOW)

    [delivery] = shop.deliveries
    assert (delivery.state, delivery.attempts, delivery.last_outcome, delivery.last_status) == (
        "delivered", 1, "delivered", 202,
    )  # fmt: skip
    assert delivery.finished_at == NOW
    attempt = DeliveryAttempt.objects.get(delivery=delivery)
    assert (attempt.number, attempt.outcome, attempt.status) == (1, "delivered", 202)
    assert (bytes(attempt.answer_body), attempt.url) == (b"thank you", receiver.url("/shop"))
    assert attempt.answer_headers["x-request-id"] == "r-1"
    assert "set-cookie" not in attempt.answer_headers
    assert shop.health.last_success_at == NOW


def test_the_log_can_show_what_was_sent(seller, shop, receiver, deliveries) -> None:
    [event] = happens(seller, now=NOW)
    work(deliveries, now=NOW)
    [delivery] = shop.deliveries
    stored = Event.objects.get(pk=event.pk)
    assert receiver.calls()[0].body == body_of(stored, previous_sequence=delivery.previous_sequence, version="v1")


def test_what_fails_is_tried_again_by_the_schedule_and_then_a_dead_letter(
    seller, shop, receiver, deliveries, clock, monkeypatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)
    receiver.usual = DOWN
    [event] = happens(seller, now=NOW)
    pauses = []
    for attempt in range(1, 11):
        work(deliveries, now=clock.now)
        [delivery] = shop.deliveries
        assert delivery.attempts == attempt
        if attempt == 10:
            break
        assert delivery.state == "pending"
        pauses.append(delivery.due_at - clock.now)
        work(deliveries, now=delivery.due_at - timedelta(microseconds=1))
        assert len(receiver.calls()) == attempt, "not before its time"
        clock.now = delivery.due_at
        shop.health.__class__.objects.update(open_until=None)  # the circuit has its own tests
    assert pauses == [*PAUSES]
    assert (delivery.state, delivery.last_outcome, delivery.last_status) == ("dead", "answered", 500)
    assert {call.id for call in receiver.calls()} == {str(event.id)}, "the receiver knows it again"
    numbers = DeliveryAttempt.objects.filter(delivery=delivery).order_by("id").values_list("number", flat=True)
    assert [*numbers] == [*range(1, 11)]
    for call in receiver.calls():
        call.verified(shop.secret)


def test_each_attempt_is_signed_anew(seller, shop, receiver, deliveries, clock, monkeypatch) -> None:
    """Else the third attempt would be too old for the receiver (300 s)."""
    receiver.will_answer("/shop", DOWN)
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    late = 1_000_000_000.0
    monkeypatch.setattr("integrations.webhooks.postman.time.time", lambda: late)
    work(deliveries, now=clock.moves(timedelta(seconds=6)))
    first, second = receiver.calls()
    assert second.headers["webhook-timestamp"] == str(int(late))
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.body == second.body


def test_who_asks_for_time_gets_it(seller, shop, receiver, deliveries) -> None:
    receiver.will_answer("/shop", Reply(503, headers={"Retry-After": "3600"}))
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    assert NOW + timedelta(hours=1) <= shop.deliveries[0].due_at <= NOW + timedelta(hours=1.2)


def test_during_a_rotation_a_receiver_may_hold_either_secret(seller, shop, receiver, deliveries) -> None:
    new = rotate_secret(endpoint_id=shop.endpoint.id, overlap=timedelta(hours=1), by=MARIA, now=NOW)
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    [call] = receiver.calls()
    call.verified(shop.secret)
    call.verified(new)
    first, _ = call.headers["webhook-signature"].split()
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(shop.secret).verify(call.body, {**call.headers, "webhook-signature": first})


def test_once_the_overlap_is_over_only_the_new_one_signs(seller, shop, receiver, deliveries, clock) -> None:
    new = rotate_secret(endpoint_id=shop.endpoint.id, overlap=timedelta(hours=1), by=MARIA, now=NOW)
    happens(seller, now=NOW)
    work(deliveries, now=clock.moves(timedelta(hours=1)))
    [call] = receiver.calls()
    call.verified(new)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        call.verified(shop.secret)


def test_without_a_secret_nothing_is_sent(seller, shop, receiver, deliveries) -> None:
    happens(seller, now=NOW)
    EndpointSecret.objects.all().delete()
    work(deliveries, now=NOW)
    work(deliveries, now=NOW)
    assert receiver.calls() == []
    [delivery] = shop.deliveries
    assert (delivery.state, delivery.last_outcome) == ("pending", "unreachable"), "until somebody mends it"
    assert DeliveryAttempt.objects.get().problem


def test_a_key_that_we_lost_is_not_the_receivers_failure(
    seller, shop, receiver, deliveries, clock, settings, caplog
) -> None:
    """For six days: longer than any endpoint may fail, and more often than any delivery is tried."""
    happens(seller, 2, now=NOW)
    keys, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, ["another-key-another-key-another-key"]
    delivering._readable.cache_clear()
    for _ in range(2 * len(PAUSES)):
        work(deliveries, now=clock.moves(timedelta(hours=6)))
    assert [(row.attempts, row.round_attempts, row.due_at > clock.now) for row in shop.deliveries] == [(0, 0, True)] * 2
    assert (receiver.calls(), DeliveryAttempt.objects.count(), Notice.objects.count()) == ([], 0, 0)
    assert (shop.now.status, shop.health.failing_since) == ("active", None)
    assert "ENCRYPTION_KEYS fits what is stored: put the former key behind the new one; what waits" in caplog.text
    assert str(shop.endpoint.id) in caplog.text

    settings.ENCRYPTION_KEYS = keys
    work(deliveries, now=clock.moves(KEY_PAUSE))
    assert states(shop.deliveries) == ["delivered"] * 2
    assert [attempt.number for attempt in DeliveryAttempt.objects.all()] == [1, 1]


def test_an_event_that_cannot_be_written_fails_alone(seller, shop, receiver, deliveries, caplog) -> None:
    """Two of an invoice whose links lead nowhere, among others; v2 says where they lead."""
    WebhookEndpoint.objects.update(payload_version="v2")
    happens(seller, now=NOW)
    for _ in range(2):
        publish(
            "invoice.issued",
            seller_id=seller.id,
            mode=seller.mode,
            object_id="1",
            payload={"documents": {"pdf": {"state": "ready"}}},
            by=MARIA,
        )
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    work(deliveries, now=NOW)
    assert states(shop.deliveries) == ["delivered", "pending", "pending", "delivered"]
    assert {attempt.problem for attempt in DeliveryAttempt.objects.filter(outcome="unreachable")} == {
        "what is stored cannot be written as v2"
    }
    assert "cannot be sent to endpoint" in caplog.text
    assert shop.health.consecutive_failures == 0, "it is not the receiver's fault"
    assert b"ready" in body_in_the_log(shop.deliveries[1].event, previous_sequence=1, version="v2")


def test_a_redirect_is_a_failure_and_leads_nowhere(seller, shop, receiver, deliveries) -> None:
    receiver.will_answer("/shop", Reply(307, headers={"Location": receiver.url("/internal")}))
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    assert receiver.calls("/internal") == []
    assert (shop.deliveries[0].state, shop.deliveries[0].last_outcome) == ("pending", "redirected")


def test_a_host_that_is_no_longer_allowed_is_not_called(seller, shop, receiver, deliveries, settings) -> None:
    """Checked at every attempt, not only when it was registered."""
    settings.WEBHOOK_ALLOWED_HOSTS = []
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    assert receiver.calls() == []
    assert shop.deliveries[0].last_outcome == "refused_address"


def test_hostile_answers_are_kept_as_far_as_the_database_can(seller, shop, receiver, deliveries) -> None:
    receiver.will_answer("/shop", Reply(400, b"\x00\xff\xfe" * 50_000, {"Server": "\udcff\udcfe"}))
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, len(attempt.answer_body)) == ("answered", 65_536)


# --- Pauses, ends, and being told ------------------------------------------------------------------------------------


def test_while_paused_deliveries_wait_and_lose_nothing(seller, shop, receiver, deliveries) -> None:
    pause_endpoint(endpoint_id=shop.endpoint.id, by=MARIA, now=NOW)
    happens(seller, 3, now=NOW)
    work(deliveries, now=NOW)
    assert receiver.calls() == []
    resume_endpoint(endpoint_id=shop.endpoint.id, by=MARIA, now=NOW)
    work(deliveries, now=NOW)
    assert len(receiver.calls()) == 3


def test_a_fenced_database_tells_nobody_anything(seller, shop, receiver, deliveries) -> None:
    deployment.claim()
    Path(settings.DEPLOYMENT_FILE).write_text('{"key": "another", "marks": {}}')
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    assert (receiver.calls(), shop.deliveries[0].attempts) == ([], 0)


def test_410_disables_at_once_and_what_waits_becomes_dead_letters(seller, shop, receiver, deliveries) -> None:
    receiver.usual = Reply(410)
    happens(seller, 6, now=NOW)
    work(deliveries, now=NOW)
    endpoint = shop.now
    assert (endpoint.status, endpoint.disabled_at, endpoint.disabled_reason) == (
        "disabled", NOW, "It answered 410 (gone).",
    )  # fmt: skip
    bury_abandoned(now=NOW)
    assert states(shop.deliveries) == ["dead"] * 6
    assert len(receiver.calls()) <= 4, "no more than were under way"
    entry = AuditEntry.objects.get(action="endpoint.disabled")
    assert (entry.subject_id, entry.before, entry.after["status"]) == (
        str(endpoint.id), {"status": "active"}, "disabled",
    )  # fmt: skip
    told = Event.objects.get(type="endpoint.disabled")
    assert (told.object_id, told.payload["status"]) == (str(endpoint.id), "disabled")
    shown = represent_endpoint(endpoint, now=NOW)
    assert told.payload.items() <= shown.items(), "as GET shows it"
    assert "url" not in told.payload, "whoever reads events need not know addresses"
    notice = Notice.objects.get()
    assert notice.recipient == "it@shop.example"
    assert "410" in notice.text
    assert receiver.url("/shop") not in notice.text, "its path may be a secret"


def test_others_hear_that_an_endpoint_was_disabled(seller, shop, receiver, deliveries) -> None:
    other = a_listener(seller, receiver.url("/other"), now=NOW, event_types=["endpoint.disabled"])
    receiver.will_answer("/shop", Reply(410))
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    happens(seller, 0, now=NOW)
    work(deliveries, now=NOW)
    [call] = receiver.calls("/other")
    assert call.verified(other.secret)["type"] == "endpoint.disabled"


def test_after_five_days_of_failure_it_is_disabled_with_notice_and_kept(
    seller, shop, receiver, deliveries, clock
) -> None:
    receiver.usual = DOWN
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    happens(seller, now=NOW)
    work(deliveries, now=clock.moves(timedelta(hours=119)))
    assert shop.now.status == "active"
    happens(seller, now=clock.now)
    work(deliveries, now=clock.moves(timedelta(hours=1)))
    assert (shop.now.status, shop.now.disabled_reason) == ("disabled", "Every delivery has failed for 120 hours.")
    assert shop.now.deleted_at is None
    work(deliveries, now=clock.moves(timedelta(hours=1)))
    bury_abandoned(now=clock.now)
    assert set(states(shop.deliveries)) == {"dead"}
    assert Notice.objects.count() == 2, "when it had failed for a while, and when it was disabled"


def test_one_success_in_five_days_keeps_it(seller, shop, receiver, deliveries, clock) -> None:
    receiver.will_answer("/shop", DOWN, OK, DOWN)
    for hours in (0, 60, 61):
        happens(seller, now=clock.moves(timedelta(hours=hours)))
        WebhookDelivery.objects.filter(attempts__gte=1).update(state="dead", finished_at=NOW)
        work(deliveries, now=clock.now)
    assert len(receiver.calls()) == 3
    assert shop.now.status == "active"


def test_the_owner_is_told_once_when_it_begins_to_fail(seller, shop, receiver, deliveries, clock) -> None:
    receiver.usual = DOWN
    happens(seller, now=NOW)
    for _ in range(5):
        work(deliveries, now=clock.now)
        shop.health.__class__.objects.update(open_until=None)
        [delivery] = shop.deliveries
        clock.now = delivery.due_at
        assert Notice.objects.count() == (delivery.attempts >= 4)
    happens(seller, 3, now=NOW)
    work(deliveries, now=clock.now)
    notice = Notice.objects.get()
    assert (notice.channel, notice.recipient) == ("mail", "it@shop.example")
    assert "localhost" in notice.subject
    assert shop.health.told_at is not None


def test_an_endpoint_that_was_taken_away_gets_nothing_more(seller, shop, receiver, deliveries) -> None:
    happens(seller, 3, now=NOW)
    delete_endpoint(endpoint_id=shop.endpoint.id, by=MARIA, now=NOW)
    work(deliveries, now=NOW)
    bury_abandoned(now=NOW)
    assert receiver.calls() == []
    assert states(shop.deliveries) == ["dead"] * 3


# --- The circuit -----------------------------------------------------------------------------------------------------


def test_after_five_failures_the_circuit_opens_and_nothing_loses_attempts(
    seller, shop, receiver, deliveries, clock
) -> None:
    receiver.usual = DOWN
    happens(seller, 20, now=NOW)
    work(deliveries, now=NOW)
    assert 5 <= len(receiver.calls()) < 12, "those that were under way"
    assert shop.health.open_until == NOW + timedelta(seconds=30)
    before = Counter(delivery.attempts for delivery in shop.deliveries)
    work(deliveries, now=clock.moves(timedelta(seconds=29)))
    assert Counter(delivery.attempts for delivery in shop.deliveries) == before

    work(deliveries, now=clock.moves(timedelta(seconds=1)))
    assert sum(delivery.attempts for delivery in shop.deliveries) == before[1] + 1, "one probe"
    assert shop.health.open_until == clock.now + timedelta(seconds=60)

    receiver.usual = OK
    work(deliveries, now=clock.moves(timedelta(seconds=60)))
    assert states(shop.deliveries) == ["delivered"] * 20
    assert (shop.health.open_until, shop.health.consecutive_failures) == (None, 0)


@pytest.mark.django_db(transaction=True)
def test_of_all_workers_one_sends_the_probe(seller, shop) -> None:
    happens(seller, 20, now=NOW)
    shop.health.__class__.objects.update(open_until=NOW - timedelta(seconds=1), consecutive_failures=5)
    barrier, taken, threads = threading.Barrier(8), [], []

    def look() -> None:
        barrier.wait(30)
        taken.extend(claim(limit=100, rooms={}, now=NOW))
        connection.close()

    for _ in range(8):
        threads.append(threading.Thread(target=look))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    assert [delivery.is_probe for delivery in taken] == [True]
    assert shop.health.open_until == NOW + LEASE, "until its answer is there, or its worker's lease is over"
    assert claim(limit=100, rooms={}, now=NOW + LEASE - timedelta(microseconds=1)) == []
    assert len(claim(limit=100, rooms={}, now=NOW + LEASE)) == 1, "the next one, where the worker died"


# --- Claims ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_each_delivery_is_claimed_by_one_worker(seller, receiver) -> None:
    for number in range(5):
        a_listener(seller, receiver.url(f"/{number}"), now=NOW)
    happens(seller, 40, now=NOW)
    everywhere = dict.fromkeys(WebhookDelivery.objects.values_list("endpoint_id", flat=True), 100)
    taken: list[uuid.UUID] = []
    barrier, threads = threading.Barrier(4), []

    def look() -> None:
        barrier.wait(30)
        while claimed := claim(limit=7, rooms=everywhere, now=NOW):
            taken.extend(delivery.id for delivery in claimed)
        connection.close()

    for _ in range(4):
        threads.append(threading.Thread(target=look))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    assert Counter(taken) == Counter(WebhookDelivery.objects.values_list("id", flat=True))


def test_a_lease_that_is_over_gives_the_delivery_to_another(seller, shop) -> None:
    happens(seller, now=NOW)
    [first] = claim(limit=10, rooms={}, now=NOW)
    assert claim(limit=10, rooms={}, now=NOW + LEASE - timedelta(microseconds=1)) == []
    [second] = claim(limit=10, rooms={}, now=NOW + LEASE)
    assert (second.id, second.number, second.round_attempts) == (first.id, 2, 2), "the one that died counts"


def test_what_always_kills_its_worker_becomes_a_dead_letter(seller, shop, receiver, deliveries, clock) -> None:
    happens(seller, now=NOW)
    for number in range(10):
        assert len(claim(limit=1, rooms={}, now=NOW + number * LEASE)) == 1
    work(deliveries, now=clock.moves(10 * LEASE - timedelta(microseconds=1)))
    assert states(shop.deliveries) == ["pending"], "its last lease is not over"
    work(deliveries, now=clock.moves(timedelta(microseconds=1)))
    work(deliveries, now=clock.now)
    assert (states(shop.deliveries), receiver.calls()) == (["dead"], [])
    assert "died" in DeliveryAttempt.objects.get().problem


def test_nobody_gets_more_than_there_is_room_for(seller, receiver) -> None:
    one, two = (a_listener(seller, receiver.url(path), now=NOW) for path in ("/1", "/2"))
    happens(seller, 30, now=NOW)
    claimed = claim(limit=100, rooms={one.endpoint.id: 0, two.endpoint.id: 20}, now=NOW)
    assert Counter(delivery.endpoint_id for delivery in claimed) == {two.endpoint.id: 20}
    assert len(claim(limit=3, rooms={}, now=NOW)) == 3


def test_with_little_room_no_endpoint_is_always_last(seller, receiver) -> None:
    for number in range(6):
        a_listener(seller, receiver.url(f"/{number}"), now=NOW)
    happens(seller, 60, now=NOW)
    first = {claim(limit=1, rooms={}, now=NOW)[0].endpoint_id for _ in range(60)}
    assert len(first) == 6, "by chance one is missing once in 10,000 runs"


def test_a_late_answer_does_not_undo_what_another_worker_wrote(seller, shop, receiver, deliveries) -> None:
    """Its lease was over, another one delivered; then it comes back with a failure."""
    receiver.will_answer("/shop", DOWN)
    happens(seller, now=NOW)
    assert deliveries(now=NOW)
    assert eventually(lambda: len(receiver.calls()) == 1)
    other = Deliveries(clock=lambda: NOW + LEASE)
    work(other, now=NOW + LEASE)
    other.finish()
    work(deliveries, now=NOW)
    [delivery] = shop.deliveries
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert sorted(DeliveryAttempt.objects.values_list("number", "outcome")) == [(1, "answered"), (2, "delivered")]


def test_a_late_success_counts_whatever_became_of_it_meanwhile(seller, shop, receiver, deliveries) -> None:
    happens(seller, now=NOW)
    assert deliveries(now=NOW)
    WebhookDelivery.objects.update(state="dead", finished_at=NOW)
    work(deliveries, now=NOW)
    assert states(shop.deliveries) == ["delivered"]


# --- Trouble ---------------------------------------------------------------------------------------------------------


def test_answers_wait_while_the_database_is_away(seller, shop, receiver, deliveries, monkeypatch) -> None:
    happens(seller, 3, now=NOW)
    assert deliveries(now=NOW)
    assert eventually(lambda: len(receiver.calls()) == 3)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "record_answers", away)
        with pytest.raises(OperationalError):
            while True:
                deliveries(now=NOW)
    work(deliveries, now=NOW)
    assert states(shop.deliveries) == ["delivered"] * 3
    assert len(receiver.calls()) == 3, "not sent again"


def test_what_cannot_be_written_down_holds_up_nobody_and_is_sent_again(
    seller, shop, receiver, deliveries, clock, monkeypatch
) -> None:
    happens(seller, now=NOW)

    def broken(*_: object, **__: object) -> None:
        raise ValueError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "record_answers", broken)
        with pytest.raises(ValueError, match="a fault of ours"):
            work(deliveries, now=NOW)
    work(deliveries, now=NOW)
    assert states(shop.deliveries) == ["pending"]
    work(deliveries, now=clock.moves(LEASE))
    assert states(shop.deliveries) == ["delivered"]
    first, second = receiver.calls()
    assert first.id == second.id


def test_recorded_twice_an_attempt_is_kept_once(seller, shop, receiver, deliveries, monkeypatch) -> None:
    """The commit's answer was lost: nobody knows whether it was written."""
    happens(seller, now=NOW)
    record, again = delivering.record_answers, [True]

    def twice(*of: object, **named: object) -> None:
        record(*of, **named)
        if again:
            again.clear()
            raise OperationalError("the connection went away after the commit")

    monkeypatch.setattr(delivering, "record_answers", twice)
    with pytest.raises(OperationalError):
        work(deliveries, now=NOW)
    work(deliveries, now=NOW)
    assert (DeliveryAttempt.objects.count(), states(shop.deliveries)) == (1, ["delivered"])


def test_told_to_stop_it_ends_what_is_under_way(seller, shop, receiver) -> None:
    receiver.will_answer("/shop", Reply(pause=0.3))
    happens(seller, now=NOW)
    deliveries = Deliveries(clock=lambda: NOW)
    assert deliveries(now=NOW)
    deliveries.finish()
    assert states(shop.deliveries) == ["delivered"]
    assert not [thread for thread in threading.enumerate() if thread.name == "postman"]


def test_a_postman_that_ended_is_replaced(seller, shop, receiver, deliveries) -> None:
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    deliveries._postman.stop()
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    assert states(shop.deliveries) == ["delivered"] * 2


def test_what_a_postman_took_along_is_not_waited_for(seller, shop, receiver, deliveries) -> None:
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    deliveries._postman.stop()
    deliveries._under_way = 3
    with pytest.raises(RuntimeError, match="postman's thread has ended"):
        deliveries(now=NOW)
    assert deliveries(now=NOW) == 0


def test_a_silent_endpoint_holds_up_nobody(seller, receiver, deliveries, monkeypatch) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 3.0)
    silent, quick = (a_listener(seller, receiver.url(path), now=NOW) for path in ("/silent", "/quick"))
    receiver.will_answer("/silent", *[SILENCE] * 300)
    happens(seller, 2 * SHARE, now=NOW)
    calls_before = 0
    while deliveries(now=NOW) and "pending" in states(quick.deliveries):
        calls_before = max(calls_before, len(receiver.calls("/silent")))
    assert calls_before == 4, "a few at first, and while they are silent no more"
    assert states(silent.deliveries) == ["pending"] * 2 * SHARE
    assert DeliveryAttempt.objects.filter(endpoint=silent.endpoint).count() == 0, "before any was given up"


def test_a_seller_with_many_silent_endpoints_holds_up_no_other(seller, receiver, deliveries, monkeypatch) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 4.0)
    for number in range(49):
        a_listener(seller, receiver.url(f"/silent/{number}"), now=NOW)
        receiver.will_answer(f"/silent/{number}", *[SILENCE] * FIRST)
    happens(seller, FIRST, now=NOW)
    while deliveries(now=NOW) < SHARE or len(receiver.calls()) < SHARE:
        pass
    other = a_seller()
    quick = a_listener(other, receiver.url("/quick"), now=NOW)
    happens(other, 3, now=NOW)
    while "pending" in states(quick.deliveries):
        assert deliveries(now=NOW)
        assert DeliveryAttempt.objects.exclude(endpoint=quick.endpoint).count() == 0, "while all the others are silent"
    assert len(receiver.calls()) == SHARE + 3, "that seller's share, and no more"


def test_of_a_failing_endpoint_one_delivery_is_under_way(seller, shop) -> None:
    happens(seller, 20, now=NOW)
    EndpointHealth.objects.update(consecutive_failures=1, failing_since=NOW)
    assert len(claim(limit=100, rooms={}, now=NOW)) == 1
    assert claim(limit=100, rooms={shop.endpoint.id: 3}, busy=[shop.endpoint.id], now=NOW) == []
    assert len(claim(limit=100, rooms={shop.endpoint.id: 20}, now=NOW)) == 1
    EndpointHealth.objects.update(consecutive_failures=0, failing_since=None)
    assert len(claim(limit=100, rooms={shop.endpoint.id: 20}, now=NOW)) == 18


def test_what_a_seller_has_under_way_counts_for_its_share(seller, receiver) -> None:
    rooms = {a_listener(seller, receiver.url(f"/{number}"), now=NOW).endpoint.id: 30 for number in range(5)}
    happens(seller, 30, now=NOW)
    assert len(claim(limit=500, rooms=rooms, held={seller.id: SHARE}, now=NOW)) == 0
    assert len(claim(limit=500, rooms=rooms, held={seller.id: SHARE - 45}, now=NOW)) == 45
    assert len(claim(limit=500, rooms=rooms, now=NOW)) == 5 * 30 - 45, "unless there is room for all"


@pytest.mark.parametrize(
    ("kind", "outcome", "status"),
    [("webhook_failure", "simulated", 500), ("webhook_timeout", "timed_out", None), ("webhook_gone", "gone", 410)],
)
def test_a_test_seller_can_ask_for_failures(seller, shop, receiver, deliveries, clock, kind, outcome, status) -> None:
    Scenario.objects.create(seller=seller, kind=kind, remaining=1, created_at=NOW, created_by="x")
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    work(deliveries, now=NOW)
    assert receiver.calls() == []
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.status) == (outcome, status)
    assert (shop.now.status == "disabled") == (kind == "webhook_gone")
    work(deliveries, now=clock.moves(timedelta(seconds=6)))
    assert len(receiver.calls()) == (kind != "webhook_gone"), "the next one goes out"


def test_live_endpoints_are_called_over_tls_alone(receiver, deliveries, settings) -> None:
    seller = a_seller(mode="live", tax_id="B12345674")
    live = a_listener(seller, "https://hooks.example.com/", now=NOW)
    live.endpoint.__class__.objects.update(url="http://hooks.example.com/")
    happens(seller, now=NOW)
    work(deliveries, now=NOW)
    assert live.deliveries[0].last_outcome == "refused_address"


def test_each_line_of_log_has_the_correlation_id_and_no_secret(seller, receiver, deliveries, caplog) -> None:
    shop = a_listener(seller, receiver.url("/shop?token=sesame"), now=NOW)
    receiver.will_answer("/shop?token=sesame", Reply(400, b"a body of theirs"))
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonFormatter().format(record))

    handler = Kept()
    handler.addFilter(RequestFilter())
    logger = logging.getLogger("integrations.services.delivering")
    logger.addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, logger.name):
            happens(seller, now=NOW)
            work(deliveries, now=NOW)
            work(deliveries, now=NOW + timedelta(seconds=6))
    finally:
        logger.removeHandler(handler)
    assert len(lines) == 2
    for line in lines:
        assert '"correlation_id": "corr-3"' in line
        for secret in (shop.secret, "sesame", "a body of theirs", "Ñ-1", vault.encrypt("x").decode()[:10]):
            assert secret not in line


def test_the_clock_is_the_true_one_unless_told_otherwise() -> None:
    assert abs(Deliveries()._clock() - timezone.now()) < timedelta(minutes=1)
