"""OAuth 2 client credentials: another way to prove to be one of our tokens, with nothing more and nothing less."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from audit.models import AuditEntry
from billing.models import Seller
from clients.models import Client
from core.errors import Conflict, NotFound
from core.modes import Mode
from integrations.models import ApiToken, OAuthClient
from integrations.scopes import Scope
from integrations.services.oauth_clients import create_oauth_client, purge_access_tokens, revoke_oauth_client
from integrations.services.tokens import create_token, revoke_token, rotate_token
from tests.api.machines import Machine, an_invoice_body
from tests.builders import MARIA, an_invoice

pytestmark = pytest.mark.django_db
GRANT = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Known:
    """A client that we know."""

    token: ApiToken
    client_id: str
    secret: str

    def basic(self, secret: str = "") -> str:
        pair = f"{quote(self.client_id)}:{quote(secret or self.secret)}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def ask(self, *, secret: str = "", address: str = "127.0.0.1", **form: str) -> HttpResponse:
        headers = {"Authorization": self.basic(secret)}
        return Browser(REMOTE_ADDR=address).post("/oauth/token", {**GRANT, **form}, headers=headers)

    def machine(self, **form: str) -> Machine:
        answer = self.ask(**form)
        assert answer.status_code == 200, answer.content
        return Machine(answer.json()["access_token"])


def a_known(*sellers: Seller, **changes: Any) -> Known:
    values = {"name": "shop", "scopes": [*Scope], "calls_per_minute": 1000, **changes}
    ids = [seller.id for seller in sellers]
    token, _secret = create_token(mode=Mode(sellers[0].mode), seller_ids=ids, by=MARIA, now=timezone.now(), **values)
    client, secret = create_oauth_client(token_id=token.id, by=MARIA, now=timezone.now())
    return Known(token, client.application.client_id, secret)


@pytest.fixture
def known(seller: Seller) -> Known:
    return a_known(seller)


def error_of(answer: HttpResponse) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, answer.json()["error"]


def test_an_access_token_is_the_token_for_an_hour(known: Known, client: Client):
    answer = known.ask()
    said = answer.json()
    assert (answer.status_code, said["token_type"], said["expires_in"]) == (200, "Bearer", 3600)
    assert {*said["scope"].split()} == {*Scope}
    assert "no-store" in answer["Cache-Control"]
    assert "refresh_token" not in said
    machine = Machine(said["access_token"])
    token = machine.get("/token").json()
    assert (token["id"], token["came_by"], token["mode"]) == (str(known.token.id), "access_token", "test")
    issued = machine.post("/invoices", an_invoice_body(client.id, issue=True))
    assert (issued.status_code, issued.json()["issued_by"]) == (201, "token:shop")


def test_the_secret_may_come_in_the_body_too(known: Known):
    form = {**GRANT, "client_id": known.client_id, "client_secret": known.secret}
    for path in ("/oauth/token", "/oauth/token/"):
        assert Browser().post(path, form).status_code == 200


def test_fewer_scopes_on_request_and_never_more(seller: Seller, client: Client):
    known = a_known(seller, scopes=["invoices:read", "invoices:write"])
    narrow = known.machine(scope="invoices:read")
    assert narrow.get("/token").json()["scopes"] == ["invoices:read"]
    assert narrow.post("/invoices", an_invoice_body(client.id)).json()["code"] == "scope_missing"
    assert error_of(known.ask(scope="invoices:read invoices:issue")) == (400, "invalid_scope")
    assert error_of(known.ask(scope="admin")) == (400, "invalid_scope")


def test_what_the_token_may_no_longer_do_its_access_tokens_may_not_either(known: Known):
    machine = known.machine()
    ApiToken.objects.update(scopes=["invoices:read"])
    assert machine.get("/token").json()["scopes"] == ["invoices:read"]
    assert machine.get("/clients").json()["code"] == "scope_missing"


@pytest.mark.parametrize("grant", ["authorization_code", "password", "refresh_token", "implicit", "", "x" * 5000])
def test_there_is_no_other_grant(known: Known, grant: str):
    status, error = error_of(known.ask(grant_type=grant, username="maria", password="x", code="x", refresh_token="x"))
    assert (status, error) in {(400, "unsupported_grant_type"), (400, "invalid_request")}
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("path", ["/oauth/authorize", "/o/authorize/", "/oauth/introspect", "/oauth/register"])
def test_there_are_no_other_pages(path: str):
    assert Browser().get(path).status_code == 404


def test_only_posts_are_taken(db: None):
    answer = Browser().get("/oauth/token")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_wrong_or_missing_credentials_are_refused_and_written_down(known: Known):
    assert error_of(known.ask(secret="corr_client_wrong")) == (401, "invalid_client")
    assert AuditEntry.objects.get(action="token.denied").reason == "invalid_client"
    for form in (
        GRANT,
        {**GRANT, "client_id": known.client_id},
        {**GRANT, "client_id": "nobody\x00", "client_secret": "x"},
    ):
        assert error_of(Browser().post("/oauth/token", form)) == (401, "invalid_client")
    for header in ("Basic", "Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Bearer x"):
        answer = Browser().post("/oauth/token", GRANT, headers={"Authorization": header})
        assert error_of(answer) == (401, "invalid_client")
        assert answer["WWW-Authenticate"].startswith("Basic "), "RFC 6749 §5.2"


def test_an_address_that_fails_twenty_times_a_minute_is_told_to_wait(known: Known):
    codes = [known.ask(secret="corr_client_wrong").status_code for _ in range(22)]
    assert codes == [401] * 20 + [429] * 2
    refused = known.ask(secret="corr_client_wrong")
    assert error_of(refused) == (429, "too_many_failed_attempts")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert AuditEntry.objects.filter(action="token.denied").count() == 20, "and nothing more is written"
    assert known.ask().status_code == 200, "who has the right secret is let in"
    assert known.ask(secret="corr_client_wrong", address="192.0.2.9").status_code == 401, "others are not concerned"


def test_asking_for_tokens_uses_the_quota(seller: Seller):
    known = a_known(seller, calls_per_minute=2)
    assert [known.ask().status_code for _ in range(3)] == [200, 200, 429]


def test_secrets_lie_in_the_database_as_digests_alone(known: Known):
    access = known.machine().secret
    with connection.cursor() as cursor:
        for table in ("oauth2_provider_application", "oauth2_provider_accesstoken", "audit_auditentry"):
            cursor.execute(
                f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s OR t::text LIKE %s",
                [f"%{access}%", f"%{known.secret}%"],
            )
            assert cursor.fetchone() == (0,), table
    entry = AuditEntry.objects.get(action="token.access_granted")
    assert (entry.actor_id, entry.after["client_id"]) == (str(known.token.id), known.client_id)


def test_it_ends_with_the_token_at_once(known: Known):
    machine = known.machine()
    revoke_token(token_id=known.token.id, by=MARIA, now=timezone.now(), reason="leaked")
    assert machine.get("/token").json()["code"] == "token_revoked"
    assert error_of(known.ask()) == (401, "invalid_client")


def test_it_ends_with_its_client_at_once_and_the_other_client_goes_on(known: Known):
    other, secret = create_oauth_client(token_id=known.token.id, by=MARIA, now=timezone.now())
    neighbour = Known(known.token, other.application.client_id, secret)
    machine, its = known.machine(), neighbour.machine()
    revoke_oauth_client(client_id=known.client_id, token_id=known.token.id, by=MARIA, now=timezone.now())
    assert machine.get("/token").json()["code"] == "token_revoked"
    assert error_of(known.ask()) == (401, "invalid_client")
    assert its.get("/token").status_code == neighbour.ask().status_code == 200


def test_a_rotation_of_the_token_does_not_concern_its_clients(known: Known):
    machine = known.machine()
    rotate_token(token_id=known.token.id, overlap=timedelta(0), by=MARIA, now=timezone.now())
    assert machine.get("/token").status_code == known.ask().status_code == 200


def test_it_expires_by_itself_and_with_the_token(known: Known):
    machine = known.machine()
    AccessToken.objects.update(expires=timezone.now())
    assert machine.get("/token").json()["code"] == "access_token_expired"
    machine = known.machine()
    ApiToken.objects.update(expires_at=timezone.now())
    assert machine.get("/token").json()["code"] == "token_expired"
    assert error_of(known.ask()) == (401, "invalid_client")


def test_the_tokens_addresses_hold_for_it(seller: Seller):
    known = a_known(seller, allowed_addresses=["192.0.2.0/24"])
    assert error_of(known.ask()) == (401, "invalid_client")
    access = known.ask(address="192.0.2.7").json()["access_token"]
    assert Machine(access).get("/token").json()["code"] == "address_not_allowed"


def test_the_tokens_ceilings_hold_for_it(seller: Seller, client: Client):
    machine = a_known(seller, euros_per_invoice=Decimal(1)).machine()
    assert machine.post("/invoices", an_invoice_body(client.id, issue=True)).status_code == 202


def test_it_sees_the_tokens_sellers_alone(known: Known, other_seller: Seller, client: Client):
    mine = an_invoice(client).invoice.id
    assert known.machine().get(f"/invoices/{mine}").status_code == 200
    assert a_known(other_seller).machine().get(f"/invoices/{mine}").status_code == 404


def test_a_clients_secret_opens_nothing_by_itself(known: Known):
    assert Machine(known.secret).get("/token").json()["code"] == "token_malformed"


def test_an_access_token_costs_one_query(known: Known):
    machine = known.machine()
    machine.get("/sellers")
    with CaptureQueriesContext(connection) as queries:
        machine.get("/sellers")
    assert len([query for query in queries if "integrations_apitoken" in query["sql"]]) == 1


def test_an_access_token_cannot_rotate_itself_into_a_secret_that_may_do_more(known: Known):
    answer = known.machine(scope="invoices:read").post("/token/rotate")
    assert (answer.status_code, answer.json()["code"]) == (403, "secret_needed")
    assert ApiToken.objects.get().rotated_at is None


def test_what_expired_a_day_ago_is_forgotten(known: Known):
    for age in (timedelta(hours=23), timedelta(hours=25), timedelta(days=9)):
        known.machine()
        AccessToken.objects.filter(expires__gt=timezone.now()).update(expires=timezone.now() - age)
    assert [purge_access_tokens(now=timezone.now()) for _ in range(2)] == [2, 0]
    assert AccessToken.objects.count() == 1


def test_the_metadata_says_what_there_is(db: None):
    said = Browser().get("/.well-known/oauth-authorization-server").json()
    assert said["token_endpoint"] == "http://testserver/oauth/token"
    assert said["grant_types_supported"] == ["client_credentials"]
    assert {*said["scopes_supported"]} == {*Scope}


def test_the_verbs_refuse_what_cannot_be(known: Known, seller: Seller):
    other = a_known(seller)
    with pytest.raises(NotFound):
        revoke_oauth_client(client_id=known.client_id, token_id=other.token.id, by=MARIA, now=timezone.now())
    revoke_oauth_client(client_id=known.client_id, token_id=known.token.id, by=MARIA, now=timezone.now())
    with pytest.raises(Conflict, match="revoked before"):
        revoke_oauth_client(client_id=known.client_id, token_id=known.token.id, by=MARIA, now=timezone.now())
    revoke_token(token_id=known.token.id, by=MARIA, now=timezone.now(), reason="")
    with pytest.raises(Conflict, match="revoked before"):
        create_oauth_client(token_id=known.token.id, by=MARIA, now=timezone.now())
    assert OAuthClient.objects.count() == Application.objects.count() == 2
