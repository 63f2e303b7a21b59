"""``manage.py create_token``: give a machine access, and print the secret once."""

from __future__ import annotations

import re
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actors import command
from core.errors import Invalid
from core.modes import Mode
from integrations.scopes import Scope
from integrations.sellers import ids_with_tax_id, modes_of
from integrations.services.token_rules import CEILINGS
from integrations.services.tokens import create_token

DEFAULT_DAYS = 365


class Command(BaseCommand):
    help = "Create an API token and print its secret, which cannot be read again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="what uses the token, for people")
        parser.add_argument("--seller", required=True, action="append", help="seller's id or tax id; repeatable")
        scopes = parser.add_mutually_exclusive_group(required=True)
        scopes.add_argument("--scope", action="append", default=[], help=f"repeatable; one of {', '.join(Scope)}")
        scopes.add_argument("--all-scopes", action="store_true")
        parser.add_argument("--expires-in-days", type=int, default=DEFAULT_DAYS, help=f"default {DEFAULT_DAYS}")
        parser.add_argument("--address", action="append", default=[], help="CIDR range it may be used from; repeatable")
        parser.add_argument("--calls-per-minute", type=int, default=600, help="default 600")
        parser.add_argument("--owner", default="", metavar="E-MAIL", help="who is told that it expires or misbehaves")
        parser.add_argument("--invoices-per-hour", type=int, help="a ceiling: what goes beyond waits for a person")
        parser.add_argument("--euros-per-invoice", type=_euros, help="a ceiling, such as 3000.00")
        parser.add_argument("--euros-per-day", type=_euros, help="a ceiling, by the seller's day")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        seller_ids = [_seller_id(text) for text in options["seller"]]
        try:
            token, secret = create_token(
                name=options["name"],
                mode=_common_mode(seller_ids),
                seller_ids=seller_ids,
                scopes=[*Scope] if options["all_scopes"] else options["scope"],
                by=command("create_token"),
                now=now,
                expires_at=now + timedelta(days=options["expires_in_days"]),
                allowed_addresses=options["address"],
                calls_per_minute=options["calls_per_minute"],
                owner_email=options["owner"],
                **{name: options[name] for name in CEILINGS},
            )
        except Invalid as refusal:
            raise CommandError("\n".join(map(str, refusal.faults))) from refusal
        self.stderr.write(f"Token {token} in mode {token.mode}; keep its secret: it is shown this once.")
        self.stdout.write(secret)


def _euros(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text):
        raise ArgumentTypeError("write euros like 3000 or 3000.50")
    return Decimal(text)


def _seller_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        found = ids_with_tax_id(text.upper())
    if not found:
        raise CommandError(f"There is no seller with the tax id {text}.")
    if len(found) > 1:
        choices = ", ".join(map(str, found))
        raise CommandError(f"Several sellers have the tax id {text}: name one by its id ({choices}).")
    return found[0]


def _common_mode(seller_ids: list[uuid.UUID]) -> Mode:
    modes = modes_of(seller_ids)
    for seller_id in seller_ids:
        if seller_id not in modes:
            raise CommandError(f"There is no seller with the id {seller_id}.")
    if len(set(modes.values())) > 1:
        raise CommandError("The sellers are of both modes: a token has one. Make a token for each.")
    return Mode(modes[seller_ids[0]])
