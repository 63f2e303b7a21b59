"""Who buys: named by id, described and found, or described and made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from audit.rows import find
from billing.models import Seller
from clients.models import Client
from clients.services import ClientData, find_or_create_client, imagine_client
from core.actors import Actor
from core.errors import Fault, Invalid, gettext_noop


@dataclass(frozen=True, slots=True)
class Buyer:
    """The client's row, if there is one, with what differs from what the caller said of it. With ``faults``, who
    buys is not known, and what depends on it cannot be judged. ``is_described`` when the caller described it, instead
    of naming it by id."""

    client: Client | None = None
    warnings: tuple[Fault, ...] = ()
    faults: tuple[Fault, ...] = ()
    is_described: bool = False

    @property
    def is_imagined(self) -> bool:
        """Whether the register does not know the client yet."""
        return self.client is not None and self.client._state.adding

    @property
    def is_identified(self) -> bool:
        """Whether a full invoice can name it (RD 1619/2012 art. 6.1.d); in doubt, yes."""
        return bool(self.faults) or (self.client is not None and bool(self.client.tax_id))


def find_buyer(
    seller: Seller, *, named: uuid.UUID | None, described: ClientData | None, by: Actor, now: datetime
) -> Buyer:
    """The buyer of an invoice that is being written; one who is described and unknown is added to the register.

    The register is asked for faults first, and then to write: a verb that refuses ends the transaction, and the other
    faults of the invoice could not be looked for any more.
    """
    buyer = imagine_buyer(seller, named=named, described=described)
    if described is None or not buyer.is_imagined:
        return buyer
    client, warnings = find_or_create_client(seller_id=seller.id, mode=seller.mode, data=described, by=by, now=now)
    return Buyer(client, tuple(warning.under("client") for warning in warnings), is_described=True)


def imagine_buyer(seller: Seller, *, named: uuid.UUID | None, described: ClientData | None) -> Buyer:
    """The same without writing: one who would be made is a row that was never saved."""
    return _named(seller, named) if described is None else _described(seller, described)


def _named(seller: Seller, client_id: uuid.UUID | None) -> Buyer:
    if client_id is None:
        return Buyer()
    client = find(Client, id=client_id, seller_id=seller.id)
    if client is None:
        message = gettext_noop("The seller has no such client.")
        return Buyer(faults=(Fault("client_unknown", message, pointer="#/client"),))
    return Buyer(client)


def _described(seller: Seller, data: ClientData) -> Buyer:
    """The register's faults point into the client; the invoice's point at ``#/client/…``."""
    try:
        client, warnings = imagine_client(seller_id=seller.id, mode=seller.mode, data=data)
    except Invalid as refusal:
        return Buyer(faults=tuple(fault.under("client") for fault in refusal.faults), is_described=True)
    return Buyer(client, tuple(warning.under("client") for warning in warnings), is_described=True)
