"""``manage.py compliance_statement``: print the «declaración responsable», now or as it was."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actors import command
from verifactu.services.declaring import keep_statement, kept_statements, this_statement


class Command(BaseCommand):
    help = "Print this program's declaración responsable (RD 1007/2023 art. 13), and keep it if it is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Django has a --version of its own.
        parser.add_argument("--of", metavar="VERSION", help="as it last read for that version")

    def handle(self, *args: Any, of: str | None, **options: Any) -> None:
        if of:
            self.stdout.write(_as_it_was(of))
            return
        keep_statement(by=command("compliance_statement"))
        statement = this_statement()
        self.stdout.write(statement.as_text())
        if not statement.is_signed:
            self.stderr.write(f"It is not signed: it lacks {', '.join(statement.missing)}. See .env.example.")


def _as_it_was(version: str) -> str:
    for entry in kept_statements():
        kept: dict[str, str] = entry.after or {}
        if kept["version"] == version:
            return kept["text"]
    raise CommandError(f"No statement of version {version} was kept here.")
