"""The file outside the database: whole or not at all, one writer at a time, and read for nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from integrations import deployment, deployment_file
from integrations.deployment_file import BrokenFileError, Mark, Outside
from integrations.models import Deployment
from tests.running_house import at_once
from tests.verifactu.chains import an_appender

MARKS = {"chain": Mark("1", 7, "F" * 64)}


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> Path:
    settings.DEPLOYMENT_KEY = ""
    settings.DEPLOYMENT_FILE = tmp_path / "deployment.json"
    return tmp_path / "deployment.json"


def test_what_is_written_is_read_and_nobody_else_may_look(file: Path) -> None:
    outside = Outside("key", MARKS, ({"chain": "lost"},))
    deployment_file.write(outside)
    assert deployment_file.read() == outside
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_file_is_no_key(file: Path) -> None:
    assert deployment_file.read() == Outside()


def test_a_key_in_the_environment_is_the_key_whatever_the_file_says(file: Path, settings: Any) -> None:
    deployment_file.write(Outside("key", MARKS))
    settings.DEPLOYMENT_KEY = "shared"
    assert deployment_file.read() == Outside("shared", MARKS)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"key": 1, "marks": {"a": {"b": 1}}, "retired": []}'])
def test_nonsense_is_told(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(BrokenFileError):
        deployment_file.read()


def test_a_folder_that_cannot_be_looked_into_is_told(file: Path, settings: Any) -> None:
    file.write_text("{}")
    settings.DEPLOYMENT_FILE = file / "below"  # what stands in the way here is a file
    with pytest.raises(BrokenFileError):
        deployment_file.read()


def test_a_change_is_seen_at_once_and_nothing_is_read_twice(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment_file.write(Outside("one"))
    assert deployment_file.read().key == "one"
    monkeypatch.setattr(deployment_file, "_parsed", lambda _path: pytest.fail("read again"))
    assert deployment_file.read().key == "one"
    monkeypatch.undo()
    deployment_file.write(Outside("two"))
    assert deployment_file.read().key == "two"


_WRITER = """
import os, sys
from pathlib import Path
from django.conf import settings
settings.configure(DEPLOYMENT_FILE=Path(sys.argv[1]), DEPLOYMENT_KEY="")
from integrations import deployment_file
from integrations.deployment_file import Mark, Outside
for sequence in range(1, 100_000):
    with deployment_file.turn():
        deployment_file.write(Outside("key", {str(i): Mark("1", sequence, "F" * 64) for i in range(200)}))
    if sequence == 20:
        print("begun", flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_whole_file(file: Path) -> None:
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(file)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        time.sleep(0.02)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        marks = deployment_file.read().marks
        assert len(marks) == 200
        assert len({mark.sequence for mark in marks.values()}) == 1
        with deployment_file.turn():
            deployment_file.write(
                Outside("key")
            )  # what the dead one held is free, what it left half-done is no hindrance


@pytest.mark.django_db(transaction=True)
def test_machines_that_begin_at_once_agree_on_one_key(file: Path) -> None:
    at_once(lambda _: deployment.claim(), range(8))
    assert Deployment.objects.get().key == deployment_file.read().key
    assert len(deployment_file.read().key) == 32


@pytest.mark.django_db
def test_the_fence_costs_no_query_while_issuing(django_assert_num_queries: Any) -> None:
    shop = an_appender()
    with django_assert_num_queries(4):  # begin and end of a savepoint, the chain, the record
        shop.append()


@pytest.mark.django_db
def test_marks_never_go_back_and_are_written_only_when_they_move(file: Path) -> None:
    shop = an_appender()
    shop.append()
    assert deployment.keep_marks()
    before = file.stat().st_mtime_ns
    assert deployment.keep_marks()
    assert file.stat().st_mtime_ns == before
    shop.append("A-2")
    assert deployment.keep_marks()
    assert deployment_file.read().marks[str(shop.chain.id)].sequence == 2
