"""Many issue, the sender runs and is killed, the AEAT fails at random: in the end it has every record, once, in order.

The simulated AEAT keeps a file of its own: what it accepted is asked of that file, not of us.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from config.demo.place import ROOT, Place
from config.processes import Program
from tests.builders import a_client, a_seller, an_invoice
from tests.crash.houses import running
from tests.evidence import ask, assert_whole
from tests.running_house import database_url, free_port
from tests.waiting import eventually
from verifactu.models import ExchangeOutcome, FiscalRecord, RecordAnswer, Sender, Submission
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.folder import Folder
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

SELLERS = ("B99999021", "89890001K", "99999901H")
PROCESSES, EACH = 8, 200
PATIENCE = 300.0


@dataclass(frozen=True)
class House:
    """Processes over the test's database that talk to a simulated AEAT at ``port``."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        return Place(self.folder, self.port).environment(database_url()) | {
            "DEPLOYMENT_KEY": settings.DEPLOYMENT_KEY,
            "INSTALLATION_NUMBER": settings.BILLING_SYSTEM["installation_number"],
            "CERTIFICATES_FOLDER": str(self.folder),
            "AEAT_TEST_URL": f"https://localhost:{self.port}",
            "AEAT_TEST_CA": str(Folder(self.folder).ca_file),
            "LOG_LEVEL": "WARNING",
        }

    def program(self, name: str, *command: str) -> Program:
        argv = [sys.executable, str(ROOT / "manage.py"), *command]
        return Program(name, argv, environment=self.environment, log=self.folder / f"{name}.log")

    def issue(self, clients: Sequence[str]) -> None:
        """All the processes at once; each must end well."""
        command = [sys.executable, "-m", "tests.crash.issuing", str(EACH), *clients]
        with contextlib.ExitStack() as ended:
            running = [subprocess.Popen(command, cwd=ROOT, env=self.environment) for _ in range(PROCESSES)]
            for process in running:
                ended.enter_context(process)
                ended.callback(process.kill)  # who is still at it when the test has given up
            assert [process.wait(PATIENCE) for process in running] == [0] * PROCESSES

    def accepted(self, issuer: str) -> list[str]:
        """The fingerprints of what the AEAT accepted of this issuer, in the order in which it did."""
        with contextlib.closing(sqlite3.connect(Folder(self.folder).store_file)) as store:
            rows = store.execute("SELECT fingerprint FROM accepted WHERE issuer = ? ORDER BY id", (issuer,))
            return [fingerprint for (fingerprint,) in rows]


def kill_again_and_again(programs: Sequence[Program], *, times: int) -> None:
    """One of them at random, without a warning, and started anew, each time some more records were answered.

    In the thread that stays: whoever is started by a thread ends with it.
    """
    chance = random.Random(7)
    for hit in range(1, times + 1):
        assert eventually(partial(has_answers, hit * PROCESSES * EACH // (times + 1)), PATIENCE), states()
        victim = chance.choice(programs)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        victim.start()


def has_answers(number: int) -> bool:
    time.sleep(0.05)
    return RecordAnswer.objects.count() >= number


def states() -> list[tuple[object, ...]]:
    """What a person would look at first."""
    names = ("sent_through", "chain__last_sequence", "failures", "last_failure", "stop_reason", "next_at", "turn")
    return list(Sender.objects.values_list(*names, "open_submission__outcome"))


def nothing_waits() -> bool:
    return not ask(
        connection,
        "SELECT 1 FROM verifactu_sender AS s JOIN verifactu_chain AS c ON c.id = s.chain_id"
        " WHERE s.sent_through < c.last_sequence",
    )


def test_every_record_ends_accepted_exactly_once_and_in_order(tmp_path: Path) -> None:
    house = House(tmp_path, free_port())
    clients = [str(a_client(a_seller(tax_id=tax_id)).id) for tax_id in SELLERS]
    options = ("--port", str(house.port), "--folder", str(tmp_path), "--wait", "0", "--fault-rate", "0.2")
    aeat = house.program("aeat", "simulate_aeat", *options)
    senders = [house.program(f"work-{number}", "work", "--only", "aeat") for number in (1, 2)]

    with running(aeat):
        assert eventually(Folder(tmp_path).ca_file.exists), aeat.log.read_text()
        with running(*senders):
            with ThreadPoolExecutor(1) as pool:
                issuing = pool.submit(house.issue, clients)
                kill_again_and_again(senders, times=8)
                issuing.result()
            assert eventually(nothing_waits, PATIENCE), states()

    assert FiscalRecord.objects.count() == PROCESSES * EACH
    assert Submission.objects.exclude(outcome=ExchangeOutcome.ANSWERED).exists(), "there was trouble"
    assert not RecordAnswer.objects.filter(outcome="rejected").exists()
    for tax_id in SELLERS:
        ours = FiscalRecord.objects.filter(issuer_tax_id=tax_id, answer__isnull=False).order_by("sequence")
        assert house.accepted(tax_id) == [record.fingerprint for record in ours.only("fingerprint")]
    assert_whole(connection)


def test_a_sender_killed_between_acceptance_and_answer_leaves_no_duplicate(tmp_path: Path) -> None:
    client = a_client(a_seller())
    an_invoice(client)
    an_invoice(client)
    with SimulatedAeat(tmp_path, wait_seconds=0) as aeat:
        aeat.script(FaultKind.HANG_AFTER, seconds=60)
        house = House(tmp_path, int(aeat.url.rpartition(":")[2]))
        sender = house.program("work", "work", "--only", "aeat")
        with running(sender):
            assert eventually(lambda: len(aeat.accepted()) == 2, 60), sender.log.read_text()
            assert sender.pid is not None
            os.kill(sender.pid, signal.SIGKILL)
            assert Submission.objects.get().outcome == ExchangeOutcome.SENT
            sender.start()
            assert eventually(nothing_waits, 60), states()

        assert set(aeat.times_accepted().values()) == {1}
    assert [answer.outcome for answer in RecordAnswer.objects.all()] == ["accepted", "accepted"]
    assert Submission.objects.get().outcome == ExchangeOutcome.UNKNOWN, "asked for, and not sent again"
