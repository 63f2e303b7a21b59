"""What holds for every test: repeatable examples, and no word to the outside."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from hypothesis import HealthCheck, settings

from integrations.throttling import counter

# The same examples in every run, so that a red build is red again; HYPOTHESIS_PROFILE=explore looks for new ones.
_COMMON: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, **_COMMON)
settings.register_profile("explore", max_examples=1_000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_HERE = ("localhost", "127.0.0.1", "::1")


class OutsideWorldError(AssertionError):
    """A test tried to reach another machine."""


def _only_here(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    """``connect`` for Unix sockets and this machine's loopback alone."""

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] not in _HERE:
            raise OutsideWorldError(f"tests may not reach {address}")
        return connect(self, address)

    return guarded


@pytest.fixture(autouse=True)
def _no_marks_of_another_test() -> None:
    """Chains that a test left behind would look like records lost."""
    Path(configured.DEPLOYMENT_FILE).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _no_failures_of_another_test() -> None:
    """All tests call from one address, which may fail twenty times a minute."""
    counter.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def _no_outside_world() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _only_here(getattr(socket.socket, name)))
        yield
