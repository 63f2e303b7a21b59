"""``make demo``, from its first start to its last kill."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.demo import __main__ as demo
from config.demo.make import Make
from config.demo.place import ROOT, Place
from config.demo.welcome import Facts, curl_line, welcome
from config.postgres import EmbeddedPostgres
from config.processes import Program
from config.stopping import Stopping
from tests.running_house import free_port
from tests.throwaway import UNSAFE_AND_FAST
from tests.waiting import eventually, runs

FACTS = Facts(
    base_url="http://localhost:8000",
    users={"admin": {"username": "admin", "password": "pass-word"}},
    tokens={"full": "corr_test_abc"},
    seller="s-1",
    client="c-1",
    database_url="postgres://here",
)

HOLDER = """
import sys
from pathlib import Path
from config.postgres import EmbeddedPostgres
from tests.throwaway import UNSAFE_AND_FAST
server = EmbeddedPostgres(Path(sys.argv[1]), options=UNSAFE_AND_FAST)
server.start()
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Place, "postgres", lambda self: EmbeddedPostgres(self.folder, options=UNSAFE_AND_FAST))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder of its own, and a port that nobody has."""
    return Place(tmp_path, free_port())


def test_its_secrets_are_made_once_and_kept_for_their_owner(place):
    first, second = place.environment("postgres://here"), place.environment("postgres://here")
    assert first == second
    assert len(first["SECRET_KEY"]) >= 50
    assert first["INSTALLATION_NUMBER"].startswith("demo-")
    assert (place.folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_two_demos_share_no_secret(tmp_path):
    numbers = {Place(tmp_path / name, 1).environment("")["INSTALLATION_NUMBER"] for name in _folders(tmp_path)}
    assert len(numbers) == 2


def _folders(tmp_path: Path) -> Iterator[str]:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        yield name


def test_it_runs_a_web_server_two_workers_and_a_cluster(place):
    assert [program.name for program in place.programs({})] == ["web", "work-1", "work-2", "qcluster"]


def test_test_mode_talks_to_its_own_simulated_aeat(place):
    environment = place.environment("")
    assert environment["AEAT_TEST_URL"] == f"https://localhost:{place.aeat_port}"
    assert environment["CERTIFICATES_FOLDER"] == str(place.folder / "certificates")
    assert place.simulated_aeat(environment).name == "aeat"


@pytest.mark.parametrize(("port", "aeat_port"), [(8000, 8443), (65092, 65535), (65093, 64650)])
def test_the_simulated_aeat_has_a_port_beside_the_web_servers(port, aeat_port, tmp_path):
    assert Place(tmp_path, port).aeat_port == aeat_port


def test_a_taken_port_of_the_simulated_aeat_is_refused_too(place, monkeypatch):
    monkeypatch.setattr(demo, "_PATIENCE_WITH_PORT", 0.2)
    with (
        socket.create_server(("127.0.0.1", place.aeat_port)),
        pytest.raises(demo.DemoError, match=f"PORT={place.port + 1}"),
    ):
        demo.run(place, Stopping())


def test_a_simulated_aeat_that_does_not_start_ends_it(place, monkeypatch, fast_disk):
    monkeypatch.setattr(Place, "preparation", lambda self, environment: _python(self, ""))
    monkeypatch.setattr(Place, "simulated_aeat", lambda self, environment: _python(self, "raise SystemExit(3)"))
    with pytest.raises(demo.DemoError, match="The simulated AEAT does not answer"):
        demo.run(place, Stopping())
    assert not (place.folder / "postgres" / "postmaster.pid").exists()


def test_it_says_where_to_go_with_what(tmp_path):
    said = welcome(FACTS, tmp_path, "https://localhost:8443")
    for word in (
        "https://localhost:8443",
        "http://localhost:8000/admin/",
        "pass-word",
        "corr_test_abc",
        "http://localhost:8000/api/v1/docs",
    ):
        assert word in said


def test_each_curl_line_has_a_key_of_its_own():
    assert curl_line(FACTS) != curl_line(FACTS)


def test_a_taken_port_is_refused_with_the_way_out(place, monkeypatch):
    monkeypatch.setattr(demo, "_PATIENCE_WITH_PORT", 0.2)
    with socket.create_server(("127.0.0.1", place.port)), pytest.raises(demo.DemoError, match=f"PORT={place.port + 1}"):
        demo.run(place, Stopping())


def test_a_second_demo_in_the_same_folder_is_refused(place, fast_disk):
    command = [sys.executable, "-c", HOLDER, str(place.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout
        assert first.stdout.readline()
        with pytest.raises(demo.DemoError, match="Another demo runs"):
            demo.run(place, Stopping())
        first.kill()


def test_a_preparation_that_fails_ends_it_with_the_reason(place, monkeypatch, fast_disk):
    monkeypatch.setattr(Place, "preparation", lambda self, environment: _python(self, "raise SystemExit('no way')"))
    with pytest.raises(demo.DemoError, match="no way"):
        demo.run(place, Stopping())
    assert not (place.folder / "postgres" / "postmaster.pid").exists()


def test_told_to_stop_while_it_prepares_it_leaves_nothing(place, monkeypatch, capsys, fast_disk):
    monkeypatch.setattr(Place, "preparation", lambda self, environment: _python(self, "import time; time.sleep(600)"))
    monkeypatch.setattr(Place, "programs", lambda self, environment: [])
    stopping = Stopping()
    stopping.set()
    demo.run(place, stopping)
    assert "ending" in capsys.readouterr().out
    assert not (place.folder / "postgres" / "postmaster.pid").exists()


def test_a_web_server_that_never_answers_ends_it(place, monkeypatch, fast_disk):
    monkeypatch.setattr(demo, "_PATIENCE", 0.1)
    monkeypatch.setattr(Place, "preparation", lambda self, environment: _python(self, ""))
    monkeypatch.setattr(Place, "programs", lambda self, environment: [])
    with pytest.raises(demo.DemoError, match=r"does not answer. See .*web\.log"):
        demo.run(place, Stopping())


def _python(place: Place, code: str) -> Program:
    return Program(
        "prepare", [sys.executable, "-c", code], environment=dict(os.environ), log=place.folder / "prepare.log"
    )


def test_the_command_turns_what_cannot_be_into_a_sentence(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(demo, "_PATIENCE_WITH_PORT", 0)
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.chdir(ROOT)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        with pytest.raises(SystemExit, match="is taken"):
            demo.main()
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_parent_that_is_no_make_never_interrupts():
    assert not Make(os.getpid()).was_interrupted()
    assert not Make(2**30).was_interrupted()


# --- the whole of it -------------------------------------------------------------------------------------------------


# Ctrl-C as a terminal has it: below a shell in the background it is ignored, and so it would be by whoever we start.
_HEAR = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
HEARING = [sys.executable, "-c", _HEAR]


class MakeDemo:
    """``make demo`` as a script calls it."""

    def __init__(self, place: Place) -> None:
        self.log = place.folder / "make.log"
        self.place = place
        # An environment that counts as installed: it is the one that runs this test.
        command = ["make", "-o", ".venv/installed", f"BIN={Path(sys.executable).parent}", "demo"]
        environment = {**os.environ, "DATA_DIR": str(place.folder), "PORT": str(place.port)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*HEARING, *command], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        assert eventually(lambda: "\ncurl " in self.said() or self.process.poll() is not None, 120)

    def said(self) -> str:
        return self.log.read_text()

    def curl(self) -> Any:
        """Paste the printed line."""
        line = next(line for line in self.said().splitlines() if line.startswith("curl "))
        return json.loads(subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True).stdout)

    def facts(self) -> Any:
        return json.loads(self.place.facts.read_text())

    def pids(self) -> dict[str, int]:
        pids: dict[str, int] = json.loads((self.place.folder / "pids.json").read_text())
        return pids

    def everybody(self) -> list[int]:
        """The supervisor, what it started, and what that started."""
        sessions = {*self.pids().values(), self.process.pid}
        return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _session(folder) in sessions]


def _session(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[3])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def ends(everybody: list[int]) -> bool:
    return eventually(lambda: not any(map(runs, everybody)), 60)


@pytest.mark.crash
def test_the_demo_issues_by_curl_survives_kills_keeps_its_data_and_leaves_nothing(place):
    first = MakeDemo(place)
    invoice = first.curl()
    assert invoice["status"] == "issued"
    assert invoice == first.curl(), "the same line again is the same call"
    facts = first.facts()

    web = first.pids()["web"]
    os.kill(web, signal.SIGKILL)
    assert eventually(lambda: first.pids().get("web", web) != web)
    assert "web ended and is started again" in first.said()

    everybody = first.everybody()
    assert len(everybody) >= 9
    assert "aeat" in first.pids()
    first.process.send_signal(signal.SIGINT)  # to make alone, as a script does
    assert ends(everybody)
    first.process.wait(10)

    second = MakeDemo(place)
    assert second.facts() == facts
    assert second.curl()["number"] == invoice["number"] + 1
    everybody = second.everybody()
    supervisor = next(pid for pid in everybody if b"config.demo" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(supervisor, signal.SIGKILL)
    assert ends(everybody)
    second.process.wait(10)
