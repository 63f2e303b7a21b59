"""The delivery log, and sending again, by machines."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from billing.models import Seller
from integrations.models import DeliveryAttempt, WebhookDelivery, WebhookEndpoint
from tests.api.machines import Machine, codes_of
from tests.builders import NOW
from tests.hooks import URL, an_endpoint, happened, number_all


@pytest.fixture
def endpoint(seller: Seller) -> WebhookEndpoint:
    endpoint = an_endpoint(seller)
    happened(seller, "invoice.created", "payment.recorded", "invoice.issued")
    number_all()
    failed = WebhookDelivery.objects.filter(endpoint=endpoint, sequence=2)
    failed.update(state="dead", finished_at=NOW, attempts=2, round_attempts=2, last_outcome="answered", last_status=503)
    for number in (1, 2):
        DeliveryAttempt.objects.create(
            delivery=failed.get(),
            endpoint=endpoint,
            number=number,
            at=NOW + timedelta(seconds=number),
            duration_ms=84,
            outcome="answered" if number == 2 else "timed_out",
            status=503 if number == 2 else None,
            url=URL,
            answer_headers={"retry-after": "5"},
            answer_body=b"busy \xff\x00",
            problem="" if number == 2 else "no answer within 15 s",
        )
    return endpoint


@pytest.fixture
def path(endpoint: WebhookEndpoint) -> str:
    return f"/webhook-endpoints/{endpoint.id}"


def sequences(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [row["sequence"] for row in response.json()["results"]]


def test_the_log_is_newest_first_and_narrowed(machine: Machine, path: str) -> None:
    log = f"{path}/deliveries"
    assert sequences(machine.get(log)) == [3, 2, 1]
    assert sequences(machine.get(f"{log}?state=dead")) == [2]
    assert sequences(machine.get(f"{log}?state=pending&type=invoice.*")) == [3, 1]
    assert sequences(machine.get(f"{log}?ordering=id&limit=1")) == [1]
    event = machine.get("/events?after=1&limit=1").json()["results"][0]["data"]["id"]
    assert sequences(machine.get(f"{log}?event={event}")) == [2]
    assert sequences(machine.get(f"{log}?since=2020-01-01T00:00:00Z")) == [3, 2, 1]
    assert sequences(machine.get(f"{log}?since=2099-01-01T00:00:00%2B01:00")) == []


@pytest.mark.parametrize(
    "query", ["state=lost", "type=x", "event=1", "since=yesterday", "since=2026-11-23", "since=2026-13-01T00:00:00Z"]
)
def test_a_query_that_means_nothing_is_refused(machine: Machine, path: str, query: str) -> None:
    name = query.partition("=")[0]
    assert codes_of(machine.get(f"{path}/deliveries?{query}")) == {(name, "parameter_invalid")}


def test_a_delivery_shows_what_is_sent_and_every_attempt(machine: Machine, path: str) -> None:
    [row] = machine.get(f"{path}/deliveries?state=dead").json()["results"]
    assert (row["attempts"], row["last_outcome"], row["last_status"]) == (2, "answered", 503)
    assert (row["next_attempt_at"], row["finished_at"]) == (None, "2026-11-23T12:00:00Z")
    whole = machine.get(f"{path}/deliveries/{row['id']}").json()
    sent = whole["request"]
    assert sent["url"] == URL
    assert sent["headers"]["webhook-id"] == row["event"]
    assert json.loads(sent["body"]) == sent["object"]
    assert sent["object"]["data"]["previous_sequence"] == 1
    second, first = whole["tries"]
    assert second["answer"] == {"status": 503, "headers": {"retry-after": "5"}, "body": "busy ��"}
    assert (second["number"], second["duration_ms"], second["webhook_timestamp"]) == (2, 84, 1795435202)
    assert (first["outcome"], first["answer"], first["problem"]) == ("timed_out", None, "no answer within 15 s")


def test_the_body_is_what_the_feed_shows_but_for_the_one_before(machine: Machine, seller: Seller) -> None:
    endpoint = an_endpoint(seller, "payment.*")
    happened(seller, "invoice.created", "payment.recorded")
    number_all()
    [row] = machine.get(f"/webhook-endpoints/{endpoint.id}/deliveries").json()["results"]
    body = machine.get(f"/webhook-endpoints/{endpoint.id}/deliveries/{row['id']}").json()["request"]["object"]
    [_, told] = machine.get("/events").json()["results"]
    told["data"]["previous_sequence"] = None
    assert body == told


def test_a_delivery_that_waits_says_when_it_is_tried_and_a_paused_one_does_not(machine: Machine, path: str) -> None:
    waiting = machine.get(f"{path}/deliveries?state=pending").json()["results"]
    assert all(row["next_attempt_at"] for row in waiting)
    machine.post(f"{path}/pause")
    assert {row["next_attempt_at"] for row in machine.get(f"{path}/deliveries").json()["results"]} == {None}


def test_a_dead_letter_is_sent_again(machine: Machine, path: str) -> None:
    [dead] = machine.get(f"{path}/deliveries?state=dead").json()["results"]
    sent = machine.post(f"{path}/deliveries/{dead['id']}/retry").json()
    assert (sent["id"], sent["state"], sent["finished_at"]) == (dead["id"], "pending", None)
    assert machine.get(path).json()["dead_deliveries"] == 0


def test_what_waits_and_what_was_given_up_is_counted(machine: Machine, path: str) -> None:
    shown = machine.get(path).json()
    assert (shown["pending_deliveries"], shown["dead_deliveries"]) == (2, 1)
    assert shown["oldest_pending_at"] is not None


def test_a_replay_says_how_many(machine: Machine, path: str) -> None:
    assert machine.post(f"{path}/replay", {"after": 1}).json() == {"deliveries": 2, "continue_with": None}
    since = {"failed_since": "2026-11-23T12:00:00Z"}
    assert machine.post(f"{path}/replay", since).json()["deliveries"] == 0
    event = machine.get("/events?limit=1").json()["results"][0]["data"]["id"]
    assert machine.post(f"{path}/replay", {"event_ids": [event]}).json()["deliveries"] == 1


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, (None, "replay_ambiguous")),
        ({"after": 0, "failed_since": "2026-11-23T12:00:00Z"}, (None, "replay_ambiguous")),
        ({"after": "0"}, ("#/after", "integer_expected")),
        ({"after": -1}, ("#/after", "min_value")),
        ({"failed_since": "2026-11-23"}, ("#/failed_since", "invalid_instant")),
        ({"event_ids": []}, ("#/event_ids", "min_length")),
        ({"event_ids": ["x"]}, ("#/event_ids/0", "invalid_id")),
        ({"event_ids": ["0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"]}, ("#/event_ids/0", "event_unknown")),
        ({"until": 7}, ("#/until", "unknown_field")),
    ],
)
def test_a_replay_that_says_nothing_is_refused(machine: Machine, path: str, body: Any, fault: Any) -> None:
    response = machine.post(f"{path}/replay", body)
    assert response.status_code == 422
    assert fault in codes_of(response)


def test_a_delivery_of_another_endpoint_is_not_in_the_log(machine: Machine, seller: Seller, path: str) -> None:
    [row] = machine.get(f"{path}/deliveries?state=dead").json()["results"]
    elsewhere = f"/webhook-endpoints/{an_endpoint(seller).id}/deliveries/{row['id']}"
    for answer in (machine.get(elsewhere), machine.post(f"{elsewhere}/retry")):
        assert (answer.status_code, answer.json()["code"]) == (404, "delivery_not_found")
