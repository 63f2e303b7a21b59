"""A fresh start of the sandbox: another test seller in the place of one whose issued rows stay, as they must."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import services as audit
from billing import errors
from billing.models import Invoice, Seller
from billing.services.sellers import SellerData, SeriesData, create_seller, create_series, subject_of
from clients.models import Client
from core.actors import Actor
from core.errors import Conflict, gettext_noop
from core.fictitious import companies_of_range
from core.modes import Mode
from integrations import clock
from integrations.locks import take_lock
from integrations.models import WebhookEndpoint
from integrations.services.clocks import sandbox_only
from integrations.services.fresh_starts import copy_endpoints, hand_over_tokens, retire_endpoints


@dataclass(frozen=True, slots=True)
class FreshStart:
    """The new seller, and pairs of old and new receivers."""

    seller: Seller
    endpoints: Sequence[tuple[WebhookEndpoint, WebhookEndpoint]]


@transaction.atomic(savepoint=False)
def start_afresh(*, seller_id: uuid.UUID, token_ids: Collection[uuid.UUID], by: Actor, now: datetime) -> FreshStart:
    """Make a test seller with the data, rules and series of another: its own chain, numbers from the first, its clock
    at the true time ``now``, neither clients nor invoices. The old one and its rows stay.

    It has another fictitious NIF, which no seller here ever had: at the (simulated) AEAT two chains of one NIF would
    meet. The tokens act for it in place of the old one; receivers of webhooks are copied with their secrets, and
    leave the old one where no token acts for it any more. Raises
    NotFound; Forbidden ``sandbox_only``; Conflict ``already_fresh``, ``fictitious_tax_ids_used_up``.
    """
    former = Seller.objects.select_for_update().filter(id=seller_id).first()
    if former is None:
        raise errors.seller_not_found()
    if former.mode != Mode.TEST:
        raise sandbox_only()
    _refuse_if_fresh(former)
    seller = create_seller(mode=Mode.TEST, data=_data_of(former, tax_id=_free_tax_id(former)), by=by, now=now)
    for series in former.series.filter(numbers_lost_at=None).order_by("id"):
        create_series(seller_id=seller.id, data=SeriesData(**_values(series, SeriesData)), by=by)
    hand_over_tokens(token_ids=token_ids, former_id=former.id, seller_id=seller.id, by=by)
    copied = copy_endpoints(former_id=former.id, seller_id=seller.id, by=by, now=now)
    retire_endpoints(former_id=former.id, by=by, now=now)
    audit.record(
        "seller.started_afresh",
        by=by,
        subject=subject_of(former),
        after={"seller": str(seller.id), "tax_id": seller.tax_id, "endpoints": len(copied)},
    )
    return FreshStart(seller, copied)


def _refuse_if_fresh(seller: Seller) -> None:
    """So that a repeat after a lost answer, which comes for the new seller, makes no third one."""
    used = (
        Invoice.objects.filter(seller=seller).exists()
        or Client.objects.filter(seller=seller).exists()
        or clock.fresh_offset_of(seller.id)
    )
    if not used:
        message = gettext_noop("This seller is fresh: it has neither clients nor invoices, and the true time.")
        raise Conflict("already_fresh", message, extra={"seller": str(seller.id)})


def _free_tax_id(former: Seller) -> str:
    """The next company of its legal form, for others an «S.L.»; one at a time, since they all look for the same."""
    take_lock("fictitious tax ids")
    letter = former.tax_id[0] if former.tax_id[0] in "AB" else "B"
    taken = set(Seller.objects.filter(tax_id__startswith=f"{letter}999").values_list("tax_id", flat=True))
    free = next((tax_id for tax_id in companies_of_range(letter) if tax_id not in taken), None)
    if free is None:
        message = gettext_noop("All the fictitious companies of this installation have been used: begin another one.")
        raise Conflict("fictitious_tax_ids_used_up", message)
    return free


def _data_of(former: Seller, *, tax_id: str) -> SellerData:
    return SellerData(**{**_values(former, SellerData), "tax_id": tax_id})


def _values(row: object, data: Any) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(data)}
