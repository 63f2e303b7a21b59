"""Signatures, as two foreign libraries and the published vectors see them."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
import standardwebhooks
import svix
from hypothesis import given
from hypothesis import strategies as st

from integrations.webhooks.signing import make_secret, sign, signed_headers

VECTORS = json.loads((Path(__file__).parent / "data" / "webhooks.json").read_text())["vectors"]
OURS = [vector for vector in VECTORS if "secret" in vector]  # the others are by ed25519, which we do not offer
THEIRS = [standardwebhooks.Webhook, svix.Webhook]


def verdict(theirs: type, vector: dict) -> bool:
    """Whether a receiver's library takes the message, at the vector's time."""

    class At(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(vector["now"], tz or UTC)

    with mock.patch("standardwebhooks.webhooks.datetime", At):
        try:
            theirs(vector["secret"]).verify(vector["body"].encode(), vector["headers"])
        except Exception:  # noqa: BLE001 - both libraries raise several kinds
            return False
    return True


@pytest.mark.parametrize("theirs", THEIRS)
@pytest.mark.parametrize("vector", OURS, ids=lambda vector: vector["name"])
def test_the_vectors_mean_to_the_libraries_what_they_mean_to_us(vector: dict, theirs: type) -> None:
    """So the vectors below are worth something."""
    assert verdict(theirs, vector) == vector["valid"]


@pytest.mark.parametrize("vector", [v for v in OURS if v["valid"]], ids=lambda vector: vector["name"])
def test_a_valid_vector_carries_our_signature(vector: dict) -> None:
    ours = sign(vector["secret"], id=vector["id"], timestamp=vector["timestamp"], body=vector["body"].encode())
    assert ours in vector["headers"]["webhook-signature"].split()


def test_the_forgeries_do_not() -> None:
    forged = {"tampered-body", "reserialised-body-whitespace", "wrong-secret", "id-changed", "timestamp-header-changed"}
    seen = set()
    for vector in OURS:
        if vector["name"] in forged:
            at, body = int(vector["headers"]["webhook-timestamp"]), vector["body"].encode()
            ours = sign(vector["secret"], id=vector["headers"]["webhook-id"], timestamp=at, body=body)
            assert ours not in vector["headers"]["webhook-signature"].split()
            seen.add(vector["name"])
    assert seen == forged


def test_during_a_rotation_both_secrets_sign_the_new_one_first() -> None:
    vector = next(vector for vector in OURS if vector["name"] == "rotation-two-active-new-first")
    old = next(vector["secret"] for vector in OURS if vector["name"] == "rotation-two-active-old-secret")
    given = {name: vector[name] for name in ("id", "timestamp")}
    assert signed_headers([vector["secret"], old], body=vector["body"].encode(), **given) == vector["headers"]


@pytest.mark.parametrize("theirs", THEIRS)
@given(body=st.binary(), id=st.text("abcdefABCDEF0123456789-_", min_size=1))
def test_whatever_is_sent_both_libraries_verify_it(theirs: type, body: bytes, id: str) -> None:
    secrets, now = [make_secret(), make_secret()], int(datetime.now(UTC).timestamp())
    body = json.dumps(body.hex()).encode()
    headers = signed_headers(secrets, id=id, timestamp=now, body=body)
    for secret in secrets:
        theirs(secret).verify(body, headers)


def test_a_secret_has_32_bytes_and_is_never_the_same() -> None:
    made = {make_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) for secret in made} == {32}


def test_what_is_no_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        sign("whsec_ñ$", id="1", timestamp=1, body=b"")
