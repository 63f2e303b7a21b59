"""``manage.py export_records``: records of a period in the AEAT's structure, as a ZIP."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actors import command
from core.errors import Refusal
from core.modes import Mode
from verifactu.models import Chain
from verifactu.services.exporting import Period, export_records


class Command(BaseCommand):
    help = "Write the fiscal records that were made from one day to another into a ZIP, in the AEAT's structure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seller", required=True, help="tax id")
        parser.add_argument("--mode", choices=list(Mode), default=Mode.LIVE, help="default live")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, help="day, as 2026-01-31")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, help="day, included")
        parser.add_argument("--out", type=Path, required=True, help="the ZIP; must not exist")

    def handle(self, *args: Any, seller: str, mode: str, first: date, last: date, out: Path, **options: Any) -> None:
        chains = Chain.objects.filter(issuer_tax_id=seller.upper(), mode=mode).select_related("seller")
        if out.exists():
            raise CommandError(f"{out} exists already: nothing is written over.")
        unfinished = out.with_name(f".{out.name}.part")
        try:
            with unfinished.open("wb") as file:
                export = export_records(
                    chains=list(chains.order_by("created_at")),
                    period=Period(first, last),
                    out=file,
                    by=command("export_records"),
                    now=timezone.now(),
                )
            unfinished.replace(out)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(f"{export.records} records of {len(export.chains)} chains in {out}")
