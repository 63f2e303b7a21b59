"""``manage.py simulate_aeat`` as a process."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.demo.place import ROOT
from core.fictitious import FICTITIOUS
from verifactu.simulator import schemas
from verifactu.simulator.folder import Folder


class Process:
    """The command with a port of its own."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.folder = folder
        command = [sys.executable, "manage.py", "simulate_aeat", "--port", "0", "--folder", str(folder), *flags]
        settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        self.said = self.process.stdout.readline()
        self.url = self.said.partition("listens at ")[2].partition(";")[0]

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        context = ssl.create_default_context(cafile=str(self.folder / "simulated-aeat-ca.pem"))
        with urllib.request.urlopen(f"{self.url}{path}", data=body, context=context, timeout=10) as response:
            return response.read()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=10)
        return self.process.returncode


def test_it_listens_until_it_is_told_to_stop_and_starts_again_with_what_it_had(tmp_path: Path) -> None:
    first = Process(tmp_path)
    spanish = {tax_id for tax_id, party in FICTITIOUS.items() if party.country == "ES"}
    assert b"simulaci" in first.ask("/")
    assert {path.stem for path in (tmp_path / "test").glob("*.p12")} == spanish
    certificate = Folder(tmp_path).pkcs12_file("B99999021").read_bytes()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    second = Process(tmp_path)
    assert json.loads(second.ask("/simulator/records")) == []
    assert Folder(tmp_path).pkcs12_file("B99999021").read_bytes() == certificate
    assert second.end(signal.SIGTERM) == 0


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError, match="Choose another --port"):
        call_command("simulate_aeat", port=taken.getsockname()[1], folder=tmp_path)


@pytest.mark.parametrize("wrong", [{"wait": 10_000}, {"wait": -1}, {"fault_rate": 1.5}])
def test_what_cannot_be_is_said_in_a_sentence(wrong, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--wait is 0 to 9999"):
        call_command("simulate_aeat", folder=tmp_path, **wrong)


def test_without_the_schemas_it_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(schemas, "find_spec", lambda name: None)
    schemas.schema_of.cache_clear()

    with pytest.raises(CommandError, match=r"pip install django-verifactu==0\.2\.0"):
        call_command("simulate_aeat", port=0, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_signals_mean_what_they_did_before(tmp_path: Path) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError):
        call_command("simulate_aeat", port=taken.getsockname()[1], folder=tmp_path)

    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
