import pytest
from django.test import Client

from integrations.problem_pages import explanations


def test_the_type_of_a_problem_leads_to_its_explanation():
    answer = Client().get("/problems/idempotency_key_missing")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().startswith("idempotency_key_missing: this call needs an Idempotency-Key")


@pytest.mark.parametrize("code", ["scope_missing", "validation_failed", "token_revoked", "required", "internal_error"])
def test_codes_of_every_kind_are_explained(code):
    assert len(explanations()[code]) > 10


@pytest.mark.django_db
def test_an_unknown_code_leads_nowhere():
    assert Client().get("/problems/nothing_of_ours").status_code == 404
