"""``manage.py prepare_demo``: what ``make demo`` needs in its database before anything may run."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.demo.data import load_demo


class Command(BaseCommand):
    help = "Migrates, and loads demo data where there are none. For demonstrations only: it writes passwords to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data-dir", type=Path, required=True)

    def handle(self, *args: Any, data_dir: Path, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        load_demo(base_url=settings.BASE_URL, data_dir=data_dir, database_url=os.environ["DATABASE_URL"])
