"""Becoming a child that gave up root."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from config.child import child_command

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has it to give up")


def run(*command: str | Path, keep_passage: bool) -> subprocess.CompletedProcess[str]:
    child = child_command([*map(str, command)], death_signal=signal.SIGKILL, as_nobody=True, keep_passage=keep_passage)
    return subprocess.run(child, capture_output=True, text=True, check=False)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A program in a folder that only root may enter, as a checkout below /root."""
    program = tmp_path / "closed" / "program"
    program.parent.mkdir(mode=0o700)
    program.write_text("#!/bin/sh\necho ran as $(id -un)\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("keep_passage", [True, False])
def test_nobody_it_is(keep_passage):
    assert run("/usr/bin/id", "-un", keep_passage=keep_passage).stdout == "nobody\n"


def test_without_passage_a_closed_folder_stays_closed(closed):
    assert run("/usr/bin/test", "-x", closed, keep_passage=False).returncode != 0


def test_with_passage_it_can_be_asked_for_and_run(closed):
    # access(2) leaves out the capabilities of users who are not root unless told otherwise; initdb asks it.
    assert run("/usr/bin/test", "-x", closed, keep_passage=True).returncode == 0
    assert run(closed, keep_passage=True).stdout == "ran as nobody\n"


def test_of_roots_powers_passage_is_the_only_one_kept():
    status = run("/bin/cat", "/proc/self/status", keep_passage=True).stdout
    held = {
        name: int(value, 16) for name, value in (line.split(":\t") for line in status.splitlines() if "Cap" in line)
    }
    assert held["CapEff"] == held["CapPrm"] == 1 << 1, "CAP_DAC_OVERRIDE"


def test_without_passage_it_keeps_none():
    status = run("/bin/cat", "/proc/self/status", keep_passage=False).stdout
    assert "CapEff:\t0000000000000000" in status
