import hashlib
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import IntegrityError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEntry
from core.errors import Conflict, Invalid, NotFound
from core.modes import Mode
from integrations.models import ApiToken, TokenSeller
from integrations.scopes import Scope
from integrations.services.tokens import create_token, revoke_token
from integrations.tokens import digest_of, hint_of, is_well_formed, make_secret
from tests.builders import MARIA, NOW, a_seller

NOBODY = UUID(int=0)


@pytest.mark.parametrize("mode", Mode)
def test_a_secret_names_its_mode_and_fits_its_checksum(mode):
    secret = make_secret(mode)
    assert secret.startswith(f"corr_{mode}_")
    assert len(secret) == 48
    assert is_well_formed(secret)
    assert digest_of(secret) == hashlib.sha256(secret.encode()).digest()
    assert secret.startswith(hint_of(secret))
    assert len(hint_of(secret)) == 14


def test_secrets_differ():
    assert len({make_secret(Mode.TEST) for _ in range(100)}) == 100


SECRET = make_secret(Mode.TEST)


@given(st.integers(0, len(SECRET) - 1), st.characters(codec="utf-8"))
def test_one_wrong_character_is_always_noticed(position, character):
    mistyped = SECRET[:position] + character + SECRET[position + 1 :]
    assert is_well_formed(mistyped) is (mistyped == SECRET)


def test_a_test_token_is_no_live_token():
    assert not is_well_formed(SECRET.replace("corr_test_", "corr_live_"))


@pytest.mark.parametrize(
    "text",
    ["", "corr_test_", SECRET + "\n", " " + SECRET, SECRET[:-1], SECRET + "A"],
    ids=["nothing", "prefix alone", "line feed", "space", "too short", "too long"],  # no secret is in a test's name
)
def test_only_the_whole_token_is_well_formed(text):
    assert not is_well_formed(text)


@pytest.mark.django_db
def test_the_secret_is_stored_nowhere():
    seller = a_seller()
    token, secret = create_token(
        name="shop", mode=Mode.TEST, seller_ids=[seller.id], scopes=["invoices:read"], by=MARIA, now=NOW
    )
    assert bytes(token.digest) == digest_of(secret)
    random_part = secret[14:]
    for row in (ApiToken.objects.values().get(), *AuditEntry.objects.values()):
        assert random_part not in repr(row)


@pytest.mark.django_db
def test_making_and_revoking_a_token_are_audited():
    seller = a_seller()
    token, _secret = create_token(
        name="shop",
        mode=Mode.TEST,
        seller_ids=[seller.id],
        scopes=["invoices:write", "invoices:read", "invoices:read"],
        by=MARIA,
        now=NOW,
        expires_at=NOW + timedelta(days=1),
        allowed_addresses=["192.0.2.0/24"],
    )
    made = AuditEntry.objects.get(action="token.created")
    assert (made.actor_name, made.subject_id, made.mode) == ("maria", str(token.id), "test")
    assert made.after == {
        "hint": token.hint,
        "scopes": ["invoices:read", "invoices:write"],
        "sellers": [str(seller.id)],
        "allowed_addresses": ["192.0.2.0/24"],
        "calls_per_minute": 600,
        "expires_at": "2026-11-24T12:00:00+00:00",
        "owner_email": "",
        "invoices_per_hour": None,
        "euros_per_invoice": None,
        "euros_per_day": None,
    }
    revoke_token(token_id=token.id, by=MARIA, now=NOW, reason="leaked")
    revoked = AuditEntry.objects.get(action="token.revoked")
    assert (revoked.subject_id, revoked.reason) == (str(token.id), "leaked")
    assert ApiToken.objects.get().revoked_at == NOW


@pytest.mark.django_db
def test_every_fault_of_a_token_is_listed():
    seller = a_seller()
    with pytest.raises(Invalid) as refused:
        create_token(
            name=" ",
            mode=Mode.LIVE,
            seller_ids=[seller.id],
            scopes=["invoices:fly"],
            by=MARIA,
            now=NOW,
            expires_at=NOW,
            allowed_addresses=["10.0.0.0/8", "10.0.0.1/8", "home"],
            calls_per_minute=0,
        )
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("#/name", "name_length"),
        ("#/scopes", "scope_unknown"),
        ("#/expires_at", "expiry_in_the_past"),
        ("#/calls_per_minute", "calls_per_minute_too_low"),
        ("#/allowed_addresses/1", "address_range_invalid"),
        ("#/allowed_addresses/2", "address_range_invalid"),
        ("#/sellers", "seller_unknown"),
    ]
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_a_token_without_seller_or_scope_is_of_no_use():
    with pytest.raises(Invalid) as refused:
        create_token(name="x", mode=Mode.TEST, seller_ids=[], scopes=[], by=MARIA, now=NOW)
    assert [fault.code for fault in refused.value.faults] == ["scopes_missing", "sellers_missing"]


