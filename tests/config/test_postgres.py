"""The embedded PostgreSQL, and every trap on its way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.postgres import EmbeddedPostgres, PostgresError
from config.postgres.folders import make_own, shuts_others_out, socket_folder
from config.postgres.pidfile import PidFile
from tests.throwaway import UNSAFE_AND_FAST
from tests.waiting import eventually, runs

HOLDER = """
import sys, time
from pathlib import Path
from config.postgres import EmbeddedPostgres
from tests.throwaway import UNSAFE_AND_FAST
server = EmbeddedPostgres(Path(sys.argv[1]), options=UNSAFE_AND_FAST)
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "var", options=UNSAFE_AND_FAST)
    yield server
    server.stop()


@pytest.fixture
def holder(server: EmbeddedPostgres) -> Iterator[subprocess.Popen]:
    """Another process that started the same server."""
    command = [sys.executable, "-c", HOLDER, str(server.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield process
        process.kill()


def ask(server: EmbeddedPostgres, question: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row
    return row[0]


def serving(server: EmbeddedPostgres) -> int:
    """The process that serves the folder, whoever holds it."""
    pid = PidFile(server.data).server()
    assert pid
    return pid


def test_it_starts_from_nothing_and_keeps_its_data(server):
    server.start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server.start()
    assert ask(server, "SELECT answer FROM kept") == 42


def test_it_speaks_utf8_and_listens_on_its_socket_alone(server):
    server.start()
    assert ask(server, "SHOW server_encoding") == "UTF8"
    assert ask(server, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert ask(server, "SHOW listen_addresses") == ""


def test_an_option_on_the_command_line_beats_alter_system(server):
    server.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_connections = 5")
    server.stop()
    server.start()
    assert ask(server, "SHOW max_connections") == "200"


def test_its_log_keeps_the_rows_out_that_it_refuses(server):
    server.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE person (name text CHECK (name = ''))")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO person VALUES (%s)", ["Lucía Pérez"])

    told = server.log.read_text()
    assert "person_name_check" in told
    assert "Failing row" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes nobody")
def test_for_root_it_runs_as_nobody_even_below_a_closed_folder(server):
    server.folder.mkdir()
    server.folder.chmod(0o700)
    assert shuts_others_out(server.data)
    server.start()
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0


def test_it_is_stopped_cleanly(server):
    server.start()
    pid = server.pid
    server.stop()
    assert not runs(pid)
    assert "database system is shut down" in server.log.read_text()


def test_a_second_process_attaches_and_leaves_it_running(server, holder):
    server.start()
    assert server.pid is None
    assert ask(server, "SELECT 1") == 1
    server.stop()
    assert runs(serving(server))


def test_it_goes_when_its_holder_is_killed_and_comes_again(server, holder):
    pid = serving(server)
    holder.kill()
    assert eventually(lambda: not runs(pid))
    server.start()
    assert server.pid
    assert ask(server, "SELECT 1") == 1


def test_it_starts_while_the_last_one_is_still_going(server, holder):
    with psycopg.connect(server.url()):
        holder.kill()
        holder.wait()
        server.start()
    assert ask(server, "SELECT 1") == 1


def test_it_comes_again_after_its_own_kill(server):
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    assert eventually(lambda: not server.alive())
    server.start()
    assert server.alive()
    assert ask(server, "SELECT 1") == 1


def test_a_stale_pid_file_does_not_touch_the_process_that_has_the_number_now(server):
    server.start()
    server.stop()
    nobody = 65534 if os.geteuid() == 0 else None  # as PostgreSQL runs: whom it may not signal it takes for dead
    with subprocess.Popen(["/bin/sleep", "60"], user=nobody) as stranger:
        (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n")
        make_own(server.run)
        (server.run / ".s.PGSQL.5432.lock").write_text(f"{stranger.pid}\n{server.data}\n")  # a killed one's socket
        server.start()
        assert ask(server, "SELECT 1") == 1
        server.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_cluster_whose_making_was_interrupted_is_made_anew(server):
    (server.folder / "postgres.new" / "base").mkdir(parents=True)
    server.start()
    assert ask(server, "SELECT 1") == 1


def test_a_long_path_gets_a_short_socket(tmp_path):
    folder = tmp_path / ("f" * 60) / ("g" * 60)
    server = EmbeddedPostgres(folder, options=UNSAFE_AND_FAST)
    assert server.run != folder / "run"
    server.start()
    assert ask(server, "SELECT 1") == 1
    server.stop()
    assert not server.run.exists()


def test_a_path_may_have_spaces(tmp_path):
    server = EmbeddedPostgres(tmp_path / "mis facturas", options=UNSAFE_AND_FAST)
    server.start()
    assert ask(server, "SELECT 1") == 1
    server.stop()


@pytest.mark.parametrize("length, short", [(107, False), (108, True)])
def test_a_sockets_path_may_have_107_bytes(length, short):
    folder = Path("/" + "f" * (length - len("//run/.s.PGSQL.5432")))
    assert (socket_folder(folder) != folder / "run") is short


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "trap").symlink_to(tmp_path)
    with pytest.raises(PostgresError, match="belongs to somebody else"):
        make_own(tmp_path / "trap")


def test_a_server_that_cannot_start_says_why(tmp_path):
    server = EmbeddedPostgres(tmp_path / "var", options={**UNSAFE_AND_FAST, "shared_buffers": "nonsense"})
    with pytest.raises(PostgresError, match="shared_buffers"):
        server.start()
    server.stop()
