"""``manage.py work``: the loop over background work."""

from __future__ import annotations

import gc
import signal
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand

from config.priority import give_way
from config.stopping import Stopping
from config.workers import STEPS, Loop, steps
from core.actors import worker
from integrations.services.heartbeats import forget_other_steps
from verifactu.services.declaring import keep_statement


class Command(BaseCommand):
    help = "Does the background work that waits in tables, until SIGTERM or SIGINT. Run as many as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", nargs="+", choices=STEPS, default=STEPS, help="these steps alone")
        parser.add_argument("--once", action="store_true", help="end when nothing is due")

    def handle(self, *args: Any, only: Sequence[str], once: bool, **options: Any) -> None:
        keep_statement(by=worker("work"))
        forget_other_steps(known=STEPS)
        gc.freeze()  # what is loaded stays: to look through it again and again took a third of a delivery's time
        loop = Loop([step for step in steps() if step.name in only], Stopping(signal.SIGTERM, signal.SIGINT))
        if once:
            loop.run_once()
        else:
            give_way()
            loop.run()
