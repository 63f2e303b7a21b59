"""``manage.py deployment``: where this database stands to this machine, and an operator's word on it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actors import command
from core.errors import Refusal
from integrations import deployment
from integrations.deployment import Standing, State
from integrations.services.confirming import confirm_deployment

_NEXT = {
    State.OPEN: "Nothing to do.",
    State.COPIED: (
        "If this database has moved here, and where it was before will never issue again:\n"
        "  manage.py deployment confirm --moved --reason '…'\n"
        "If it is a copy beside an installation that goes on: set another INSTALLATION_NUMBER, take the certificates "
        "away, then\n"
        "  manage.py deployment confirm --reason '…'\n"
        "If it was restored from a backup and the machine's deployment file is lost: compare the last numbers with the "
        "last papers, and if anything is missing here, go on as after a restore: another INSTALLATION_NUMBER, confirm, "
        "open_chain."
    ),
    State.BEHIND: (
        "1. If a newer copy exists (a standby, archived write-ahead log), restore that one instead.\n"
        "2. Else give this installation another INSTALLATION_NUMBER (uuidgen), on every machine, and restart all.\n"
        "3. manage.py deployment confirm --reason '…'\n"
        "4. manage.py open_chain --all --reason '…'\n"
        "5. Retire the series in the admin and make new ones: customers and the AEAT hold numbers that this database "
        "would give out again."
    ),
    State.CLOSED: "Set another INSTALLATION_NUMBER, restart all, then: manage.py open_chain --all --reason '…'",
}


class Command(BaseCommand):
    help = "Says whether this database is fenced, and why; «confirm» is an operator's word that it is the right one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("status", help="exit status 1 while it is fenced")
        confirm = acts.add_parser("confirm", help="take this database for the right one from now on")
        confirm.add_argument("--reason", required=True, help="for the audit log")
        confirm.add_argument("--moved", action="store_true", help="where it was copied from will never issue again")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        if act == "confirm":
            self._confirm(options["reason"], moved=options["moved"])
            return
        found = deployment.standing()
        self._tell(found)
        if found.is_fenced:
            raise CommandError(found.message)

    def _confirm(self, reason: str, *, moved: bool) -> None:
        try:
            found = confirm_deployment(by=command("deployment"), now=timezone.now(), reason=reason, moved=moved)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(self.style.SUCCESS(f"It was {found.state}, and is open now."))
        if found.state is State.BEHIND:
            self.stdout.write("Now open the chains: manage.py open_chain --all --reason '…'")

    def _tell(self, found: Standing) -> None:
        self.stdout.write(f"state: {found.state}")
        self.stdout.write(f"installation number: {settings.BILLING_SYSTEM['installation_number']}")
        self.stdout.write(f"file: {settings.DEPLOYMENT_FILE}")
        if found.problem:
            self.stdout.write(f"problem: {found.problem}")
        if found.lacks:
            self.stdout.write(f"behind by: {found.lost} records")
        for lack in found.lacks:
            mark = lack.mark
            self.stdout.write(
                f"  chain {lack.chain_id} of installation {mark.installation_number}: "
                f"here {lack.found}, had been {mark.sequence} ({mark.fingerprint[:8]}…)"
            )
        self.stdout.write(_NEXT[found.state])
