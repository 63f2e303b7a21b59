from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.request import Request

from audit.models import AuditEntry
from integrations import authentication, throttling
from integrations.authentication import TokenAuthentication
from integrations.models import ApiToken
from integrations.services.tokens import revoke_token
from integrations.throttling import ProcessCounter
from tests.builders import MARIA, a_seller
from tests.integrations.doors import a_token, caller

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.integrations.doors")]
URL = "/api/v1/echo"


@pytest.fixture
def seller():
    return a_seller()


def denials():
    return [
        (entry.actor_name, entry.outcome, entry.reason) for entry in AuditEntry.objects.filter(action="token.denied")
    ]


def test_a_token_says_who_calls_and_for_which_seller(seller):
    answer = caller(a_token(seller), **{"X-Correlation-ID": "order-7", "X-On-Behalf-Of": "Luc%C3%ADa Ortega"}).get(URL)
    assert answer.status_code == 200
    assert answer.json() == {
        "kind": "token",
        "name": "shop",
        "on_behalf_of": "Lucía Ortega",
        "request_id": answer["X-Request-ID"],
        "correlation_id": "order-7",
        "address": "127.0.0.1",
        "mode": "test",
        "sellers": [str(seller.id)],
    }


def test_a_token_costs_one_query(seller):
    machine = caller(a_token(seller))
    machine.get(URL)  # notes the time of last use
    with CaptureQueriesContext(connection) as queries:
        assert machine.get(URL).status_code == 200
    assert len(queries) == 1


def test_the_time_of_last_use_is_written_once_a_minute(seller):
    machine = caller(a_token(seller))
    machine.get(URL)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    machine.get(URL)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    machine.get(URL)
    assert ApiToken.objects.filter(last_used_at__gt=first).exists()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("Basic YTpi", "token_malformed"),
        ("Bearer", "token_malformed"),
        ("Bearer corr_test_short", "token_malformed"),
        ("Bearer ñandú", "token_malformed"),
    ],
)
def test_no_token_or_no_proper_one_is_401_without_a_query(header, code, django_assert_num_queries):
    headers = {} if header is None else {"Authorization": header}
    with django_assert_num_queries(0):
        answer = caller(**headers).get(URL)
    assert answer.status_code == 401
    assert answer.json()["code"] == code
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_the_framework_learns_how_to_authenticate():
    assert TokenAuthentication().authenticate_header(Request(HttpRequest())) == "Bearer"


def test_a_mistyped_token_is_told_without_asking_the_database(seller, django_assert_num_queries):
    secret = a_token(seller)
    mistyped = secret[:-10] + ("A" if secret[-10] != "A" else "B") + secret[-9:]
    with django_assert_num_queries(0):
        assert caller(mistyped).get(URL).json()["code"] == "token_malformed"


def test_an_invented_token_is_unknown_and_leaves_no_audit_entry(seller):
    secret = a_token(seller)
    ApiToken.objects.update(digest=b"0" * 32)
    assert caller(secret).get(URL).json()["code"] == "token_unknown"
    assert denials() == []


def test_a_revocation_holds_from_the_next_call_on_and_its_use_is_recorded(seller):
    secret = a_token(seller)
    assert caller(secret).get(URL).status_code == 200
    revoke_token(token_id=ApiToken.objects.get().pk, by=MARIA, now=timezone.now(), reason="left on a train")
    answer = caller(secret).get(URL)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert denials() == [("shop", "refused", "token_revoked")]


def test_an_expired_token_is_refused_and_recorded(seller):
    secret = a_token(seller, expires_at=timezone.now() + timedelta(days=1))
    assert caller(secret).get(URL).status_code == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert caller(secret).get(URL).json()["code"] == "token_expired"
    assert denials() == [("shop", "refused", "token_expired")]


@pytest.mark.parametrize(
    ("ranges", "peer", "status"),
    [
        (["192.0.2.0/24"], "192.0.2.77", 200),
        (["192.0.2.0/24"], "192.0.3.1", 403),
        (["192.0.2.7"], "192.0.2.7", 200),
        (["2001:db8::/32"], "2001:db8:1::9", 200),
        (["2001:db8::/32"], "2001:db9::1", 403),
        (["10.0.0.0/8", "2001:db8::/32"], "10.1.2.3", 200),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", 200),
        (["10.0.0.0/8"], "2001:db8::1", 403),
        (["10.0.0.0/8"], "", 403),
    ],
)
def test_a_token_is_used_from_its_addresses_only(seller, ranges, peer, status):
    answer = caller(a_token(seller, allowed_addresses=ranges)).get(URL, REMOTE_ADDR=peer)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "address_not_allowed"
        assert denials() == [("shop", "refused", "address_not_allowed")]


@pytest.mark.parametrize("name", ["", "x" * 201, "two\x07bells", "%00", "%ff"])
def test_on_behalf_of_takes_a_printable_name_of_200_characters(seller, name):
    answer = caller(a_token(seller), **{"X-On-Behalf-Of": name}).get(URL)
    assert answer.status_code == 400
    assert [error["header"] for error in answer.json()["errors"]] == ["X-On-Behalf-Of"]


def test_a_thousand_calls_write_the_time_of_last_use_once(seller):
    machine, token = caller(a_token(seller, calls_per_minute=100_000)), ApiToken.objects.get()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(1_000):
            assert machine.get(URL).status_code == 200
    writes = [query["sql"] for query in queries if not query["sql"].lstrip().startswith("SELECT")]
    begun = [sql for sql in writes if sql.startswith(("UPDATE", "INSERT", "DELETE"))]
    assert len(begun) <= 2, "a minute may have passed meanwhile"
    assert all("last_used_at" in sql for sql in begun)
    assert ApiToken.objects.get(id=token.id).last_used_at is not None


# --- Who fails too often ----------------------------------------------------------------------------------------------


@pytest.fixture
def a_minute(monkeypatch):
    """Nobody's minute ends in the middle of a test."""
    monkeypatch.setattr(throttling, "counter", lambda counter=ProcessCounter(1): counter)
    noon = timezone.now().replace(second=1, microsecond=0)
    monkeypatch.setattr(authentication.timezone, "now", lambda: noon)


def failures(number, secret="corr_test_wrong", **meta):
    return [caller(secret).get(URL, **meta).status_code for _ in range(number)]


def test_an_address_may_fail_twenty_times_a_minute(a_minute, seller):
    assert failures(22) == [401] * 20 + [429] * 2
    refused = caller("corr_test_wrong").get(URL)
    assert refused.json()["code"] == "too_many_failed_attempts"
    assert refused["Retry-After"] == "59"
    assert refused["Content-Type"] == "application/problem+json"


def test_whoever_shows_a_good_token_is_let_in_from_there_all_the_same(a_minute, seller):
    failures(25)
    assert caller(a_token(seller)).get(URL).status_code == 200


def test_other_addresses_are_not_concerned(a_minute, db):
    failures(25)
    assert failures(1, REMOTE_ADDR="192.0.2.9") == [401]


def test_known_tokens_that_are_turned_away_count_too_and_no_longer_fill_the_audit_log(a_minute, seller):
    secret = a_token(seller)
    revoke_token(token_id=ApiToken.objects.get().pk, by=MARIA, now=timezone.now(), reason="")
    assert failures(30, secret) == [401] * 20 + [429] * 10
    assert len(denials()) == 20


def test_a_call_without_any_token_is_no_attempt(a_minute, db):
    assert [caller().get(URL).status_code for _ in range(25)] == [401] * 25
