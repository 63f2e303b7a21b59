"""Processes that come again, and never outlive us."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.processes import Program, Supervisor
from config.stopping import Stopping
from tests.waiting import eventually, runs

# Writes down its own child's number and then its own, and ends politely with its child.
PARENT = """
import os, signal, subprocess, sys
child = subprocess.Popen(["/bin/sleep", "600"])
def end(*_):
    child.kill(); child.wait(); sys.exit(3)
signal.signal(signal.SIGTERM, end)
open(sys.argv[1], "w").write(f"{child.pid} {os.getpid()}")
signal.pause()
"""

SUPERVISOR = """
import sys
from pathlib import Path
from tests.config.test_processes import a_program
from config.processes import Supervisor
from config.stopping import Stopping
folder = Path(sys.argv[1])
Supervisor([a_program(folder)], stopping=Stopping(), pid_file=folder / "pids.json", say=print).watch()
"""


def a_program(folder: Path) -> Program:
    command = [sys.executable, "-c", PARENT, str(folder / "family")]
    return Program("parent", command, environment=dict(os.environ), log=folder / "parent.log")


def family(folder: Path) -> list[int]:
    """The child's and the parent's number, once both are up."""
    file = folder / "family"
    assert eventually(lambda: file.exists() and len(file.read_text().split()) == 2)
    return [int(number) for number in file.read_text().split()]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = a_program(tmp_path)
    program.start()
    yield program
    program.stop()


def test_a_program_is_asked_to_end_and_may_end_its_own_children(program, tmp_path):
    child, _ = family(tmp_path)
    program.ask_to_stop()
    assert eventually(lambda: not program.alive())
    assert program.bury() == 3
    assert not runs(child)


def test_a_killed_programs_children_end_before_it_is_started_again(program, tmp_path):
    child, parent = family(tmp_path)
    os.kill(parent, signal.SIGKILL)
    assert eventually(lambda: not program.alive())
    (tmp_path / "family").unlink()
    program.start()
    assert eventually(lambda: not runs(child))
    assert parent not in family(tmp_path)


def test_a_program_that_does_not_listen_is_ended_by_force(tmp_path, monkeypatch):
    monkeypatch.setattr("config.processes._PATIENCE", 0.2)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    program = Program("deaf", [sys.executable, "-c", deaf], environment=dict(os.environ), log=tmp_path / "log")
    program.start()
    pid = program.pid
    assert pid
    assert eventually(lambda: "up" in program.log.read_text())
    program.stop()
    assert not runs(pid)


def test_a_program_may_be_asked_again_and_after_its_end(program, tmp_path):
    family(tmp_path)
    program.ask_to_stop()
    assert eventually(lambda: not program.alive())
    program.stop()
    assert program.bury() == 0, "there is nothing left to bury"


def test_stopping_what_never_ran_is_nothing(tmp_path):
    program = a_program(tmp_path)
    program.stop()
    assert not program.alive()
    assert program.pid is None


def test_the_supervisor_starts_again_what_was_killed_and_says_so(tmp_path):
    said: list[str] = []
    stopping = Stopping()
    supervisor = Supervisor([a_program(tmp_path)], stopping=stopping, pid_file=tmp_path / "pids.json", say=said.append)
    supervisor.look()
    _, parent = family(tmp_path)
    assert json.loads((tmp_path / "pids.json").read_text()) == {"parent": parent}
    os.kill(parent, signal.SIGKILL)
    threading.Timer(2, stopping.set).start()
    supervisor.watch()
    assert said == ["parent ended and is started again"]
    assert json.loads((tmp_path / "pids.json").read_text()) != {"parent": parent}
    supervisor.stop()
    assert not (tmp_path / "pids.json").exists()


def test_a_service_that_does_not_start_is_tried_again(tmp_path):
    said: list[str] = []
    program = Program("absent", ["/nonexistent"], environment={}, log=tmp_path / "no-such-folder" / "log")
    supervisor = Supervisor([program], stopping=Stopping(), pid_file=tmp_path / "pids.json", say=said.append)
    supervisor.look()
    assert said[0].startswith("absent did not start: ")
    supervisor.look()
    assert len(said) == 1, "not before it took a breath"


def test_nothing_is_left_when_the_supervisor_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(tmp_path)]) as supervisor:
        child, parent = family(tmp_path)
        supervisor.kill()
        assert eventually(lambda: not runs(child) and not runs(parent))


def test_a_child_whose_parent_died_before_it_began_does_not_begin(tmp_path):
    file = Path(__file__).parents[2] / "config" / "child.py"
    stranger = os.getppid()
    result = subprocess.run(
        [sys.executable, str(file), f"--parent={stranger}", "--", "/usr/bin/touch", str(tmp_path / "begun")],
        check=False, capture_output=True,
    )  # fmt: skip
    assert result.returncode == 1
    time.sleep(0.1)
    assert not (tmp_path / "begun").exists()
