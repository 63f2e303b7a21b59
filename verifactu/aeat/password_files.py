"""Passwords of certificates at rest: a file may hold the password as it is, or encrypted (``enc:…``).

Encrypted with a key from the environment (integrations/vault.py), so that a copy of the folder opens nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.modes import Mode
from integrations import vault

_ENCRYPTED: Final = re.compile(r"enc:(gAAAAA[0-9A-Za-z_=-]+)")  # what Fernet writes begins like that, always
_VARIABLE: Final = re.compile(r"AEAT_CERTIFICATE_(TEST|LIVE)_[0-9A-Z]{9}_PASSWORD_FILE")


def password_files(folder: Path, environment: Mapping[str, str], mode: Mode) -> Iterator[Path]:
    """The password files of a mode: those in its folder, and those that the environment names."""
    named = [
        folder / value
        for name, value in environment.items()
        if (found := _VARIABLE.fullmatch(name)) and found[1].lower() == mode.value and value
    ]
    files = {path.resolve(): path for path in (*sorted((folder / mode.value).glob("*.password")), *named)}
    yield from (path for path in files if path.is_file())


def is_encrypted(text: str) -> bool:
    return _ENCRYPTED.fullmatch(text) is not None


def opened(text: str) -> str:
    """The password that a file's text stands for. Raises LostKeyError."""
    found = _ENCRYPTED.fullmatch(text)
    return vault.decrypt(found[1].encode()) if found else text


def closed(password: str) -> str:
    """The password as it may lie on a disk."""
    return f"enc:{vault.encrypt(password).decode()}"


def is_current(text: str) -> bool:
    """Whether it is encrypted with the present key."""
    found = _ENCRYPTED.fullmatch(text)
    return found is not None and vault.is_current(found[1].encode())


def text_of(file: Path) -> str:
    """As certificates' places read it. Raises OSError."""
    return file.read_bytes().decode("utf-8", "surrogateescape").rstrip("\r\n")


def put(file: Path, text: str) -> None:
    """Write a file anew, or the one that a link points at: whole or not at all, for its owner alone. Raises OSError."""
    file = file.resolve()
    before, beside = file.stat(), file.with_name(f".{file.name}.new")
    with suppress(FileNotFoundError):
        beside.unlink()  # somebody was interrupted
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as new:
        if (os.geteuid(), os.getegid()) != (before.st_uid, before.st_gid):
            os.fchown(new.fileno(), before.st_uid, before.st_gid)  # root writes for who runs the house
        new.write(text.encode("utf-8", "surrogateescape") + b"\n")
        new.flush()
        os.fsync(new.fileno())
    beside.replace(file)
