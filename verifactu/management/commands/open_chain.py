"""``manage.py open_chain``: begin chains under this installation's number, after it had to change."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from core.actors import command
from core.modes import Mode
from verifactu.models import Chain
from verifactu.services.chaining import open_chain, this_system


class Command(BaseCommand):
    help = (
        "Open the chain of sellers that have none under this INSTALLATION_NUMBER. Their next record will say that it "
        "is the first (PrimerRegistro). Sellers get their first chain by themselves; this is for a changed number."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--seller", help="tax id")
        who.add_argument("--all", action="store_true", help="every seller of both modes")
        parser.add_argument("--mode", choices=list(Mode), help="only sellers of this mode")
        parser.add_argument("--reason", required=True, help="for the audit log")

    def handle(self, *args: Any, seller: str | None, mode: str | None, reason: str, **options: Any) -> None:
        number, now = this_system().installation_number, timezone.now()
        open_already = Chain.objects.filter(installation_number=number).values("seller_id")
        known = Chain.objects.exclude(seller__in=open_already).order_by("seller_id", "created_at").distinct("seller_id")
        if seller:
            known = known.filter(issuer_tax_id=seller.upper())
        if mode:
            known = known.filter(mode=mode)
        with transaction.atomic():
            opened = [
                open_chain(
                    seller_id=chain.seller_id,
                    mode=chain.mode,
                    issuer_tax_id=chain.issuer_tax_id,
                    by=command("open_chain"),
                    now=now,
                    reason=reason,
                )
                for chain in known
            ]
        if not opened:
            raise CommandError(f"Nobody lacks a chain of installation {number}.")
        for chain in opened:
            self.stdout.write(f"{chain.mode} {chain}: its next record is the first")
