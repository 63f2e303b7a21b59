"""What a deployment keeps outside its database: its key, and how far each chain had come (docs/adr/0021).

One small JSON file on the machine, mode 600. It is written whole or not at all, and reaches the disk before anybody
goes on; two processes that write take turns. Reading it costs a look at its time, since every issued invoice asks.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings


class BrokenFileError(Exception):
    """The file is there and says nothing that can be understood."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a chain had come: its last record that is known to have been committed."""

    installation_number: str
    sequence: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Outside:
    """The file. ``key`` is empty where there is none; ``marks`` are by the chain's id; ``retired`` are marks of records
    that were lost with an older database, kept as evidence."""

    key: str = ""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    retired: tuple[Mapping[str, Any], ...] = ()


_Stamp = tuple[str, int, int, int]
_known: dict[str, tuple[_Stamp | None, Outside]] = {}


def read() -> Outside:
    """What the file says; nothing where there is none. DEPLOYMENT_KEY is the key where it is set. Raises BrokenFile."""
    path = _path()
    stamp = _stamp(path)
    known = _known.get("file")
    if known is None or known[0] != stamp:
        known = _known["file"] = (stamp, Outside() if stamp is None else _parsed(path))
    outside = known[1]
    return Outside(settings.DEPLOYMENT_KEY, outside.marks, outside.retired) if settings.DEPLOYMENT_KEY else outside


@contextmanager
def turn() -> Iterator[None]:
    """Wait until nobody else on this machine writes the file."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(outside: Outside) -> None:
    """Replace the file, for good: when this returns, a power cut does not undo it. Call it in one's ``turn``."""
    path = _path()
    content = {
        "key": outside.key,
        "marks": {chain: asdict(mark) for chain, mark in outside.marks.items()},
        "retired": list(outside.retired),
    }
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def set_aside() -> None:
    """Keep a file that cannot be understood under another name."""
    path = _path()
    path.rename(path.with_name(f"{path.name}.broken"))


def _path() -> Path:
    return Path(settings.DEPLOYMENT_FILE)


def _stamp(path: Path) -> _Stamp | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:  # a folder that may not be looked into
        raise BrokenFileError(f"{path} cannot be read: {error}") from error
    return str(path), seen.st_ino, seen.st_mtime_ns, seen.st_size


def _parsed(path: Path) -> Outside:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        marks = {chain: Mark(**mark) for chain, mark in told["marks"].items()}
        return Outside(str(told["key"]), marks, tuple(told["retired"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenFileError(f"{path} cannot be read: {error}") from error
