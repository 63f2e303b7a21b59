"""``manage.py simulate_aeat``: a simulated AEAT on this machine, until SIGTERM or SIGINT."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from verifactu.simulator.schemas import SchemasMissing
from verifactu.simulator.simulated import SimulatedAeat

_ENDS: Final = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    help = (
        "Simulates the AEAT's VERI*FACTU service for test mode, and makes the certificates to reach it."
        " docs/simulated-aeat.md shows how to give it a bad day."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1: this machine alone")
        parser.add_argument("--port", type=int, default=8443, help="default 8443; 0 takes a free one")
        parser.add_argument("--seal-port", type=int, help="a door for seals alone; else the one port takes everybody")
        parser.add_argument("--folder", type=Path, help="where certificates and records are kept (CERTIFICATES_FOLDER)")
        parser.add_argument("--wait", type=int, default=60, help="seconds it asks for between two messages; default 60")
        parser.add_argument("--enforce-wait", action="store_true", help="answer 429 to what comes earlier")
        parser.add_argument("--fault-rate", type=float, default=0.0, help="share of messages that go wrong: 0.0 to 1.0")
        parser.add_argument("--seed", type=int, default=0, help="of what goes wrong at random; default 0")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"] or settings.CERTIFICATES_FOLDER)
        if not 0 <= options["wait"] <= 9999 or not 0 <= options["fault_rate"] <= 1:
            raise CommandError("--wait is 0 to 9999 seconds, --fault-rate 0.0 to 1.0.")
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # first of all, so that every thread inherits it
        try:
            with _simulated(folder, options) as simulated:
                self.stdout.write(f"The simulated AEAT listens at {simulated.url}; certificates are in {folder}.")
                self.stdout.flush()
                signal.sigwait(_ENDS)
        except SchemasMissing as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            message = f"The simulated AEAT cannot start: {error}. Choose another --port or --folder."
            raise CommandError(message) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _simulated(folder: Path, options: dict[str, Any]) -> SimulatedAeat:
    return SimulatedAeat(
        folder,
        host=options["host"],
        port=options["port"],
        seal_port=options["seal_port"],
        wait_seconds=options["wait"],
        enforces_wait=options["enforce_wait"],
        fault_rate=options["fault_rate"],
        seed=options["seed"],
        keeps_records=True,
    )
