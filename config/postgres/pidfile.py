"""``postmaster.pid``: what a running server says of itself, and what a dead one leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

_STATUS_LINE = 7  # the eighth line, as pg_ctl reads it


class PidFile:
    """The pid file of one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.path = data / "postmaster.pid"

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text().splitlines()
        except FileNotFoundError:
            return []

    def says_ready(self) -> bool:
        """Whether its server takes connections."""
        lines = self._lines()
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def server(self) -> int | None:
        """The process that serves the folder now; None where there is no pid file, or a stale one."""
        lines = self._lines()
        return int(lines[0]) if lines and self._is_our_postgres(int(lines[0])) else None

    def remove(self) -> None:
        """A stale one would keep the next server from starting, once its number belongs to another program."""
        self.path.unlink(missing_ok=True)

    def _is_our_postgres(self, pid: int) -> bool:
        """By its command line, which everybody may read: many containers shut ``/proc/PID/exe`` even to root."""
        try:
            program, *arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return program.endswith(b"/postgres") and os.fsencode(self.data) in arguments
