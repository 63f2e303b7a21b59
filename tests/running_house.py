"""A house that runs: its web server over a test's database, or all of it as ``make demo`` starts it; and who calls it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from config.demo.place import ROOT, Place
from config.processes import Program
from tests.waiting import eventually, runs

T = TypeVar("T")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The problem's code; empty where there is none."""
        return str(self.json.get("code", "")) if self.status >= 400 else ""

    @property
    def is_replay(self) -> bool:
        return self.headers.get("idempotent-replayed") == "true"


class Caller:
    """A machine over HTTP. Each thread keeps a connection, as clients do; one that broke is opened anew."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._here = threading.local()
        self._wires: list[http.client.HTTPConnection] = []

    def get(self, path: str) -> Answer:
        return self._call("GET", path, None, {})

    def post(self, path: str, body: Any = None, *, key: str = "") -> Answer:
        """With an idempotency key of its own unless one is given."""
        return self._call("POST", path, body, {"Idempotency-Key": key or str(uuid.uuid4())})

    def put(self, path: str, body: Any) -> Answer:
        return self._call("PUT", path, body, {})

    def patch(self, path: str, body: Any) -> Answer:
        return self._call("PATCH", path, body, {})

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        wire = self._wire()
        try:
            wire.request(method, f"/api/v1{path}", content, sent)
            answer = wire.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except BaseException:
            wire.close()  # the next call opens it anew
            raise

    def _wire(self) -> http.client.HTTPConnection:
        if not hasattr(self._here, "wire"):
            self._here.wire = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            self._wires.append(self._here.wire)
        wire: http.client.HTTPConnection = self._here.wire
        return wire

    def close(self) -> None:
        """Every thread's connection."""
        for wire in self._wires:
            wire.close()


def at_once(act: Callable[[A], T], each: Iterable[A]) -> list[T]:
    """Act on all of them in as many threads, begun together. What one of them raises is raised."""
    items = list(each)
    barrier = threading.Barrier(len(items))

    def begin(item: A) -> T:
        barrier.wait(timeout=30)
        try:
            return act(item)
        finally:
            connection.close()  # each thread has one of its own

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(begin, items))


def database_url() -> str:
    """The test's own database, for processes of its own."""
    known = connection.settings_dict
    host = known["HOST"] or known["OPTIONS"].get("host", "")
    if host.startswith("/"):
        return f"postgres://{known['USER']}@/{known['NAME']}?host={quote(host)}"
    return f"postgres://{known['USER']}:{known['PASSWORD']}@{host}:{known['PORT']}/{known['NAME']}"


@contextlib.contextmanager
def web_server(folder: Path, *, with_worker: bool = False) -> Iterator[int]:
    """granian over the test's database, with many threads so that calls meet; gives its port. With a worker, events are
    numbered and sent, and documents rendered."""
    place = Place(folder, free_port())
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(place.port)),
        *("--workers", "2", "--blocking-threads", "16", "config.wsgi:application"),
    ]
    # Whose chains were opened, in whose database.
    installation = {"INSTALLATION_NUMBER": settings.BILLING_SYSTEM["installation_number"]}
    installation |= {"DEPLOYMENT_KEY": settings.DEPLOYMENT_KEY}
    environment = place.environment(database_url()) | installation | {"LOG_LEVEL": "WARNING"}
    program = Program("web", command, environment=environment, log=folder / "web.log")
    command = [sys.executable, str(ROOT / "manage.py"), "work"]
    worker = Program("work", command, environment=environment, log=folder / "work.log")
    program.start()
    try:
        assert eventually(lambda: answers(place.port, "/healthz")), program.log.read_text()
        if with_worker:
            worker.start()
        yield place.port
    finally:
        worker.stop()
        program.stop()


class RunningDemo:
    """``make demo`` in a folder of its own: database with fsync, web server, workers, and who keeps them alive."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder, free_port())
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "DATA_DIR": str(self.place.folder), "PORT": str(self.place.port)}
        with (self.place.folder / "demo.log").open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "config.demo"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        assert eventually(lambda: self.is_ready() or not self.is_alive(), 120), self.said()
        assert self.is_alive(), self.said()

    def is_alive(self) -> bool:
        return self._supervisor is not None and self._supervisor.poll() is None

    def kill(self) -> None:
        """Who keeps the others alive dies without a word, and all of them with it."""
        pids = self._pids().values()
        assert self._supervisor is not None
        self._supervisor.kill()
        self._supervisor.wait()
        assert eventually(lambda: not any(map(runs, pids))), "nothing is left behind"

    def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.send_signal(signal.SIGINT)
            self._supervisor.wait(60)

    def said(self) -> str:
        return (self.place.folder / "demo.log").read_text()

    def is_ready(self) -> bool:
        return answers(self.place.port, "/readyz")

    @property
    def facts(self) -> Any:
        """Addresses, tokens, seller and client."""
        return json.loads(self.place.facts.read_text())

    def pid(self, name: str) -> int:
        """The process that is ``name`` now: postgres, web, work-1, work-2, qcluster."""
        return self._pids()[name]

    def _pids(self) -> dict[str, int]:
        pids: dict[str, int] = json.loads((self.place.folder / "pids.json").read_text())
        return pids


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _parent(folder) == pid]


def _parent(folder: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return None


def answers(port: int, path: str) -> bool:
    """Whether the server says 200 there."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        wire.request("GET", path)
        return wire.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        time.sleep(0.05)
        return False
    finally:
        wire.close()


def free_port() -> int:
    """A port that nobody has, with the one of its simulated AEAT: below those that the kernel gives to connections."""
    while True:
        place = Place(Path(), random.randint(10_000, 31_000))
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", place.port)):
            socket.create_server(("127.0.0.1", place.aeat_port)).close()
            return place.port
