"""The feed, read by machines."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Seller
from clients.models import Client
from integrations.outbox import publish
from integrations.services.trying import ping
from tests.api.machines import Machine, a_machine, an_invoice_body, codes_of
from tests.builders import NOW, SHOP
from tests.hooks import an_endpoint, happened, number_all


def sequences(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [event["data"]["sequence"] for event in response.json()["results"]]


@pytest.fixture
def five(seller: Seller) -> Seller:
    happened(seller, "invoice.created", "invoice.issued", "payment.recorded", "invoice.created", "payment.reversed")
    number_all()
    return seller


def test_what_happened_is_in_the_feed_as_the_api_shows_it(machine: Machine, client: Client) -> None:
    made = machine.post("/invoices", an_invoice_body(client.id, issue=True), X_Correlation_ID="order-1001").json()
    number_all()
    created, event = machine.get("/events", X_Correlation_ID="other").json()["results"]
    assert (created["type"], event["type"]) == ("invoice.created", "invoice.issued")
    assert event["timestamp"].endswith("Z")
    data = event["data"]
    assert (data["sequence"], data["previous_sequence"], data["correlation_id"]) == (2, 1, "order-1001")
    assert (created["data"]["sequence"], created["data"]["previous_sequence"]) == (1, None)
    assert data["livemode"] is False
    assert set(data) == {"id", "sequence", "previous_sequence", "object", "correlation_id", "livemode"}
    assert {name: value for name, value in made.items() if name != "warnings"} == data["object"]


def test_a_reader_goes_on_after_what_it_has(machine: Machine, five: Seller) -> None:
    assert sequences(machine.get("/events")) == [1, 2, 3, 4, 5]
    assert sequences(machine.get("/events?after=0&limit=2")) == [1, 2]
    assert sequences(machine.get("/events?after=3")) == [4, 5]
    assert sequences(machine.get("/events?after=5")) == []
    previous = [event["data"]["previous_sequence"] for event in machine.get("/events?after=2").json()["results"]]
    assert previous == [2, 3, 4]


def test_pages_lead_through_all_of_it_in_both_directions(machine: Machine, five: Seller) -> None:
    for ordering, expected in (("sequence", [1, 2, 3, 4, 5]), ("-sequence", [5, 4, 3, 2, 1])):
        seen, path = [], f"/events?limit=2&ordering={ordering}"
        while path:
            page = machine.get(path)
            seen += sequences(page)
            path = (page.json()["next"] or "").partition("/api/v1")[2]
        assert seen == expected


def test_types_narrow_the_feed_and_the_numbers_stay(machine: Machine, five: Seller) -> None:
    assert sequences(machine.get("/events?type=payment.*")) == [3, 5]
    assert sequences(machine.get("/events?type=invoice.issued,payment.reversed")) == [2, 5]
    assert sequences(machine.get("/events?type=*&after=3")) == [4, 5]


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("after=-1", ("after", "parameter_invalid")),
        ("after=x", ("after", "parameter_invalid")),
        ("after=1.5", ("after", "parameter_invalid")),
        ("after=99999999999999999999", ("after", "parameter_invalid")),
        ("type=invoice.paid", ("type", "parameter_invalid")),
        ("type=", ("type", "parameter_invalid")),
        ("ordering=type", ("ordering", "ordering_invalid")),
        ("seller=0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70", ("seller", "seller_unknown")),
        ("seller=me", ("seller", "seller_unknown")),
        ("colour=red", ("colour", "unknown_parameter")),
    ],
)
def test_a_query_that_means_nothing_is_refused(machine: Machine, query: str, fault: tuple[str, str]) -> None:
    response = machine.get(f"/events?{query}")
    assert response.status_code == 400
    assert codes_of(response) == {fault}


def test_a_token_of_several_sellers_names_the_feed_that_it_reads(five: Seller, other_seller: Seller) -> None:
    happened(other_seller)
    number_all()
    both = a_machine(five, other_seller)
    assert codes_of(both.get("/events")) == {("seller", "seller_missing")}
    assert sequences(both.get(f"/events?seller={five.id}")) == [1, 2, 3, 4, 5]
    assert sequences(both.get(f"/events?seller={other_seller.id}")) == [1]


def test_nobody_reads_another_sellers_feed(five: Seller, other_seller: Seller) -> None:
    stranger = a_machine(other_seller)
    assert sequences(stranger.get("/events")) == []
    assert codes_of(stranger.get(f"/events?seller={five.id}")) == {("seller", "seller_unknown")}


def test_what_waits_for_its_number_and_what_is_for_one_endpoint_is_not_in_the_feed(
    machine: Machine, five: Seller
) -> None:
    ping(endpoint_id=an_endpoint(five).id, by=SHOP, now=NOW)
    happened(five)
    assert sequences(machine.get("/events?after=4")) == [5]
    number_all()
    assert sequences(machine.get("/events?after=4")) == [5, 6]


def test_an_event_that_cannot_be_shown_stops_no_reader(seller: Seller) -> None:
    """Of an invoice whose links lead nowhere; v2 says where they lead."""
    odd = {"documents": {"pdf": {"state": "ready"}}}
    publish("invoice.issued", seller_id=seller.id, mode=seller.mode, object_id="x", payload=odd, by=SHOP)
    happened(seller, "invoice.issued")
    number_all()
    events = a_machine(seller, version="v2").get("/events").json()["results"]
    assert [event["data"]["object"] for event in events] == [odd, {"id": "x"}]


def test_the_feed_needs_its_scope(five: Seller) -> None:
    response = a_machine(five, scopes=("invoices:read",)).get("/events")
    assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
