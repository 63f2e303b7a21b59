"""Many issue, the sender runs and is killed, the AEAT fails at random: in the end it has every record, once, in order.

The simulated AEAT is a process of its own, with a file of its own: what it accepted is asked of that file, not of us.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from billing.models import Seller
from clients.models import Client
from config.demo.place import ROOT, Place
from config.processes import Program
from tests.builders import a_client, a_seller
from tests.running_house import database_url, free_port
from tests.waiting import eventually
from verifactu.simulator.folder import Folder

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

SELLERS = ("B99999021", "89890001K", "99999901H")
PROCESSES, EACH = 8, 200
PATIENCE = 240.0


@dataclass(frozen=True)
class Aeat:
    """A simulated AEAT that fails at random, and the settings of whoever talks to it."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        place = Place(self.folder, self.port).environment(database_url())
        return place | {
            "INSTALLATION_NUMBER": settings.BILLING_SYSTEM["installation_number"],
            "CERTIFICATES_FOLDER": str(self.folder),
            "AEAT_TEST_URL": f"https://localhost:{self.port}",
            "AEAT_TEST_CA": str(Folder(self.folder).ca_file),
            "LOG_LEVEL": "WARNING",
        }

    def program(self, name: str, *command: str) -> Program:
        argv = [sys.executable, str(ROOT / "manage.py"), *command]
        return Program(name, argv, environment=self.environment, log=self.folder / f"{name}.log")

    def accepted(self) -> Mapping[str, list[str]]:
        """The fingerprints that it accepted, by issuer, in the order in which it did."""
        found: dict[str, list[str]] = {}
        with contextlib.closing(sqlite3.connect(Folder(self.folder).store_file)) as store:
            for issuer, fingerprint in store.execute("SELECT issuer, fingerprint FROM acceptances ORDER BY id"):
                found.setdefault(issuer, []).append(fingerprint)
        return found


@pytest.fixture
def aeat(tmp_path: Path) -> Iterator[Aeat]:
    aeat = Aeat(tmp_path, free_port())
    options = ("--port", str(aeat.port), "--folder", str(tmp_path), "--wait", "0", "--fault-rate", "0.2")
    program = aeat.program("aeat", "simulate_aeat", *options)
    program.start()
    try:
        assert eventually(lambda: Folder(tmp_path).ca_file.exists()), program.log.read_text()
        yield aeat
    finally:
        program.stop()


def a_furnished_client(tax_id: str) -> Client:
    seller: Seller = a_seller(tax_id=tax_id)
    return a_client(seller)
