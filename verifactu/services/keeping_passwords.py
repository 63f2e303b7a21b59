"""Passwords of certificates: encrypted where they lie, and again with a new key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from audit.services import Subject, record
from core.actors import Actor
from core.modes import Mode
from integrations.vault import LostKeyError
from verifactu.aeat import password_files


@dataclass(slots=True)
class Kept:
    """What became of the files: written anew, as they ought to be already, and of no use, with the reason."""

    written: list[Path] = field(default_factory=list)
    as_they_were: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)


def encrypt_passwords(*, modes: Iterable[Mode], by: Actor) -> Kept:
    """Encrypt the password files of these modes in place. Safe to repeat and to interrupt: each is whole before it
    takes the other's place."""
    kept = Kept()
    for file in _files(modes):
        _keep(file, kept, only_encrypted=False)
    _write_down("certificate.passwords_encrypted", kept, by=by)
    return kept


def renew_passwords(*, by: Actor) -> Kept:
    """Write those that are encrypted anew under the present key; what lies there in the clear stays so."""
    kept = Kept()
    for file in _files(Mode):
        _keep(file, kept, only_encrypted=True)
    _write_down("certificate.passwords_renewed", kept, by=by)
    return kept


def unreadable_passwords() -> list[Path]:
    """The files that are encrypted with a key that is not there."""
    return [file for file in _files(Mode) if _is_lost(file)]


def _is_lost(file: Path) -> bool:
    try:
        password_files.opened(password_files.text_of(file))
    except LostKeyError:
        return True
    except OSError:
        return False  # somebody else's: what can be read at all is the self-test's question
    return False


def _files(modes: Iterable[Mode]) -> list[Path]:
    folder = Path(settings.CERTIFICATES_FOLDER)
    return [file for mode in modes for file in password_files.password_files(folder, os.environ, mode)]


def _keep(file: Path, kept: Kept, *, only_encrypted: bool) -> None:
    try:
        text = password_files.text_of(file)
        if password_files.is_current(text) or (only_encrypted and not password_files.is_encrypted(text)):
            kept.as_they_were.append(file)
            return
        password_files.put(file, password_files.closed(password_files.opened(text)))
    except (OSError, LostKeyError) as error:
        kept.failed[file] = getattr(error, "strerror", None) or str(error)
    else:
        kept.written.append(file)


def _write_down(action: str, kept: Kept, *, by: Actor) -> None:
    """Whose they are, by the files' names; nothing of what is in them."""
    if kept.written:
        files = sorted(f"{file.parent.name}/{file.name}" for file in kept.written)
        record(action, by=by, subject=Subject("certificate", "passwords"), after={"files": files})