@pytest.mark.django_db
def test_a_token_is_revoked_once():
    seller = a_seller()
    token, _ = create_token(name="x", mode=Mode.TEST, seller_ids=[seller.id], scopes=["audit:read"], by=MARIA, now=NOW)
    revoke_token(token_id=token.id, by=MARIA, now=NOW, reason="")
    with pytest.raises(Conflict, match="revoked before"):
        revoke_token(token_id=token.id, by=MARIA, now=NOW, reason="")
    with pytest.raises(NotFound):
        revoke_token(token_id=NOBODY, by=MARIA, now=NOW, reason="")


@pytest.mark.django_db
def test_the_database_refuses_a_token_of_one_mode_for_a_seller_of_the_other():
    seller = a_seller()
    token = ApiToken.objects.create(
        name="x", mode="live", digest=b"0" * 32, hint="h", created_at=NOW, created_by="x", scopes=[]
    )
    TokenSeller.objects.create(token=token, seller=seller, mode="live")
    with pytest.raises(IntegrityError, match="token_seller_in_its_sellers_mode"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def run(*arguments):
    out = StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_prints_the_secret_alone_once():
    seller = a_seller()
    printed = run("--name", "shop", "--seller", "89890001k", "--scope", "invoices:read", "--address", "10.0.0.0/8")
    token = ApiToken.objects.get()
    assert is_well_formed(printed.strip())
    assert bytes(token.digest) == digest_of(printed.strip())
    assert token.allowed_addresses == ["10.0.0.0/8"]
    assert (token.mode, token.created_by, token.scopes) == ("test", "command:create_token", ["invoices:read"])
    assert [named.seller_id for named in token.token_sellers.all()] == [seller.id]
    assert token.expires_at is not None
    assert timedelta(days=364) < token.expires_at - timezone.now() <= timedelta(days=365)


@pytest.mark.django_db
def test_the_command_gives_all_scopes_when_asked():
    seller = a_seller()
    run("--name", "all", "--seller", str(seller.id), "--all-scopes", "--expires-in-days", "1")
    assert set(ApiToken.objects.get().scopes) == {*Scope}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seller", "B00000000"], "There is no seller with the tax id B00000000."),
        (["--seller", str(NOBODY)], f"There is no seller with the id {NOBODY}."),
        (["--seller", "89890001K", "--expires-in-days", "0"], "The expiry must lie in the future."),
        (["--seller", "89890001K", "--scope", "fly"], "There is no scope fly."),
        (["--seller", "89890001K", "--address", "home"], "home is no address range: write it like 192.0.2.0/24"),
    ],
)
def test_the_command_says_in_a_sentence_what_is_wrong(arguments, sentence):
    a_seller()
    scope = [] if "--scope" in arguments else ["--scope", "audit:read"]
    with pytest.raises(CommandError) as refused:
        run("--name", "x", *scope, *arguments)
    assert sentence in str(refused.value)
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_the_command_asks_which_of_two_sellers_with_one_tax_id():
    one, other = a_seller(series=False), a_seller(series=False)
    with pytest.raises(CommandError, match="name one by its id") as refused:
        run("--name", "x", "--scope", "audit:read", "--seller", "89890001K")
    assert str(one.id) in str(refused.value)
    assert str(other.id) in str(refused.value)


@pytest.mark.django_db
def test_the_command_refuses_to_mix_modes():
    test, live = a_seller(series=False), a_seller(mode="live", tax_id="B65410011", series=False)
    with pytest.raises(CommandError, match="a token has one"):
        run("--name", "x", "--scope", "audit:read", "--seller", str(test.id), "--seller", str(live.id))


@pytest.mark.django_db
def test_the_command_takes_an_owner_and_ceilings():
    seller = a_seller()
    limits = ["--invoices-per-hour", "60", "--euros-per-invoice", "3000.50", "--owner", "owner@example.es"]
    call_command("create_token", "--name", "shop", "--seller", str(seller.id), "--scope", "invoices:read", *limits)
    token = ApiToken.objects.get(name="shop")
    assert (token.invoices_per_hour, str(token.euros_per_invoice), token.euros_per_day) == (60, "3000.50", None)
    assert token.owner_email == "owner@example.es"


@pytest.mark.parametrize("wrong", ["-1", "1e3", "3.000,00", "much", "1.001", "NaN"])
@pytest.mark.django_db
def test_the_command_takes_euros_that_cannot_be_misread(wrong):
    seller = a_seller()
    with pytest.raises(CommandError, match="write euros like"):
        call_command(
            "create_token", "--name", "x", "--seller", str(seller.id), "--all-scopes", f"--euros-per-day={wrong}"
        )
    assert not ApiToken.objects.exists()
