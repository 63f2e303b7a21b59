"""The sign of life that a background step leaves in the database, where every machine can read it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from integrations.models import WorkerHeartbeat


def beat(*, name: str, now: datetime) -> None:
    """Say that the step ``name`` went round at ``now``, whichever process did it."""
    WorkerHeartbeat.objects.bulk_create(
        [WorkerHeartbeat(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def forget_other_steps(*, known: Collection[str]) -> int:
    """Forget the signs of life of steps that this version no longer has: nobody will ever give another. Returns how
    many there were. For the start of a worker; those of an older version are stopped by then."""
    return WorkerHeartbeat.objects.exclude(name__in=known).delete()[0]
