"""A house of its own for a measurement: database and web server as in the demo, without the background workers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from config.demo.place import Place
from config.postgres import EmbeddedPostgres, binary


@dataclass(frozen=True, slots=True)
class House:
    """Where it is: base URL and the demo's own facts (tokens, seller, client, database)."""

    base_url: str
    port: int
    token: str
    seller: str
    client: str
    admin: dict[str, str]
    database_url: str
    socket_folder: Path
    environment: dict[str, str]

    def psql(self, sql: str) -> str:
        """One value by SQL."""
        return self._said("psql", "-AtXq", "-c", sql).strip()

    def pgbench(self, script: Path, *, clients: int, seconds: int, **variables: str) -> str:
        """What pgbench says of a script."""
        defined = [argument for name, value in variables.items() for argument in ("-D", f"{name}={value}")]
        load = ["-c", str(clients), "-j", "2", "-T", str(seconds)]
        return self._said("pgbench", "-n", "-M", "prepared", "-f", str(script), *load, *defined)

    def run_sql(self, script: Path, **variables: str) -> None:
        """A script by psql, with its variables."""
        defined = [argument for name, value in variables.items() for argument in ("-v", f"{name}={value}")]
        self._said("psql", "-Xq", "-v", "ON_ERROR_STOP=1", *defined, "-f", str(script))

    def _said(self, program: str, *arguments: str) -> str:
        command = [str(binary(program)), "-h", str(self.socket_folder), "-U", "postgres", *arguments, "correlativa"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def house() -> Iterator[House]:
    """Start one in a temporary folder, with fsync on; end it all afterwards."""
    with tempfile.TemporaryDirectory(prefix="correlativa-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        place = Place(folder, free_port())
        postgres = EmbeddedPostgres(folder)
        postgres.start()
        stack.callback(postgres.stop)
        environment = place.environment(postgres.url()) | {"LOG_LEVEL": "ERROR"}
        preparation = place.preparation(environment)
        preparation.start()
        while preparation.alive():
            time.sleep(0.05)
        if preparation.bury():
            raise SystemExit(preparation.log.read_text())
        web = next(program for program in place.programs(environment) if program.name == "web")
        web.start()
        stack.callback(web.stop)
        _wait(place.base_url)
        facts = json.loads(place.facts.read_text())
        yield House(
            base_url=place.base_url,
            port=place.port,
            token=facts["tokens"]["full"],
            seller=facts["seller"],
            client=facts["client"],
            admin=facts["users"]["admin"],
            database_url=facts["database_url"],
            socket_folder=postgres.run,
            environment=environment,
        )


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait(base_url: str) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), urlopen(f"{base_url}/healthz"):
            return
        time.sleep(0.1)
    raise SystemExit("The web server does not answer.")


def cores() -> int:
    """How many processors this measurement may use."""
    return len(os.sched_getaffinity(0))
