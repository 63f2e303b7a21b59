"""Processes of ours over the test's own database, that may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from config.demo.place import ROOT, Place
from config.processes import Program
from tests.running_house import database_url, free_port
from tests.waiting import eventually


@dataclass(frozen=True)
class House:
    """``settings`` are the environment's, beside those of the demo."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return Place(self.folder, free_port()).environment(database_url()) | {
            "DEPLOYMENT_KEY": settings.DEPLOYMENT_KEY,
            "INSTALLATION_NUMBER": settings.BILLING_SYSTEM["installation_number"],
            "ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
            "LOG_LEVEL": "WARNING",
            **self.settings,
        }

    def program(self, name: str, *command: str) -> Program:
        """``manage.py`` with that command."""
        argv = [sys.executable, str(ROOT / "manage.py"), *command]
        return Program(name, argv, environment=self.environment, log=self.folder / f"{name}.log")


@contextlib.contextmanager
def running(*programs: Program) -> Iterator[None]:
    for program in programs:
        program.start()
    try:
        yield
    finally:
        for program in programs:
            program.stop()


def kill(program: Program) -> None:
    """Without a warning."""
    assert program.pid is not None
    os.kill(program.pid, signal.SIGKILL)


def crash_the_database() -> None:
    """One of its processes dies; PostgreSQL then ends all the others, and recovers from what it had written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    os.kill(pid, signal.SIGKILL)
    assert eventually(_is_back, 60)


def _is_back() -> bool:
    with contextlib.suppress(Exception):
        connection.close()
        connection.ensure_connection()
        return True
    return False
