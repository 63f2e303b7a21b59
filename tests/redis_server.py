"""A Redis of a test's own (Debian's redis-server; ``make tools`` installs it)."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import redis

from config.processes import Program
from tests.running_house import free_port
from tests.waiting import eventually


class RedisServer:
    """In memory only: what it holds goes with it, as in a power cut."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("redis-server")
        assert found, "redis-server is missing: make tools installs it"
        self.port = free_port()
        address = ("--port", str(self.port), "--bind", "127.0.0.1")
        keep_nothing = ("--save", "", "--appendonly", "no", "--dir", str(folder))
        self.program = Program("redis", [found, *address, *keep_nothing], environment={}, log=folder / "redis.log")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.program.start()
        assert eventually(self.answers), self.program.log.read_text()

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.url, socket_timeout=1) as client:
            return bool(client.ping())
        return False

    def kill(self) -> None:
        """Without a warning, with all that it holds."""
        assert self.program.pid is not None
        os.kill(self.program.pid, signal.SIGKILL)
        assert eventually(lambda: not self.answers())


@contextlib.contextmanager
def a_redis(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.program.stop()
