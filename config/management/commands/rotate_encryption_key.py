"""``manage.py rotate_encryption_key``: every stored secret is written anew under the first of ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actors import command
from integrations.services.encryption import renew_webhook_secrets
from verifactu.services.keeping_passwords import renew_passwords


class Command(BaseCommand):
    help = "Writes every secret at rest anew under the first of ENCRYPTION_KEYS. Safe to repeat and to interrupt."

    def handle(self, *args: Any, **options: Any) -> None:
        by = command("rotate_encryption_key")
        secrets, passwords = renew_webhook_secrets(by=by), renew_passwords(by=by)
        self._tell("webhook secrets", secrets.renewed, secrets.current)
        self._tell("certificates' passwords", len(passwords.written), len(passwords.as_they_were))
        for file, reason in passwords.failed.items():
            self.stderr.write(self.style.ERROR(f"{file}: {reason}"))
        lost = secrets.lost + len(passwords.failed)
        if lost:
            raise CommandError(
                f"{lost} could not be read: put the key that they were encrypted with behind the new one in "
                "ENCRYPTION_KEYS, and run it again. Take no key away until this ends without an error."
            )
        self.stdout.write(self.style.SUCCESS("The former keys may be taken out of ENCRYPTION_KEYS."))

    def _tell(self, what: str, renewed: int, current: int) -> None:
        self.stdout.write(f"{what}: {renewed} written anew, {current} as they ought to be")
