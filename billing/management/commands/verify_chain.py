"""``manage.py verify_chain``: prove the chains of fiscal records."""

from __future__ import annotations

import time
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.services.proving import verify_chain
from core.actors import command
from core.errors import Refusal
from core.modes import Mode
from verifactu.aeat.errors import WireError
from verifactu.models import Chain
from verifactu.services.comparing import compare_with_aeat
from verifactu.services.proving import Report
from verifactu.verification import Flaw


class Command(BaseCommand):
    help = "Recompute all fingerprints, links, digests and columns of the chains; exit status 1 if anything is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seller", help="only the chains of this tax id")
        parser.add_argument("--mode", choices=list(Mode), help="only the chains of this mode")

        parser.add_argument("--aeat", action="store_true", help="ask the AEAT too what it holds of each invoice")

    def handle(self, *args: Any, seller: str | None, mode: str | None, aeat: bool, **options: Any) -> None:
        chains = Chain.objects.order_by("mode", "issuer_tax_id", "created_at")
        if seller:
            chains = chains.filter(issuer_tax_id=seller.upper())
        if mode:
            chains = chains.filter(mode=mode)
        ids = list(chains.values_list("id", flat=True))
        if not ids:
            raise CommandError("There is no such chain.")
        found = [self._prove(chain_id, aeat=aeat) for chain_id in ids]
        flaws, unasked = sum(flaws for flaws, _ in found), sum(not asked for _, asked in found)
        if flaws or unasked:
            of_those = f", {unasked} of which the AEAT could not be asked about" if unasked else ""
            raise CommandError(f"{flaws} flaws in {len(ids)} chains{of_those}.")
        self.stdout.write(self.style.SUCCESS(f"{len(ids)} chains, nothing wrong."))

    def _prove(self, chain_id: uuid.UUID, *, aeat: bool) -> tuple[int, bool]:
        """How many flaws, and whether the AEAT was asked where it should be: what it does not say holds up no proof."""
        begin, differences, asked = time.perf_counter(), list[Flaw](), True
        try:
            differences += compare_with_aeat(chain_id=chain_id) if aeat else []
        except (Refusal, WireError) as error:
            self.stderr.write(f"The AEAT could not be asked: {error}")
            asked = False
        report = verify_chain(chain_id=chain_id, by=command("verify_chain"), also=differences)
        self._tell(report, seconds=time.perf_counter() - begin)
        return report.found, asked

    def _tell(self, report: Report, *, seconds: float) -> None:
        chain = report.chain
        self.stdout.write(
            f"{chain.mode} {chain}: {report.records} records, {report.found} flaws, "
            f"{seconds:.1f} s ({report.records / seconds:.0f}/s)"
        )
        for flaw in report.flaws:
            where = f"{flaw.sequence or '-'} {flaw.number or '-'}"
            self.stdout.write(f"  {where}  {flaw.code}: {flaw}")
        if report.found > len(report.flaws):
            self.stdout.write(f"  … and {report.found - len(report.flaws)} more")
