"""It knows no Django: it starts the commands that do, starts them again when they end, and ends them when it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from config.demo.make import Make
from config.demo.place import ROOT, Place
from config.demo.welcome import welcome
from config.postgres import PostgresError
from config.processes import Program, Service, Supervisor
from config.stopping import Stopping

_PATIENCE = 180.0  # seconds until the web server must answer
_PATIENCE_WITH_AEAT = 60.0  # seconds until the simulated AEAT must listen
_PATIENCE_WITH_PORT = 5.0  # seconds for a web server on its way out


class DemoError(Exception):
    """The demo cannot run; the message says what mends it."""


def run(place: Place, stopping: Stopping) -> None:
    """Start everything in its order, keep it alive until ``stopping``, and end it all."""
    for port in (place.port, place.aeat_port):
        _refuse_taken_port(port, f"make demo PORT={place.port + 1}")
    postgres = place.postgres()
    postgres.start()
    if postgres.pid is None:
        raise DemoError(f"Another demo runs in {place.folder}. End it, or choose another folder: make demo DATA_DIR=…")
    environment = place.environment(postgres.url())
    aeat = place.simulated_aeat(environment)
    aeat.start()  # it makes itself ready while the database does, so that nobody finds it closed
    services: list[Service] = [postgres, aeat, *place.programs(environment)]
    supervisor = Supervisor(services, stopping=stopping, pid_file=place.folder / "pids.json", say=say)
    try:
        _prepare(place.preparation(environment), stopping)
        _wait_for_aeat(place.aeat_port, aeat, stopping)
        supervisor.look()
        _wait_for_web(place, supervisor, stopping)
        supervisor.watch()
    finally:
        say("ending")
        supervisor.stop()


def _refuse_taken_port(port: int, way_out: str) -> None:
    """Now, since the web server would share the port with whoever has it."""
    deadline = time.monotonic() + _PATIENCE_WITH_PORT
    while True:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise DemoError(f"Port {port} is taken. Choose another one: {way_out}") from None
            time.sleep(0.1)
        else:
            return


def _prepare(program: Program, stopping: Stopping) -> None:
    program.start()
    while program.alive() and not stopping.wait(0.05):
        pass
    if stopping.is_set():
        program.stop()
    elif code := program.bury():
        end = "\n".join(program.log.read_text(errors="replace").splitlines()[-15:])
        raise DemoError(f"The preparation ended with {code}. The end of {program.log}:\n{end}")


def _wait_for_aeat(port: int, aeat: Program, stopping: Stopping) -> None:
    deadline = time.monotonic() + _PATIENCE_WITH_AEAT
    while not _listens(port) and not stopping.wait(0.1):
        if not aeat.alive() or time.monotonic() > deadline:
            raise DemoError(f"The simulated AEAT does not answer. See {aeat.log}")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _wait_for_web(place: Place, supervisor: Supervisor, stopping: Stopping) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _answers(place.port):
        if stopping.wait(0.1):
            return
        if time.monotonic() > deadline:
            raise DemoError(f"The web server does not answer. See {place.folder / 'log' / 'web.log'}")
        supervisor.look()
    print(welcome(json.loads(place.facts.read_text()), place.folder, place.aeat_url), flush=True)  # noqa: T201 - a command's output


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def say(sentence: str) -> None:
    """A line on the terminal, with the time."""
    print(f"[{time.strftime('%H:%M:%S')}] {sentence}", flush=True)  # noqa: T201 - a command's output


def main() -> None:
    """Run with the environment's PORT (8000) and DATA_DIR (``var``)."""
    stopping = Stopping(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, also=Make().was_interrupted)
    place = Place(folder=Path(os.environ.get("DATA_DIR") or "var").resolve(), port=int(os.environ.get("PORT") or 8000))
    os.chdir(ROOT)
    try:
        run(place, stopping)
    except (DemoError, PostgresError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
