"""The sign of life that a background step leaves in the database, where every machine can read it."""

from __future__ import annotations

from datetime import datetime

from integrations.models import WorkerHeartbeat


def beat(*, name: str, now: datetime) -> None:
    """Say that the step ``name`` went round at ``now``, whichever process did it."""
    WorkerHeartbeat.objects.bulk_create(
        [WorkerHeartbeat(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )
