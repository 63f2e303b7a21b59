"""Processes that are started again when they end, and that end with us, however we end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from config.child import child_command
from config.stopping import Stopping
from core.private import write_private

_LOOK = 0.2  # seconds between two looks at the processes
_BREATH = 1.0  # seconds between two starts of the same process
_PATIENCE = 20.0  # seconds that a process may take to end


class Service(Protocol):
    """What a supervisor keeps alive: a program of ours, or the database."""

    name: str

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def alive(self) -> bool: ...
    def stop(self) -> None: ...


class Program:
    """A command in a session of its own, so that nothing of its family outlives it; output goes to ``log``."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
        self._command, self._environment = command, environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it, after an end to what an earlier run left behind."""
        self.bury()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                child_command(self._command, death_signal=signal.SIGTERM),
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def alive(self) -> bool:
        """Without reaping it: until it is buried, nobody else can be given its number."""
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._process is not None and os.waitid(os.P_PID, self._process.pid, look) is None

    def ask_to_stop(self) -> None:
        """Ask its leader alone, who knows how to end its children."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)  # Popen's own way would reap it

    def stop(self) -> None:
        """Let it finish what it is at; end by force what takes too long."""
        self.ask_to_stop()
        deadline = time.monotonic() + _PATIENCE
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.bury()

    def bury(self) -> int:
        """End its whole family by force, and say how it ended itself."""
        if self._process is None:
            return 0
        os.killpg(self._process.pid, signal.SIGKILL)
        returncode = self._process.wait()
        self._process = None
        return returncode


class Supervisor:
    """Keeps services alive until ``stopping`` is set. ``pid_file`` (JSON) says who they are, ``say`` what happens."""

    def __init__(
        self, services: Sequence[Service], *, stopping: Stopping, pid_file: Path, say: Callable[[str], None]
    ) -> None:
        self._services, self._stopping, self._pid_file, self._say = services, stopping, pid_file, say
        self._started_at = {service.name: -_BREATH for service in services if service.alive()}

    def watch(self) -> None:
        """Look again and again, until told to stop."""
        while not self._stopping.wait(_LOOK):
            self.look()

    def look(self) -> None:
        """Start what does not run, with a breath between two starts of the same."""
        for service in self._services:
            if not service.alive():
                self._start(service)

    def _start(self, service: Service) -> None:
        now, last = time.monotonic(), self._started_at.get(service.name)
        if last is not None and now < last + _BREATH:
            return
        self._started_at[service.name] = now
        if last is not None:
            self._say(f"{service.name} ended and is started again")
        try:
            service.start()
        except Exception as error:  # noqa: BLE001 - the next round tries again
            self._say(f"{service.name} did not start: {error}")
        write_private(self._pid_file, json.dumps({service.name: service.pid for service in self._services}))

    def stop(self) -> None:
        """End all of them: programs side by side, then what they stand on."""
        for service in self._services:
            if isinstance(service, Program):
                service.ask_to_stop()
        for service in reversed(self._services):
            service.stop()
        self._pid_file.unlink(missing_ok=True)
