import pytest

from audit.models import AuditEntry
from tests.builders import a_seller
from tests.integrations.doors import a_token, caller

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.integrations.doors")]
URL = "/api/v1/echo"


@pytest.fixture
def seller():
    return a_seller()


def test_any_valid_token_does_where_no_scope_is_needed(seller):
    assert caller(a_token(seller, "audit:read")).get(URL).status_code == 200


def test_a_missing_scope_is_named_and_recorded(seller):
    answer = caller(a_token(seller, "invoices:read", "audit:read")).post(URL, {}, content_type="application/json")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "scope_missing")
    assert "invoices:write" in problem["detail"]
    assert problem["required_scopes"] == ["invoices:write"]
    assert problem["held_scopes"] == ["audit:read", "invoices:read"]
    entry = AuditEntry.objects.get(action="token.denied")
    assert (entry.outcome, entry.actor_name, entry.reason) == ("refused", "shop", "scope_missing: invoices:write")
    assert (entry.request_id, entry.subject_type) == (answer["X-Request-ID"], "token")


def test_all_scopes_of_a_method_are_needed(seller):
    answer = caller(a_token(seller, "invoices:write")).delete(URL)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert "invoices:void" in answer.json()["detail"]
    assert caller(a_token(seller, "invoices:write", "invoices:void")).delete(URL).status_code == 204


def test_the_body_may_ask_for_more_scopes(seller):
    machine = caller(a_token(seller, "invoices:write"))
    assert machine.post(URL, {}, content_type="application/json").status_code == 201
    answer = machine.post(URL, {"issue": True}, content_type="application/json")
    assert (answer.status_code, answer.json()["required_scopes"]) == (403, ["invoices:issue"])


def test_a_view_that_declares_no_scopes_is_closed(seller):
    answer = caller(a_token(seller, "invoices:read")).get("/api/v1/undeclared")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_head_needs_what_get_needs(seller):
    assert caller(a_token(seller)).head(URL).status_code == 200
