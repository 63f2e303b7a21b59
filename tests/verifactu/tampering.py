"""What a superuser can do: change rows past every trigger."""

from __future__ import annotations

from django.db import connection


def as_superuser(statement: str, *values: object) -> int:
    """Run a statement with all triggers asleep, as whoever owns the server could; return how many rows it hit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        hit = cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert hit, "the statement changed nothing, so that the test would prove nothing"
    return hit
