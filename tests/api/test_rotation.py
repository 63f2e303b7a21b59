"""A token gets a new secret while the former one goes on for a while: the same token all along."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller
from clients.models import Client
from core.errors import Conflict, Invalid, NotFound
from integrations.models import ApiToken, CeilingUse, IdempotencyKey
from integrations.services.tokens import revoke_token, rotate_token
from integrations.tokens import digest_of
from tests.api.machines import Machine, a_machine, an_invoice_body
from tests.builders import MARIA, NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def rotated(machine: Machine, key: str | None = "", **body: Any) -> Machine:
    answer = machine.post("/token/rotate", body, key=key)
    assert answer.status_code == 200, answer.content
    return Machine(answer.json()["secret"])


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_both_secrets_work_and_each_is_told_what_it_is(machine: Machine):
    before = machine.get("/token").json()
    anew = rotated(machine)
    token = ApiToken.objects.get()
    assert token.previous_valid_until is not None
    assert abs(token.previous_valid_until - timezone.now() - DAY) < timedelta(minutes=1), "24 hours if left out"
    former, present = machine.get("/token").json(), anew.get("/token").json()
    assert (former["came_by"], present["came_by"]) == ("former_secret", "secret")
    assert former["id"] == present["id"] == before["id"]
    until = token.previous_valid_until.isoformat().replace("+00:00", "Z")
    assert former["former_secret_valid_until"] == present["former_secret_valid_until"] == until
    assert before["rotated_at"] is before["former_secret_valid_until"] is None


def test_the_answer_is_of_the_documented_shape_and_kept_nowhere(machine: Machine):
    answer = machine.post("/token/rotate", {"overlap_seconds": 60})
    assert set(answer.json()) == {"id", "secret", "hint", "rotated_at", "former_secret_valid_until"}
    assert "no-store" in answer["Cache-Control"]
    secret = answer.json()["secret"]
    assert answer.json()["hint"] == secret[:14]
    assert secret.encode() not in bytes(IdempotencyKey.objects.get().body)
    assert secret not in str(AuditEntry.objects.get(action="token.rotated").__dict__)
    assert bytes(ApiToken.objects.get().digest) == digest_of(secret)


def test_a_repeat_is_told_that_the_secret_was_shown(machine: Machine):
    anew = rotated(machine, key="r-1")
    for again in (machine, anew):
        assert code_of(again.post("/token/rotate", {}, key="r-1")) == (409, "secret_already_shown")
    assert code_of(machine.post("/token/rotate", {"overlap_seconds": 5}, key="r-1"))[1] == "idempotency_key_reused"
    assert AuditEntry.objects.filter(action="token.rotated").count() == 1


def test_who_lost_the_answer_rotates_again_with_what_it_has(machine: Machine):
    unheard = rotated(machine, key="lost")
    anew = rotated(machine, key="another", overlap_seconds=60)
    assert [one.get("/token").status_code for one in (machine, unheard, anew)] == [200, 401, 200]
    promised = ApiToken.objects.get().previous_valid_until
    assert promised is not None
    assert promised > timezone.now() + timedelta(hours=23), "as was promised first"


def test_of_two_rotations_the_two_newest_secrets_are_good(machine: Machine):
    second = rotated(machine)
    third = rotated(second)
    assert [one.get("/token").status_code for one in (machine, second, third)] == [401, 200, 200]


def test_without_overlap_the_former_dies_at_once(machine: Machine):
    anew = rotated(machine, overlap_seconds=0)
    assert code_of(machine.get("/token")) == (401, "token_unknown"), "nothing of it is kept"
    assert anew.get("/token").json()["former_secret_valid_until"] is None


def test_the_former_dies_on_time_and_that_is_written_down(machine: Machine):
    anew = rotated(machine)
    ApiToken.objects.update(previous_valid_until=timezone.now())
    refused = machine.get("/token")
    assert code_of(refused) == (401, "token_replaced")
    assert refused["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert AuditEntry.objects.get(action="token.denied").reason == "token_replaced"
    assert anew.get("/token").status_code == 200


def test_a_revocation_ends_both_at_once(machine: Machine):
    anew = rotated(machine)
    revoke_token(token_id=ApiToken.objects.get().id, by=MARIA, now=timezone.now(), reason="leaked")
    assert [code_of(one.get("/token")) for one in (machine, anew)] == [(401, "token_revoked")] * 2


def test_keys_quota_and_ceilings_go_on(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=1, calls_per_minute=50, euros_per_day=Decimal(1000))
    body = an_invoice_body(client.id, issue=True)
    first = machine.post("/invoices", body, key="order-1")
    anew = rotated(machine)
    again = anew.post("/invoices", body, key="order-1")
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (201, first.content, "true")
    assert anew.post("/invoices", body).status_code == 202
    assert CeilingUse.objects.count() == 1
    assert anew.get("/token")["RateLimit"].startswith('"default";r=45;')


def test_it_is_seen_when_the_former_secret_was_used_last(machine: Machine):
    anew = rotated(machine)
    anew.get("/token")
    assert ApiToken.objects.get().previous_used_at is None
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    machine.get("/token")
    assert ApiToken.objects.get().previous_used_at is not None
    rotated(anew)
    assert ApiToken.objects.get().previous_used_at is None, "that was another one's"


def test_a_former_secret_costs_one_query_too(machine: Machine):
    rotated(machine)
    machine.get("/sellers")
    with CaptureQueriesContext(connection) as queries:
        machine.get("/sellers")
    assert len([query for query in queries if "integrations_apitoken" in query["sql"]]) == 1


def test_the_digests_are_looked_up_by_their_indexes(machine: Machine):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM integrations_apitoken WHERE digest = 'x' OR previous_digest = 'x'")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "BitmapOr" in plan


def test_a_wrong_overlap_is_refused(machine: Machine):
    for wrong in (-1, 604_801, "60", 1.5, True, None):
        answer = machine.post("/token/rotate", {"overlap_seconds": wrong})
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["pointer"] == "#/overlap_seconds"
    assert machine.post("/token/rotate", {"overlap": 60}).json()["errors"][0]["code"] == "unknown_field"
    assert ApiToken.objects.get().rotated_at is None


def test_the_verb_refuses_what_cannot_be_rotated(machine: Machine):
    token = ApiToken.objects.get()

    def rotate(**changes: Any) -> None:
        rotate_token(**{"token_id": token.id, "overlap": DAY, "by": MARIA, "now": NOW, **changes})

    for wrong in (timedelta(seconds=-1), timedelta(days=7, seconds=1)):
        with pytest.raises(Invalid):
            rotate(overlap=wrong)
    with pytest.raises(NotFound):
        rotate(token_id=NOW and "019ab1f0-0000-7000-8000-000000000005")
    ApiToken.objects.update(expires_at=NOW)
    with pytest.raises(Conflict, match="expired"):
        rotate()
    revoke_token(token_id=token.id, by=MARIA, now=NOW, reason="")
    with pytest.raises(Conflict, match="revoked"):
        rotate()


@pytest.mark.parametrize(
    "half", ["previous_digest = '\\x01'", "previous_valid_until = now()", "previous_hint = 'corr_test_Ab12'"]
)
def test_the_database_knows_no_half_a_former_secret(machine: Machine, half: str):
    with pytest.raises(DatabaseError, match="token_former_secret_whole"), transaction.atomic():
        connection.cursor().execute(f"UPDATE integrations_apitoken SET {half}")
