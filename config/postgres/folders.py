"""Folders for a server that refuses to be root: whose they are, who may pass, how long a path may be."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import stat
import tempfile
from pathlib import Path

from config.postgres.errors import PostgresError

SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # bytes; sun_path in unix(7)


def socket_folder(folder: Path) -> Path:
    """``FOLDER/run``, or a short one named by a digest where that path would be too long for a socket."""
    if len(os.fsencode(folder / "run" / SOCKET)) <= _LONGEST_SOCKET_PATH:
        return folder / "run"
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"correlativa-{digest}"


def make_own(folder: Path) -> None:
    """Make ``folder`` for the server's user alone; refuse one that somebody else put there, as may be in ``/tmp``."""
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.pw_uid:
        raise PostgresError(f"{folder} belongs to somebody else. Remove it, or set another DATA_DIR.")


def shuts_others_out(path: Path) -> bool:
    """Whether a folder on the way to ``path`` is closed to users who do not own it, as ``/root`` is."""
    return any(not folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
