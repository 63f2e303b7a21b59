"""Named things that tests are about. Every builder goes through the same services as people and machines do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from billing.drafts import InvoiceDraft, LineDraft
from billing.models import Seller
from billing.representation import Parts
from billing.services.correcting import CorrectionData, create_correction
from billing.services.drafting import create_draft
from billing.services.issuing import create_and_issue
from billing.services.replacing import ReplacementData, create_replacement
from billing.services.sellers import SellerData, SeriesData, create_seller, create_series
from clients.models import Client
from clients.services import ClientData, create_client
from core.actors import Actor, ActorKind
from core.errors import Refusal

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MARIA = Actor(
    kind=ActorKind.USER, id="1", name="maria", request_id="req-1", correlation_id="corr-1", address="127.0.0.1"
)
PABLO = Actor(
    kind=ActorKind.USER, id="2", name="pablo", request_id="req-2", correlation_id="corr-2", address="127.0.0.1"
)
SHOP = Actor(
    kind=ActorKind.TOKEN, id="t-1", name="shop", request_id="req-3", correlation_id="corr-3", address="10.0.0.9"
)

SELLER_TAX_ID = "89890001K"
CLIENT_TAX_ID = "99999910G"


def a_seller(*, mode: str = "test", tax_id: str = SELLER_TAX_ID, series: bool = True, **changes: object) -> Seller:
    """A seller on the mainland with its default series A (ordinary), S (simplified) and R (corrective)."""
    data = {
        "legal_name": "Ana Ejemplo Primera",
        "tax_id": tax_id,
        "street": "Calle Mayor, 1",
        "postal_code": "28013",
        "city": "Madrid",
        "province": "Madrid",
        "registry_details": "R. M. de Madrid, tomo 1, folio 1, hoja M-1",
        **changes,
    }
    seller = create_seller(mode=mode, data=SellerData(**data), by=MARIA, now=NOW)
    if series:
        create_series(seller_id=seller.id, data=SeriesData(code="A", is_default=True), by=MARIA)
        create_series(seller_id=seller.id, data=SeriesData(code="S", kind="simplified", is_default=True), by=MARIA)
        create_series(seller_id=seller.id, data=SeriesData(code="R", kind="corrective", is_default=True), by=MARIA)
    return seller


def a_client(
    seller: Seller, *, tax_id: str = CLIENT_TAX_ID, name: str = "Ferretería Peña, S.L.", **changes: object
) -> Client:
    """A domestic business that buys."""
    data = {
        "name": name,
        "tax_id": tax_id,
        "street": "Avenida del Puerto, 7",
        "postal_code": "46021",
        "city": "Valencia",
        "province": "Valencia",
        "email": "compras@example.com",
        **changes,
    }
    return create_client(seller_id=seller.id, mode=seller.mode, data=ClientData(**data), by=MARIA, now=NOW)


def a_line(description: str = "Consultoría", price: str = "100.00", **changes: object) -> LineDraft:
    """One unit at 21 %, unless told otherwise."""
    values: dict[str, object] = {"tax_rate": Decimal(21), **changes}
    for name in ("quantity", "discount_percent", "tax_rate", "surcharge_rate"):
        if isinstance(values.get(name), str):
            values[name] = Decimal(str(values[name]))
    return LineDraft(description=description, unit_price=Decimal(price), **values)


def draft_for(client: Client | None, *lines: LineDraft, **changes: object) -> InvoiceDraft:
    """The content of a draft, with one line unless lines are given."""
    return InvoiceDraft(client=client.id if client else None, lines=lines or (a_line(),), **changes)


def a_draft(client: Client, *lines: LineDraft, now: datetime = NOW, by: Actor = SHOP, **changes: object) -> Parts:
    """A draft of the client's seller."""
    draft = draft_for(client, *lines, **changes)
    return create_draft(seller_id=client.seller_id, draft=draft, by=by, now=now).parts


def an_invoice(
    client: Client, *lines: LineDraft, now: datetime = NOW, by: Actor = SHOP, on: date | None = None, **changes: object
) -> Parts:
    """An issued invoice of the client's seller."""
    draft = draft_for(client, *lines, **changes)
    return create_and_issue(seller_id=client.seller_id, draft=draft, by=by, now=now, on=on).parts


def a_correction(
    original: Parts,
    *lines: LineDraft,
    method: str = "differences",
    reason: str = "R1",
    issue: bool = True,
    now: datetime = NOW,
    by: Actor = SHOP,
    also: Sequence[Parts] = (),
    event_date: date | None = None,
    **given: object,
) -> Parts:
    """An issued correction; without lines, by differences, of all that is left."""
    correction = CorrectionData(
        method=method,
        reason=reason,
        also_corrects=tuple(parts.invoice.id for parts in also),
        event_date=event_date,
        given={**given, **({"lines": lines} if lines else {})},
    )
    invoice_id = original.invoice.id
    return create_correction(invoice_id=invoice_id, correction=correction, by=by, now=now, issue=issue).parts


def a_ticket(seller: Seller, price: str = "12.10", *, now: datetime = NOW, **changes: object) -> Parts:
    """An issued simplified invoice without a buyer, tax included, at 4 %."""
    draft = draft_for(None, a_line("Libro", price, tax_rate="4"), prices_include_tax=True, **changes)
    return create_and_issue(seller_id=seller.id, draft=draft, by=SHOP, now=now).parts


def a_replacement(
    ticket: Parts, client: Client, *, also: Sequence[Parts] = (), issue: bool = True, now: datetime = NOW
) -> Parts:
    """A full invoice for the client in the place of tickets."""
    replacement = ReplacementData(tuple(parts.invoice.id for parts in also), {"client": client.id})
    return create_replacement(
        invoice_id=ticket.invoice.id, replacement=replacement, by=SHOP, now=now, issue=issue
    ).parts


@contextmanager
def refused(kind: type[Refusal]) -> Iterator[pytest.ExceptionInfo[Any]]:
    """The verb says no, and what it began is undone."""
    with pytest.raises(kind) as refusal, transaction.atomic():
        yield refusal


def ids(rows: Sequence[object]) -> list[uuid.UUID]:
    """The ids of rows, for comparisons."""
    return [row.id for row in rows]
