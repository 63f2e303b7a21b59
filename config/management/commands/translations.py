"""Bring the Spanish catalogue up to date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.translations import (
    messages_of_packages,
    messages_of_project,
    read_catalogue,
    refreshed,
    write_catalogue,
)


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # words need no working house
    help = "Bring the Spanish catalogue up to date with the code, compile it, and list what has no translation yet."

    def handle(self, *args: Any, **options: Any) -> None:
        catalogue = refreshed(read_catalogue(), messages_of_packages() | messages_of_project())
        write_catalogue(catalogue)
        for entry in catalogue.untranslated_entries():
            self.stdout.write(f"{entry.occurrences[0][0]}: {entry.msgid}")
