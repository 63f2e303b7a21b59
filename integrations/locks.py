"""Advisory locks of PostgreSQL, held until the transaction ends."""

from __future__ import annotations

from hashlib import blake2b

from django.db import connection


def lock_number(*parts: object) -> int:
    """The number under which PostgreSQL knows the lock named by ``parts``."""
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def take_lock(*parts: object) -> None:
    """Wait for the lock named by ``parts``. First come, first served, unlike row locks."""
    assert connection.in_atomic_block, "an advisory lock needs a transaction to end it"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(*parts)])
