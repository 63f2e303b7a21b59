"""Secrets at rest: encrypted with a key from the environment, which can be exchanged while everybody works."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller
from integrations import vault
from integrations.health import what_is_missing
from integrations.models import EndpointSecret
from integrations.services import encryption
from integrations.services.endpoints import create_endpoint, rotate_secret
from integrations.services.heartbeats import beat
from tests.builders import MARIA, a_seller

OLD, NEW = "old-old-old-old-old-old-old-old-old-old", "new-new-new-new-new-new-new-new-new-new"


@pytest.fixture
def seller(db: None, settings: Any) -> Seller:
    settings.ENCRYPTION_KEYS, settings.WEBHOOK_ALLOWED_HOSTS = [OLD], ["localhost"]
    return a_seller()


def some_secrets(seller: Seller, number: int = 3) -> list[str]:
    """So many endpoints, each with a former and a present secret."""
    made, now = [], timezone.now()
    for index in range(number):
        endpoint, secret = create_endpoint(
            seller_id=seller.id, mode=seller.mode, url=f"http://localhost:{8000 + index}/", by=MARIA, now=now
        )
        made += [secret, rotate_secret(endpoint_id=endpoint.id, overlap=timedelta(hours=1), by=MARIA, now=now)]
    return made


def stored() -> list[bytes]:
    return [bytes(each) for each in EndpointSecret.objects.order_by("id").values_list("encrypted", flat=True)]


def rotate() -> str:
    told = StringIO()
    call_command("rotate_encryption_key", stdout=told, stderr=told)
    return told.getvalue()


@pytest.mark.parametrize("secret", ["", "whsec_…ñ", "x" * 10_000, "\udcff"])
def test_what_is_encrypted_can_be_read_again_and_looks_different_each_time(settings: Any, secret: str):
    settings.ENCRYPTION_KEYS = [OLD]
    one, other = vault.encrypt(secret), vault.encrypt(secret)
    assert one != other
    assert vault.decrypt(one) == vault.decrypt(other) == secret


def test_the_first_key_encrypts_and_all_of_them_read(settings: Any):
    settings.ENCRYPTION_KEYS = [OLD]
    before = vault.encrypt("secret")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    after = vault.encrypt("secret")
    assert vault.decrypt(before) == vault.decrypt(after) == "secret"
    assert (vault.is_current(before), vault.is_current(after), vault.is_readable(before)) == (False, True, True)
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(vault.LostKeyError, match="ENCRYPTION_KEYS"):
        vault.decrypt(after)


@pytest.mark.parametrize("damage", [b"", b"gAAAAA", b"\x00" * 80, "ñ".encode()])
def test_what_is_damaged_is_said_to_be_unreadable(damage: bytes):
    assert not vault.is_readable(damage)
    with pytest.raises(vault.LostKeyError):
        vault.decrypt(damage)


def test_a_dump_of_the_database_holds_no_secret(seller: Seller):
    secrets = some_secrets(seller)
    with connection.cursor() as cursor:
        for table in ("integrations_endpointsecret", "audit_auditentry", "integrations_idempotencykey"):
            cursor.execute(f"SELECT coalesce(string_agg(encode(t::text::bytea, 'escape'), ''), '') FROM {table} AS t")
            [dump] = cursor.fetchone()
            assert not [secret for secret in secrets if secret in dump or secret.encode().hex() in dump], table


def test_the_key_is_exchanged_and_the_former_one_is_of_no_use_any_more(seller: Seller, settings: Any):
    secrets = some_secrets(seller)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert "webhook secrets: 6 written anew, 0 as they ought to be" in rotate()
    settings.ENCRYPTION_KEYS = [NEW]
    assert [vault.decrypt(each) for each in stored()] == secrets
    entry = AuditEntry.objects.get(action="encryption.renewed")
    assert (entry.actor_name, entry.after["secrets"]) == ("rotate_encryption_key", 6)


def test_repeating_it_changes_nothing(seller: Seller, settings: Any):
    some_secrets(seller)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotate()
    before = stored()
    assert "webhook secrets: 0 written anew, 6 as they ought to be" in rotate()
    assert stored() == before
    assert AuditEntry.objects.filter(action="encryption.renewed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_interrupted_in_the_middle_it_keeps_what_is_done_and_goes_on(settings: Any, monkeypatch: pytest.MonkeyPatch):
    """The third batch dies with its connection; the first two stay, with their entries, and a repeat does the rest."""
    settings.ENCRYPTION_KEYS, settings.WEBHOOK_ALLOWED_HOSTS = [OLD], ["localhost"]
    secrets = some_secrets(a_seller())
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    renew, done = vault.renew, []

    def dying(encrypted: bytes) -> bytes:
        done.append(encrypted)
        if len(done) == 5:
            connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return renew(encrypted)

    monkeypatch.setattr(vault, "renew", dying)
    with pytest.raises(DatabaseError):
        encryption.renew_webhook_secrets(by=MARIA, batch=2)
    connection.close()
    monkeypatch.undo()
    assert [vault.is_current(each) for each in stored()] == [True] * 4 + [False] * 2
    again = encryption.renew_webhook_secrets(by=MARIA, batch=2)
    assert (again.renewed, again.current, again.lost) == (2, 4, 0)
    assert [vault.decrypt(each) for each in stored()] == secrets
    assert [
        entry.after["secrets"] for entry in AuditEntry.objects.filter(action="encryption.renewed").order_by("id")
    ] == [2, 2, 2]


def test_what_no_key_fits_is_counted_kept_and_said(seller: Seller, settings: Any):
    some_secrets(seller, 1)
    settings.ENCRYPTION_KEYS = [NEW]
    some_secrets(seller, 1)
    before = stored()
    with pytest.raises(CommandError, match="2 could not be read"):
        rotate()
    assert stored() == before
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert "2 written anew, 2 as they ought to be" in rotate()


def test_the_check_says_how_many_cannot_be_read(seller: Seller, settings: Any):
    some_secrets(seller, 1)
    assert run_checks(tags=["database"], databases=["default"]) == []
    settings.ENCRYPTION_KEYS = [NEW]
    [found] = run_checks(tags=["database"], databases=["default"])
    assert not found.is_serious(), "nothing would migrate any more"
    assert (found.id, str(found.msg).split()[0]) == ("correlativa.W002", "2")
    assert run_checks(tags=["database"]) == [], "a check without a database asks none"


def test_a_process_without_the_key_is_not_ready(seller: Seller, settings: Any):
    beat(name="documents", now=timezone.now())
    assert what_is_missing() == []
    some_secrets(seller, 1)
    assert what_is_missing() == []
    settings.ENCRYPTION_KEYS = [NEW]
    assert what_is_missing() == ["encryption_keys"]
