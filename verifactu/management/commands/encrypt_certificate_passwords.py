"""``manage.py encrypt_certificate_passwords``: the passwords of certificates are encrypted where they lie."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actors import command
from core.modes import Mode
from verifactu.services.keeping_passwords import encrypt_passwords


class Command(BaseCommand):
    help = "Encrypts the .password files of certificates in place, with the first of ENCRYPTION_KEYS. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--mode",
            choices=[*Mode],
            default=Mode.LIVE,
            help="live if left out; the simulated AEAT reads its own test ones as they are",
        )

    def handle(self, *args: Any, mode: str, **options: Any) -> None:
        kept = encrypt_passwords(modes=[Mode(mode)], by=command("encrypt_certificate_passwords"))
        for file in kept.written:
            self.stdout.write(f"encrypted: {file}")
        for file, reason in kept.failed.items():
            self.stderr.write(self.style.ERROR(f"not encrypted: {file}: {reason}"))
        self.stdout.write(f"{len(kept.written)} encrypted, {len(kept.as_they_were)} were already.")
        if kept.failed:
            raise CommandError("Mend these, and run it again.")
