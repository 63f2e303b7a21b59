"""The sign of life that a background step leaves in the database, where every machine can read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from integrations.models import WorkerHeartbeat

INTERVAL = timedelta(seconds=10)
"""How often a row is written at most: often enough for ``/readyz``, too seldom to cost anything."""

_BEAT = f"""
    INSERT INTO {WorkerHeartbeat._meta.db_table} AS beat (name, at) VALUES (%(name)s, %(now)s)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE beat.at <= %(due)s
"""  # noqa: S608 - the table's name is ours


def beat(*, name: str, now: datetime) -> None:
    """Say that the step ``name`` went round at ``now``; many workers may say so, one write an interval results."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, {"name": name, "now": now, "due": now - INTERVAL})
