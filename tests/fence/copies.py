"""Databases that were dumped and restored, and a way to live in one for a while."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection

from config.postgres.server import binary


def dump(file: Path) -> Path:
    """What an operator's backup would hold now."""
    _run("pg_dump", "--format=custom", f"--file={file}", *_place(), str(connection.settings_dict["NAME"]))
    return file


@contextmanager
def restored(file: Path) -> Iterator[None]:
    """The backup in a database of its own; inside, all of this process lives in it."""
    known, before = connection.settings_dict, connection.settings_dict["NAME"]
    name = f"{before}_restored"
    connection.close()
    _admin(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={name}", *_place(), str(file))
    known["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        known["NAME"] = before
        _admin(f'DROP DATABASE "{name}"')


def _admin(*statements: str) -> None:
    known = connection.settings_dict
    host = known["HOST"] or known["OPTIONS"]["host"]
    with psycopg.connect(host=host, user=known["USER"], dbname="postgres", autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


def _place() -> list[str]:
    known = connection.settings_dict
    return [f"--host={known['HOST'] or known['OPTIONS']['host']}", f"--username={known['USER']}"]


def _run(program: str, *arguments: str) -> None:
    run = subprocess.run([str(binary(program)), *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
