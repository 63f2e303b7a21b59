"""The demo's people and papers, through the same services that people and machines use."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from billing.drafts import InvoiceDraft, LineDraft
from billing.models import Seller
from billing.services.drafting import create_draft
from billing.services.issuing import create_and_issue
from billing.services.payments import record_payment
from billing.services.reviewing import submit_invoice
from billing.services.sellers import create_seller, create_series
from clients.models import Client
from clients.services import create_client
from config.demo.cast import BOOKSHOP, GERMANS, PERSON, SELLER, SERIES, TOWN_HALL
from config.demo.welcome import Credentials, Facts
from core.actors import Actor, ActorKind, command
from core.modes import Mode
from core.private import write_private
from integrations.scopes import Scope
from integrations.services.tokens import create_token

ROLES = ("admin", "finance", "approver", "auditor", "inspector")
_READ_ONLY = [scope for scope in Scope if scope.endswith(":read")]
_DRAFTS_ONLY = [Scope.CLIENTS_READ, Scope.CLIENTS_WRITE, Scope.INVOICES_READ, Scope.INVOICES_WRITE]


def load_demo(*, base_url: str, data_dir: Path, database_url: str) -> None:
    """Fill an empty database, and write what scripts and people need to ``demo.json`` (mode 600).

    On data that are there it only brings the addresses up to date: users and tokens stay as they are. Where the file
    was lost, passwords and tokens are made anew, since nobody can read the old ones.
    """
    file = data_dir / "demo.json"
    facts = _known(file) or _make(now=timezone.now())
    facts = {**facts, "base_url": base_url, "database_url": database_url}
    write_private(file, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def _known(file: Path) -> Facts | None:
    """What the file says, where the database agrees that it is about it."""
    if not file.exists():
        return None
    facts: Facts = json.loads(file.read_text(encoding="utf-8"))
    return facts if Seller.objects.filter(id=facts["seller"]).exists() else None


@transaction.atomic
def _make(*, now: datetime) -> Facts:
    users = {role: _give_password(role) for role in ROLES}
    seller = Seller.objects.filter(mode=Mode.TEST, tax_id=SELLER.tax_id).first() or _furnish(now)
    client = Client.objects.get(seller=seller, tax_id=BOOKSHOP.tax_id)
    tokens = {
        "full": _give_token("full", [*Scope], seller, now, calls_per_minute=100_000),
        "read_only": _give_token("read_only", _READ_ONLY, seller, now),
        "drafts_only": _give_token("drafts_only", _DRAFTS_ONLY, seller, now),
    }
    return Facts(base_url="", users=users, tokens=tokens, seller=str(seller.id), client=str(client.id), database_url="")


def _give_password(role: str) -> Credentials:
    password = secrets.token_urlsafe(12)
    user, _ = User.objects.get_or_create(username=role, defaults={"is_staff": True})
    user.set_password(password)
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return Credentials(username=role, password=password)


def _give_token(name: str, scopes: list[Scope], seller: Seller, now: datetime, *, calls_per_minute: int = 600) -> str:
    _, secret = create_token(
        name=f"demo {name}", mode=Mode.TEST, seller_ids=[seller.id], scopes=scopes, by=command("demo"), now=now,
        calls_per_minute=calls_per_minute,
    )  # fmt: skip
    return secret


def _furnish(now: datetime) -> Seller:
    """A consultancy with four clients, some invoices, and work that waits for a person."""
    seller = create_seller(mode=Mode.TEST, data=SELLER, by=command("demo"), now=now)
    for series in SERIES:
        create_series(seller_id=seller.id, data=series, by=command("demo"))
    _paper(seller, now, by=_finance())
    return seller


def _finance() -> Actor:
    user = User.objects.get(username="finance")
    return Actor(kind=ActorKind.USER, id=str(user.pk), name=user.username)


def _paper(seller: Seller, now: datetime, *, by: Actor) -> None:
    bookshop, town_hall, germans, person = (
        create_client(seller_id=seller.id, mode=seller.mode, data=data, by=by, now=now).id
        for data in (BOOKSHOP, TOWN_HALL, GERMANS, PERSON)
    )
    advice, hosting = _line("Consultoría de procesos, por horas", "68.50", "12"), _line("Alojamiento web, mes", "29.90")
    manual = replace(_line("Manual impreso de formación", "24.04", "15", rate="4"), discount_percent=Decimal(10))
    abroad = replace(_line("Process consulting, hours", "82.00", "8"), tax_rate=None, tax_category="N2")
    due = now.astimezone(seller.zone).date() + timedelta(days=30)
    issued = [
        InvoiceDraft(client=bookshop, lines=(advice, manual, hosting), due_date=due, purchase_order="LI-2026-118"),
        InvoiceDraft(client=town_hall, lines=(advice,), due_date=due, buyer_reference="L01999999"),
        InvoiceDraft(client=germans, lines=(abroad,), due_date=due),
        InvoiceDraft(lines=(manual,), prices_include_tax=True),
        InvoiceDraft(client=bookshop, lines=(advice,), due_date=due, withholding_percent=Decimal(15)),
    ]
    invoices = [create_and_issue(seller_id=seller.id, draft=draft, by=by, now=now).parts.invoice for draft in issued]
    today = now.astimezone(seller.zone).date()
    record_payment(invoice_id=invoices[0].id, amount=invoices[0].amount_due, date=today, by=by, now=now)
    record_payment(invoice_id=invoices[1].id, amount=Decimal(500), date=today, by=by, now=now)

    waiting = [
        InvoiceDraft(client=town_hall, lines=(hosting, manual), notes="Pedido por teléfono; conviene comprobarlo."),
        InvoiceDraft(client=person, lines=(hosting,)),
    ]
    for draft in waiting:
        made = create_draft(seller_id=seller.id, draft=draft, by=by, now=now)
        submit_invoice(invoice_id=made.parts.invoice.id, by=by, now=now)
    create_draft(seller_id=seller.id, draft=InvoiceDraft(client=bookshop, lines=(hosting,)), by=by, now=now)


def _line(description: str, price: str, quantity: str = "1", *, rate: str = "21") -> LineDraft:
    return LineDraft(description, Decimal(price), Decimal(quantity), tax_rate=Decimal(rate))
