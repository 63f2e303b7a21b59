"""Signatures by Standard Webhooks 1.0.0: what is signed is what is sent, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"
_BYTES: Final = 32  # the specification wants 24 to 64


def make_secret() -> str:
    """A new endpoint's secret, as its owner puts it into the receiver: ``whsec_`` and Base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 over ``id.timestamp.body``, in Base64. ``timestamp`` is in Unix seconds.

    Raises ValueError where the secret is none of ours.
    """
    message = b".".join((id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), message, hashlib.sha256)).decode()


def signed_headers(valid: Sequence[str], *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of an attempt, with a signature by each of the ``valid`` secrets: during a rotation two."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, id=id, timestamp=timestamp, body=body) for secret in valid),
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError("a webhook secret is whsec_ and Base64") from None
