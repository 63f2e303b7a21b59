"""``manage.py aeat_selftest``: whether the sellers' records would reach the AEAT, and what to mend."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.modes import Mode
from verifactu.aeat.expiry import sellers
from verifactu.aeat.selftest import Check, Result, self_test


class Command(BaseCommand):
    help = "Looks at each seller's certificate, asks the AEAT a question with it, and says what is to be mended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seller", metavar="NIF", help="this seller alone")
        parser.add_argument("--mode", choices=[*Mode], help="sellers of this mode alone")

    def handle(self, *args: Any, seller: str | None, mode: str | None, **options: Any) -> None:
        found = sellers(tax_id=seller.strip().upper() if seller else None, mode=mode)
        if not found:
            raise CommandError("There is no such seller.")
        results: set[Result] = set()
        for (tax_id, of_mode), name in found.items():
            self.stdout.write(self.style.MIGRATE_HEADING(f"{name} · {tax_id} · {of_mode}"))
            checks = self_test(tax_id=tax_id, mode=of_mode, now=timezone.now(), name=name)
            for check in checks:
                self._tell(check)
            results.update(check.outcome for check in checks)
        if Result.FAILURE in results:
            raise CommandError("Something is to be mended before records can reach the AEAT.")

    def _tell(self, check: Check) -> None:
        styles = {
            Result.OK: self.style.SUCCESS,
            Result.WARNING: self.style.WARNING,
            Result.FAILURE: self.style.ERROR,
        }
        outcome = styles[check.outcome](f"{check.outcome:8}")
        self.stdout.write(f"  {outcome} {check.name:18} {check.detail}")
        if check.remedy:
            self.stdout.write(f"{'→':>11} {check.remedy}")
