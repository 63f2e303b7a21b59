"""The text of a token: ``corr_test_`` or ``corr_live_``, 32 random characters, 6 of checksum. What OAuth 2 needs is
made alike: ``corr_access_``, which lasts an hour, and a client's secret ``corr_client_``.

190 random bits need neither salt nor a slow hash: what is stored is the SHA-256. The checksum (CRC-32 of all before
it, mode included) tells a mistyped or invented token from a real one without asking the database, and lets secret
scanners know ours. It is no protection: the digest is.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib

from core.modes import Mode

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6  # 62 ** 6 holds any 32 bits
_ACCESS = "corr_access_"
_FORM = re.compile(rf"corr_(?:test|live|access)_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}")
_HINT_LENGTH = len("corr_test_") + 4


def make_secret(mode: Mode) -> str:
    """A fresh token of the given mode; the caller shows it once and forgets it."""
    return _made(f"corr_{mode}_")


def make_access_token(*_unused: object) -> str:
    """A fresh access token (OAuth 2); the library hands over its request, which does not matter."""
    return _made(_ACCESS)


def make_client_secret() -> str:
    """A fresh secret of an OAuth client."""
    return _made("corr_client_")


def is_access_token(secret: str) -> bool:
    """Whether it came from the OAuth door."""
    return secret.startswith(_ACCESS)


def _made(prefix: str) -> str:
    body = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    """Whether ``secret`` has the form and the checksum of what opens the API."""
    if not _FORM.fullmatch(secret):
        return False
    return _checksum(secret[:-_CHECKSUM_LENGTH]) == secret[-_CHECKSUM_LENGTH:]


def digest_of(secret: str) -> bytes:
    """What is stored: the SHA-256 of the whole text, whatever somebody claims to be one."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def hint_of(secret: str) -> str:
    """The beginning, by which a person recognises a token: the prefix and four of its 32 random characters."""
    return secret[:_HINT_LENGTH]


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode("ascii")), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
