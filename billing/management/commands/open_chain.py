"""``manage.py open_chain``: begin chains under this installation's number, after it had to change."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from billing.models import Seller
from billing.services.sellers import begin_again
from core.actors import command
from core.errors import Refusal
from core.modes import Mode
from verifactu.models import Chain
from verifactu.services.chaining import this_system


class Command(BaseCommand):
    help = (
        "Open the chain of sellers that have none under this INSTALLATION_NUMBER. Their next record will say that it "
        "is the first (PrimerRegistro), and the series that this copy knows are retired. Sellers get their first "
        "chain by themselves; this is for a changed number."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--seller", help="tax id")
        who.add_argument("--all", action="store_true", help="every seller of both modes")
        parser.add_argument("--mode", choices=list(Mode), help="only sellers of this mode")
        parser.add_argument("--reason", required=True, help="for the audit log")
        parser.add_argument(
            "--series-go-on",
            action="store_true",
            help="series go on with their numbers: nobody has issued since this copy was made",
        )

    def handle(
        self, *args: Any, seller: str | None, mode: str | None, reason: str, series_go_on: bool, **options: Any
    ) -> None:
        number, now = this_system().installation_number, timezone.now()
        lacking = Seller.objects.exclude(id__in=Chain.objects.filter(installation_number=number).values("seller_id"))
        if seller:
            lacking = lacking.filter(tax_id=seller.upper())
        if mode:
            lacking = lacking.filter(mode=mode)
        try:
            with transaction.atomic():
                begun = [
                    begin_again(
                        seller_id=one.id, by=command("open_chain"), now=now, reason=reason, series_go_on=series_go_on
                    )
                    for one in lacking
                ]
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        if not begun:
            raise CommandError(f"Nobody lacks a chain of installation {number}.")
        for beginning in begun:
            chain = beginning.chain
            self.stdout.write(f"{chain.mode} {chain}: its next record is the first")
            if beginning.retired:
                codes = ", ".join(series.code for series in beginning.retired)
                self.stdout.write(
                    f"  series retired for good: {codes}; make others in the admin, with codes that were never used"
                )
