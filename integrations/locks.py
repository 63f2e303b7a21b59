"""Advisory locks of PostgreSQL: until the transaction ends, or for as long as somebody works at something.

The second kind belongs to the session: not for behind a pool that hands sessions around between transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


def try_lock(*parts: object) -> bool:
    """Take the lock named by ``parts`` until the transaction ends, unless somebody else has it; says whether."""
    assert connection.in_atomic_block, "an advisory lock needs a transaction to end it"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_number(*parts)])
        [taken] = cursor.fetchone()
    return bool(taken)


@contextmanager
def try_hold(*parts: object) -> Iterator[bool]:
    """Hold the lock named by ``parts`` across transactions, if nobody else does; says whether it is held.

    PostgreSQL gives it back at once when the session ends, however it ends: whoever is killed leaves no lease to wait
    for.
    """
    held = try_take(*parts)
    try:
        yield held
    finally:
        if held:
            let_go(*parts)


def try_take(*parts: object) -> bool:
    """Take the lock named by ``parts`` for this session, if nobody else has it; says whether it is taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(*parts)])
        [taken] = cursor.fetchone()
    return bool(taken)


def let_go(*parts: object) -> None:
    """Give back what this session took; what it does not have is nothing to give back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(*parts)])
