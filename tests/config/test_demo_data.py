"""What the demo is filled with."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from billing.models import Invoice, InvoiceStatus, Seller
from config.demo.data import ROLES, load_demo
from integrations.models import ApiToken
from integrations.scopes import Scope
from integrations.tokens import digest_of

pytestmark = pytest.mark.django_db


def load(folder: Path, *, port: int = 8000) -> Any:
    load_demo(base_url=f"http://localhost:{port}", data_dir=folder, database_url="postgres://here")
    return json.loads((folder / "demo.json").read_text())


def test_it_writes_what_scripts_need_for_its_owner_alone(tmp_path):
    facts = load(tmp_path)
    assert facts.keys() == {"base_url", "users", "tokens", "seller", "client", "database_url"}
    assert facts["users"].keys() == {*ROLES}
    assert facts["tokens"].keys() == {"full", "read_only", "drafts_only"}
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_everybody_can_log_in_with_the_powers_of_a_group(tmp_path):
    for role, user in load(tmp_path)["users"].items():
        person = authenticate(username=user["username"], password=user["password"])
        assert person is not None
        assert [group.name for group in person.groups.all()] == [role]


def test_the_full_token_has_every_scope_and_room_for_benchmarks(tmp_path):
    token = ApiToken.objects.get(digest=digest_of(load(tmp_path)["tokens"]["full"]))
    assert {*token.scopes} == {*Scope}
    assert token.calls_per_minute == 100_000


def test_the_other_tokens_can_do_what_they_are_called(tmp_path):
    tokens = load(tmp_path)["tokens"]
    assert all(scope.endswith(":read") for scope in ApiToken.objects.get(digest=digest_of(tokens["read_only"])).scopes)
    drafts_only = ApiToken.objects.get(digest=digest_of(tokens["drafts_only"])).scopes
    assert "invoices:write" in drafts_only
    assert "invoices:issue" not in drafts_only


def test_there_is_paper_to_look_at_and_work_that_waits(tmp_path):
    load(tmp_path)
    waiting = Invoice.objects.filter(status=InvoiceStatus.IN_REVIEW)
    assert waiting.count() == 2
    assert Invoice.objects.filter(status=InvoiceStatus.ISSUED).count() == 5


def test_loaded_again_it_changes_addresses_alone(tmp_path):
    before = load(tmp_path)
    after = load(tmp_path, port=9000)
    assert after == {**before, "base_url": "http://localhost:9000"}
    assert User.objects.count() == len(ROLES)


def test_a_lost_file_gives_new_secrets_for_the_same_data(tmp_path):
    before = load(tmp_path)
    (tmp_path / "demo.json").unlink()
    after = load(tmp_path)
    assert (after["seller"], after["client"]) == (before["seller"], before["client"])
    assert after["tokens"]["full"] != before["tokens"]["full"]
    assert authenticate(username="admin", password=before["users"]["admin"]["password"]) is None


def test_a_file_about_another_database_is_written_anew(tmp_path):
    (tmp_path / "demo.json").write_text(json.dumps({"seller": "018f0000-0000-7000-8000-000000000000"}))
    assert Seller.objects.filter(id=load(tmp_path)["seller"]).exists()
