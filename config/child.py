"""Run a command as a child that cannot outlive its parent: ``python config/child.py --signal=SIGINT -- COMMAND…``.

The kernel sends the signal to the command when the process that started it dies, however it dies. As root,
``--as-nobody`` first gives up root, which PostgreSQL demands. Linux only, and the standard library only.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pwd
import signal
import struct
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _ask_kernel(function: str, *arguments: int | bytes) -> None:
    if getattr(_libc, function)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")


def die_with_parent(death_signal: int, *, parent: int) -> None:
    """Ask for ``death_signal`` when ``parent`` dies; end at once where it is dead already."""
    _ask_kernel("prctl", _PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("The parent was gone before its child began.")


def become_nobody(*, keep_passage: bool) -> None:
    """Give up root for ``nobody``.

    ``keep_passage`` keeps one of root's capabilities, to pass folders that are closed to others. So a checkout below
    ``/root`` works, without opening ``/root`` to the rest of the machine.
    """
    nobody = pwd.getpwnam("nobody")
    if keep_passage:
        # Else the kernel takes every capability with root, and access(2), which initdb asks, would look away from it.
        _ask_kernel("prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    if keep_passage:
        _keep_capability(_CAP_DAC_OVERRIDE)


def _keep_capability(number: int) -> None:
    """Hold one capability across ``exec`` (capabilities(7): ambient ones must be permitted and inheritable)."""
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    effective = permitted = inheritable = 1 << number
    _ask_kernel("capset", header, struct.pack("6I", effective, permitted, inheritable, 0, 0, 0))
    _ask_kernel("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number, 0, 0)


def child_command(
    command: Sequence[str], *, death_signal: signal.Signals, as_nobody: bool = False, keep_passage: bool = False
) -> list[str]:
    """``command`` such that it dies, by ``death_signal``, with the process that asks here."""
    launcher = [sys.executable, "-I", "-S", __file__, f"--parent={os.getpid()}", f"--signal={death_signal.name}"]
    flags = [f"--{flag}" for flag, wanted in (("as-nobody", as_nobody), ("keep-passage", keep_passage)) if wanted]
    return [*launcher, *flags, "--", *command]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Run a command that ends with its parent.")
    parser.add_argument("--signal", default="SIGTERM", help="what the command receives when its parent dies")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="the process that is expected to be it")
    parser.add_argument("--as-nobody", action="store_true")
    parser.add_argument("--keep-passage", action="store_true", help="as nobody, still pass closed folders")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    if options.as_nobody:
        become_nobody(keep_passage=options.keep_passage)
    # Last, since a change of user would undo it.
    die_with_parent(signal.Signals[options.signal], parent=options.parent)
    os.execvp(options.command[0], options.command)  # noqa: S606 - the caller's own command


if __name__ == "__main__":
    main()
