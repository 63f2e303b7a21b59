"""Many machines at the same moment, over HTTP, against a server that runs."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from django.db import connection

from audit.models import AuditEntry
from billing.models import Invoice, SourceEvent
from clients.models import Client
from integrations.models import IdempotencyKey
from tests.evidence import ask, assert_whole, issued_numbers
from tests.races.conftest import Shop
from tests.races.meeting import others, the_chain_held, wait_until_waiting
from tests.running_house import Answer, at_once


def assert_same(answer: Answer, first: Answer) -> None:
    """The first answer again, byte by byte."""
    assert answer.is_replay
    assert (answer.status, answer.content) == (first.status, first.content)
    assert all(answer.headers[name] == first.headers[name] for name in ("content-type", "location", "etag"))


def test_fifty_calls_with_one_key_make_one_invoice(shop: Shop) -> None:
    key, order = str(uuid.uuid4()), shop.order()

    answers = at_once(lambda _number: shop.caller.post("/invoices", order, key=key), range(50))

    (first,) = [answer for answer in answers if answer.status == 201 and not answer.is_replay]
    late = [answer for answer in answers if answer is not first and answer.code != "idempotency_in_progress"]
    for answer in [*late, *(shop.caller.post("/invoices", order, key=key) for _ in range(3))]:
        assert_same(answer, first)
    assert Invoice.objects.count() == IdempotencyKey.objects.count() == 1
    assert_whole(connection)


def test_while_the_first_call_runs_the_others_are_told_so_and_nobody_waits(shop: Shop) -> None:
    key, order = str(uuid.uuid4()), shop.order()

    with others() as begin:
        with the_chain_held():
            running = begin(lambda: shop.caller.post("/invoices", order, key=key))
            wait_until_waiting(1)
            told = [shop.caller.post("/invoices", order, key=key) for _ in range(10)]
        first = running.result(30)

    assert (first.status, first.is_replay) == (201, False)
    assert {(answer.status, answer.code, answer.headers["retry-after"]) for answer in told} == {
        (409, "idempotency_in_progress", "1")
    }
    assert_same(shop.caller.post("/invoices", order, key=key), first)
    assert Invoice.objects.count() == 1
    assert_whole(connection)


@pytest.mark.parametrize("issue", [True, False])
def test_fifty_calls_about_one_event_make_one_invoice(shop: Shop, issue: bool) -> None:
    order = shop.order(source_event={"source": "shop", "type": "order.paid", "id": "1001"}, issue=issue)

    answers = at_once(lambda _number: shop.caller.post("/invoices", order), range(50))

    assert Counter(answer.status for answer in answers) == {201: 1, 200: 49}
    (made,) = [answer.json["id"] for answer in answers if answer.status == 201]
    assert {answer.headers["duplicate-of"] for answer in answers if answer.status == 200} == {made}
    assert {answer.json["id"] for answer in answers} == {made}
    assert Invoice.objects.count() == SourceEvent.objects.count() == 1
    assert_whole(connection)


def test_thirty_two_issuers_in_one_series_number_without_a_gap(shop: Shop) -> None:
    def issue(_number: int) -> list[Answer]:
        return [shop.caller.post("/invoices", shop.order()) for _ in range(4)]

    answers = [answer for several in at_once(issue, range(32)) for answer in several]

    assert {answer.status for answer in answers} == {201}, "no call failed"
    printed = sorted(answer.json["display_number"] for answer in answers)
    assert printed == issued_numbers(connection, "A")
    assert [number[-5:] for number in printed] == [f"{number:05d}" for number in range(1, 129)]
    assert_whole(connection)


def test_issuers_in_two_series_meet_in_one_chain_that_does_not_fork(shop: Shop) -> None:
    def issue(number: int) -> list[Answer]:
        order = shop.order() if number % 2 else shop.order(client=None)  # without a buyer: a simplified one, in S
        return [shop.caller.post("/invoices", order) for _ in range(3)]

    answers = [answer for several in at_once(issue, range(16)) for answer in several]

    assert Counter((answer.status, answer.json.get("series")) for answer in answers) == {(201, "A"): 24, (201, "S"): 24}
    assert_whole(connection)


def test_one_draft_issued_by_many_calls_is_issued_once(shop: Shop) -> None:
    draft = shop.caller.post("/invoices", shop.order(issue=False)).json["id"]

    answers = at_once(lambda _number: shop.caller.post(f"/invoices/{draft}/issue"), range(16))

    assert Counter((answer.status, answer.code) for answer in answers) == {(200, ""): 1, (409, "already_issued"): 15}
    assert_whole(connection)


@pytest.mark.parametrize("known_by", [{"tax_id": "99999901H"}, {"external_id": "crm-7"}])
def test_the_same_new_buyer_in_many_calls_is_one_client(shop: Shop, known_by: dict[str, str]) -> None:
    address = {"street": "Calle del Eco, 9", "postal_code": "15003", "city": "A Coruña", "province": "A Coruña"}
    buyer = {"name": "Irene Quimera Lago", "address": address, **known_by}

    answers = at_once(lambda _number: shop.caller.post("/invoices", shop.order(client=buyer)), range(16))

    assert {answer.status for answer in answers} == {201}, answers[0].content
    (made,) = Client.objects.exclude(id=shop.client.id)
    assert {answer.json["client"] for answer in answers} == {str(made.id)}
    assert AuditEntry.objects.filter(action="client.created", subject_id=made.id).count() == 1
    assert_whole(connection)


def cut_off_the_others() -> None:
    """As when the database restarts: every connection but this one is gone."""
    ask(
        connection,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_a_call_that_loses_the_database_is_told_so_and_its_repeat_issues_once(shop: Shop) -> None:
    key, order = str(uuid.uuid4()), shop.order()

    with others() as begin:
        with the_chain_held():
            running = begin(lambda: shop.caller.post("/invoices", order, key=key))
            wait_until_waiting(1)
            cut_off_the_others()
            lost = running.result(30)
        again = shop.caller.post("/invoices", order, key=key)

    assert (lost.status, lost.headers["content-type"]) == (503, "application/problem+json")
    assert (lost.code, lost.headers["retry-after"]) == ("database_unavailable", "1")
    assert (again.status, again.is_replay, again.json["number"]) == (201, False, 1)
    assert_whole(connection)


def test_connections_that_broke_while_nobody_called_are_opened_anew(shop: Shop) -> None:
    at_once(lambda _number: shop.caller.post("/invoices", shop.order()), range(32))
    cut_off_the_others()

    answers = at_once(lambda _number: shop.caller.post("/invoices", shop.order()), range(32))

    assert {answer.status for answer in answers} == {201}
    assert_whole(connection)
