import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations.idempotency import fingerprint
from integrations.locks import lock_number, take_lock
from integrations.models import ApiToken, Event, IdempotencyKey
from integrations.outbox import publish
from integrations.parsers import parse_object
from integrations.services.tokens import revoke_token
from tests.builders import MARIA, a_seller
from tests.integrations.doors import a_token, caller

URL = "/api/v1/orders"
VECTORS = json.loads((Path(__file__).parent / "data" / "idempotency_fingerprint.json").read_text())["vectors"]
pytestmark = pytest.mark.urls("tests.integrations.doors")


@pytest.fixture
def seller(db):
    return a_seller()


@pytest.fixture
def machine(seller):
    return caller(a_token(seller))


def place(machine, key='"k-1"', body=None, url=URL):
    headers = {} if key is None else {"Idempotency-Key": key}
    return machine.post(url, body or {"client": "c1"}, content_type="application/json", headers=headers)


def orders():
    return Event.objects.filter(type="order.placed").count()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["body"] or "empty")
def test_the_fingerprint_is_the_published_one(vector):
    body = parse_object(vector["body"].encode()) if vector["body"] else None
    digest = fingerprint(method=vector["method"], path=vector["path"], query=vector["query"], body=body)
    assert digest.hex() == vector["sha256"]


def test_a_final_slash_does_not_change_the_fingerprint():
    one, other = (fingerprint(method="POST", path=path, query="", body={}) for path in ("/a/b", "/a/b/"))
    assert one == other


def test_a_repeat_receives_the_first_answer_byte_by_byte_and_works_once(machine):
    first, second = place(machine), place(machine, body={"client": "c1"})
    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    for name in ("Content-Type", "Location", "ETag"):
        assert second[name] == first[name]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert second["X-Request-ID"] != first["X-Request-ID"]
    assert orders() == 1


def test_the_answer_lost_between_commit_and_wire_is_given_again(machine):
    """The crash after COMMIT, as the client sees it: its first call never answered."""
    place(machine)
    stored = IdempotencyKey.objects.get()
    again = place(machine)
    assert again.content == bytes(stored.body)
    assert orders() == 1


def test_quoted_and_bare_keys_are_the_same_key(machine):
    assert place(machine, key='"a-b"').content == place(machine, key="a-b").content
    assert orders() == 1


def test_escapes_in_a_quoted_key_are_undone(machine):
    place(machine, key=r'"a\"b\\c"')
    assert IdempotencyKey.objects.get().key == r'a"b\c'


@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        "x" * 256,
        '"' + "x" * 256 + '"',
        "k-1,k-2",
        '"k-1", "k-2"',
        "k 1",
        '"k 1"',
        '"open',
        "ñ",
        '"k";p=1',
        "k\x00",
    ],
)
def test_a_key_of_another_form_is_refused(machine, key):
    answer = place(machine, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert [error["header"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert orders() == 0


def test_a_key_of_255_characters_is_taken(machine):
    assert place(machine, key="x" * 255).status_code == 201


def test_a_call_that_needs_a_key_is_refused_without(machine):
    answer = place(machine, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert orders() == 0


def test_where_a_key_is_optional_the_work_runs_without(machine):
    assert place(machine, key=None, url="/api/v1/orders/optional").status_code == 201
    assert IdempotencyKey.objects.count() == 0
    assert orders() == 1


@pytest.mark.parametrize(
    ("body", "url"),
    [({"client": "c2"}, URL), ({"client": "c1"}, f"{URL}?expand=client"), ({"client": "c1"}, f"{URL}/optional")],
)
def test_the_same_key_for_another_request_is_refused(machine, body, url):
    place(machine)
    answer = place(machine, body=body, url=url)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert "first_used_at" in answer.json()
    assert orders() == 1


def test_a_refusal_stores_nothing_and_the_corrected_body_may_use_the_key(machine):
    refused = place(machine, body={"client": "unlawful"})
    assert (refused.status_code, refused.json()["code"]) == (409, "unlawful")
    assert orders() == IdempotencyKey.objects.count() == 0
    assert place(machine).status_code == 201


def test_an_error_answer_that_is_returned_instead_of_raised_rolls_back_too(machine):
    assert place(machine, body={"client": "returned"}).status_code == 422
    assert orders() == IdempotencyKey.objects.count() == 0


def test_a_failure_rolls_back_and_leaves_the_key_free(machine):
    broken = place(machine, body={"client": "broken"})
    assert (broken.status_code, broken.json()["code"]) == (500, "internal_error")
    assert orders() == IdempotencyKey.objects.count() == 0
    assert place(machine).status_code == 201


def test_a_rotated_token_replays_what_the_old_one_did(seller):
    first = place(caller(a_token(seller)))
    revoke_token(token_id=ApiToken.objects.get().pk, by=MARIA, now=timezone.now(), reason="rotation")
    assert place(caller(a_token(seller))).content == first.content
    assert orders() == 1


def test_another_seller_may_use_the_same_key(machine):
    place(machine)
    other = caller(a_token(a_seller(tax_id="99999910G", series=False)))
    assert "Idempotent-Replayed" not in place(other)
    assert orders() == 2


def test_a_key_older_than_thirty_days_is_new_again(machine):
    place(machine)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(days=30, seconds=1))
    assert "Idempotent-Replayed" not in place(machine)
    assert orders() == 2
    assert place(machine)["Idempotent-Replayed"] == "true"


@pytest.fixture
def truncated(transactional_db):
    yield
    connection.close()


def test_a_look_up_in_the_locks_own_round_trip_sees_what_the_lock_waited_for(truncated):
    """What the claim relies on: a snapshot per statement, even where two travel together."""
    seller, number = a_seller(), lock_number("a test")
    seen = []

    def wait_and_look():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s); SELECT count(*) FROM integrations_event", [number])
                cursor.nextset()
                seen.append(cursor.fetchone()[0])
        finally:
            connection.close()

    other = threading.Thread(target=wait_and_look)
    with transaction.atomic(), connection.cursor() as cursor:
        take_lock("a test")
        other.start()
        while not seen:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
                " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                break
        publish("order.placed", seller_id=seller.id, mode="test", object_id="o", payload={}, by=MARIA)
    other.join(timeout=30)
    assert seen == [1]


def test_fifty_parallel_calls_with_one_key_work_once(truncated):
    secret = a_token(a_seller())
    barrier = threading.Barrier(50)

    def call(_number):
        barrier.wait(timeout=30)
        try:
            return place(caller(secret), body={"client": "slow"})
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(call, range(50)))
    assert orders() == 1
    fresh = [answer for answer in answers if answer.status_code == 201 and "Idempotent-Replayed" not in answer]
    waiting = [answer for answer in answers if answer.status_code == 409]
    replayed = [answer for answer in answers if "Idempotent-Replayed" in answer]
    assert len(fresh) == 1
    assert len(fresh) + len(waiting) + len(replayed) == 50
    assert {(answer.json()["code"], answer["Retry-After"]) for answer in waiting} == {("idempotency_in_progress", "1")}
    assert {answer.content for answer in replayed} <= {fresh[0].content}
    assert place(caller(secret), body={"client": "slow"}).content == fresh[0].content
