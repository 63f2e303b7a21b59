"""Every call is counted by what it was and how it ended, in bounded groups, and at next to no cost."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from pathlib import Path

import pytest
from django.test import RequestFactory
from django.urls import resolve

from integrations.models import ApiToken, CallMinute
from integrations.monitoring.counting import (
    MAX_OPERATION,
    REPEATED_WITHIN,
    UNKNOWN_PATH,
    CallCounter,
    Group,
    Repeats,
    Tally,
    operation_of,
    tally_of,
)
from integrations.monitoring.keeping import keep_calls
from integrations.services.tokens import revoke_token
from tests.builders import MARIA, NOW, a_seller
from tests.integrations.doors import a_token, caller

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs/openapi/v1.json").read_text())


def kept():
    keep_calls()
    rows = CallMinute.objects.order_by("operation", "status", "code")
    return [(row.operation, row.status, row.code, row.calls) for row in rows]


@pytest.mark.django_db
def test_a_call_is_counted_under_its_token_operation_status_and_code():
    door = caller(a_token(a_seller()))
    for _ in range(3):
        door.get("/api/v1/token")
    door.get("/api/v1/token/")
    door.get("/api/v1/token?colour=red")
    door.get(f"/api/v1/invoices/{uuid.UUID(int=7)}?secret=1")
    door.get(f"/api/v1/invoices/{uuid.UUID(int=8)}")
    assert kept() == [
        ("GET /api/v1/invoices/{invoice_id}", 400, "unknown_parameter", 1),
        ("GET /api/v1/invoices/{invoice_id}", 404, "invoice_not_found", 1),
        ("GET /api/v1/token", 200, "", 4),
        ("GET /api/v1/token", 400, "unknown_parameter", 1),
    ]
    assert {row.token_id for row in CallMinute.objects.all()} == {ApiToken.objects.get().id}


@pytest.mark.django_db
def test_calls_of_nobody_and_of_those_turned_away_are_counted_too():
    caller().get("/api/v1/token")
    caller("corr_test_nonsense").get("/api/v1/token")
    secret = a_token(a_seller())
    token = ApiToken.objects.get()
    revoke_token(token_id=token.id, by=MARIA, now=NOW, reason="lost")
    caller(secret).get("/api/v1/token")
    keep_calls()
    assert set(CallMinute.objects.values_list("token", "code")) == {
        (None, "token_missing"),
        (None, "token_malformed"),
        (token.id, "token_revoked"),
    }


@pytest.mark.django_db
def test_whatever_callers_invent_shares_one_name():
    for number in range(50):
        caller().generic(f"BREW{number}", f"/api/v1/teapots/{number}")
    assert kept() == [(f"OTHER {UNKNOWN_PATH}", 404, "not_found", 50)]


@pytest.mark.django_db
def test_a_call_with_a_malformed_correlation_id_is_counted():
    caller(**{"X-Correlation-ID": "é"}).get("/api/v1/token")
    assert kept() == [(f"GET {UNKNOWN_PATH}", 400, "correlation_id_invalid", 1)]


@pytest.mark.django_db
def test_pages_for_people_are_not_counted():
    caller().get("/healthz")
    caller().get("/admin/login/")
    assert kept() == []


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_an_operation_is_named_as_the_document_names_it(path):
    request = RequestFactory().get(re.sub(r"{\w+}", str(uuid.UUID(int=1)), path))
    request.resolver_match = resolve(request.path_info)
    assert operation_of(request) == f"GET {path}"
    assert len(f"DELETE {path}") <= MAX_OPERATION


@pytest.mark.urls("tests.integrations.doors")
@pytest.mark.django_db
def test_a_call_repeated_without_a_key_is_a_retry_that_may_do_things_twice():
    seller = a_seller()
    one, another = caller(a_token(seller, "invoices:write")), caller(a_token(seller, "invoices:write"))

    def order(door, client, **headers):
        door.post("/api/v1/orders/optional", {"client": client}, content_type="application/json", headers=headers)

    for _ in range(3):
        order(one, "A")
    order(one, "B")
    order(another, "A")
    for _ in range(2):
        order(one, "C", **{"Idempotency-Key": "k"})
    for _ in range(2):
        one.post("/api/v1/orders", {"client": "A"}, content_type="application/json")
    keep_calls()
    rows = CallMinute.objects.filter(unkeyed_repeats__gt=0).values_list("operation", "code", "unkeyed_repeats")
    assert set(rows) == {
        ("POST /api/v1/orders/optional", "", 2),
        ("POST /api/v1/orders", "idempotency_key_missing", 1),
    }


def test_what_was_long_ago_is_no_retry_and_memory_is_bounded():
    repeats = Repeats()
    assert not repeats.note("a", at=0)
    assert repeats.note("a", at=REPEATED_WITHIN)
    assert not repeats.note("a", at=2 * REPEATED_WITHIN + 1)
    for number in range(20_000):
        repeats.note(number, at=0)
    assert len(repeats._seen) == 5_000


def test_durations_are_sorted_by_the_promise():
    tally = Tally()
    for ms in (0, 200, 201, 1_000, 1_001):
        tally.add(tally_of(ms=ms))
    assert tally == Tally(calls=5, total_ms=2_402, max_ms=1_001, over_200_ms=3, over_1000_ms=1)


def test_threads_that_count_at_once_lose_nothing():
    counter, taken = CallCounter(), Tally()

    def count():
        for number in range(2_000):
            counter.count(Group(number % 3, None, "GET /", 200, ""), tally_of(ms=1))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for tally in counter.take().values():
            taken.add(tally)
    for tally in counter.take().values():
        taken.add(tally)
    assert taken.calls == taken.total_ms == 16_000


def test_counting_a_call_costs_microseconds():
    counter, group = CallCounter(), Group(1, uuid.UUID(int=1), "GET /api/v1/token", 200, "")
    began = time.process_time()
    for _ in range(20_000):
        counter.count(group, tally_of(ms=3))
    assert (time.process_time() - began) / 20_000 < 50e-6


@pytest.mark.django_db
def test_a_call_writes_nothing_and_leaves_one_line_of_log(django_assert_num_queries, caplog):
    door = caller(a_token(a_seller()))
    door.get("/api/v1/token")
    caplog.set_level(logging.INFO)
    caplog.clear()
    with django_assert_num_queries(1):
        door.get("/api/v1/series/nonsense?colour=red", headers={"X-Correlation-ID": "order-1"})
        door.get("/api/v1/sellers?colour=red")
    first, second = (record.fields for record in caplog.records)
    assert (first["operation"], first["code"], first["token"]) == (f"GET {UNKNOWN_PATH}", "not_found", "")
    assert (second["operation"], second["status"], second["code"]) == ("GET /api/v1/sellers", 400, "unknown_parameter")
    assert second["token"] == str(ApiToken.objects.get().id)
    assert "colour" not in caplog.text
