"""Secrets that we must be able to read again (webhooks', certificates' passwords), encrypted by a key we are given.

Fernet (AES-128-CBC and HMAC-SHA-256) by the ``cryptography`` package. The first key of ENCRYPTION_KEYS encrypts, all of
them decrypt: so a new one is put in front, ``manage.py rotate_encryption_key`` writes every secret anew, and the old
one goes.
"""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"correlativa: secrets at rest, version 1"


LOST = "no key of ENCRYPTION_KEYS fits what is stored: put the former key behind the new one"


class LostKeyError(Exception):
    """No key of ENCRYPTION_KEYS fits: the one that this was encrypted with is missing."""


def encrypt(secret: str) -> bytes:
    """``secret`` as it may lie in the database."""
    return _keys(tuple(settings.ENCRYPTION_KEYS)).encrypt(secret.encode("utf-8", "surrogateescape"))


def decrypt(encrypted: bytes | memoryview) -> str:
    """The secret again. Raises LostKeyError."""
    try:
        return _keys(tuple(settings.ENCRYPTION_KEYS)).decrypt(bytes(encrypted)).decode("utf-8", "surrogateescape")
    except InvalidToken as error:
        raise LostKeyError(LOST) from error


def renew(encrypted: bytes | memoryview) -> bytes:
    """The same secret under the first key. Raises LostKeyError."""
    return encrypt(decrypt(encrypted))


def is_current(encrypted: bytes | memoryview) -> bool:
    """Whether the first key fits."""
    return _fits(encrypted, tuple(settings.ENCRYPTION_KEYS[:1]))


def is_readable(encrypted: bytes | memoryview) -> bool:
    """Whether any key fits."""
    return _fits(encrypted, tuple(settings.ENCRYPTION_KEYS))


def _fits(encrypted: bytes | memoryview, texts: tuple[str, ...]) -> bool:
    try:
        _keys(texts).decrypt(bytes(encrypted))
    except InvalidToken:
        return False
    return True


@cache
def _keys(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(text))) for text in texts])


def _derived(text: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(text.encode())
