"""The text of a token: ``corr_test_`` or ``corr_live_``, 32 random characters, 6 of checksum.

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
_FORM = re.compile(rf"corr_(?:test|live)_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}")
_HINT_LENGTH = len("corr_test_") + 4


def make_secret(mode: Mode) -> str:
    """A fresh token of the given mode; the caller shows it once and forgets it."""
    body = f"corr_{mode}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    """Whether ``secret`` has the form and the checksum of a token."""
    if not _FORM.fullmatch(secret):
        return False
    return _checksum(secret[:-_CHECKSUM_LENGTH]) == secret[-_CHECKSUM_LENGTH:]


def digest_of(secret: str) -> bytes:
    """What is stored: the SHA-256 of the whole text."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def hint_of(secret: str) -> str:
    """The beginning, by which a person recognises a token: the prefix and four of its 32 random characters."""
    return secret[:_HINT_LENGTH]


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode("ascii")), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
