"""A full invoice in the place of simplified ones, for a customer who asks for it (RD 1619/2012 art. 7; AEAT F3)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from billing import errors
from billing.drafts import InvoiceDraft, SourceEventKey
from billing.models import FiscalType, Invoice
from billing.representation import Parts
from billing.services.drafting import Draft, create_draft, preview
from billing.services.fitting import accrual_of, before_replacement
from billing.services.issuing import create_and_issue
from billing.services.keeping import of_the_tickets
from billing.services.standing import refuse_if_replaced, refuse_unless_in_force
from clients.services import ClientData
from core.actors import Actor
from core.errors import Fault, Invalid, gettext_noop
from integrations.ceilings import Ceilings


@dataclass(frozen=True, slots=True)
class ReplacementData:
    """What is wished for. ``given`` are the fields of an ``InvoiceDraft`` that the caller named; the lines are the
    tickets' own, as their corrections have left them."""

    also_replaces: tuple[uuid.UUID, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def create_replacement(
    *,
    invoice_id: uuid.UUID,
    replacement: ReplacementData,
    by: Actor,
    now: datetime,
    client: ClientData | None = None,
    source: SourceEventKey | None = None,
    issue: bool = False,
    within: Ceilings | None = None,
) -> Draft:
    """Write a full invoice in the place of a simplified one, and of others with it; with ``issue`` it is issued too,
    unless it goes beyond what its token may do by itself (``within``).

    It corrects nothing, and each simplified invoice is replaced once. Raises NotFound; Conflict
    ``invoice_not_issued``, ``invoice_voided``, ``already_replaced``; Invalid with every fault.
    """
    seller_id, draft = _draft(invoice_id, replacement)
    verb = partial(create_and_issue, within=within) if issue else create_draft
    return verb(seller_id=seller_id, draft=draft, by=by, now=now, client=client, source=source)


def preview_replacement(
    *, invoice_id: uuid.UUID, replacement: ReplacementData, now: datetime, client: ClientData | None = None
) -> tuple[Parts, tuple[Fault, ...]]:
    """The replacement as it would be; nothing is written. Raises what ``create_replacement`` does."""
    seller_id, draft = _draft(invoice_id, replacement)
    return preview(seller_id=seller_id, draft=draft, client=client, now=now)


def _draft(invoice_id: uuid.UUID, replacement: ReplacementData) -> tuple[uuid.UUID, InvoiceDraft]:
    asked = list(dict.fromkeys((invoice_id, *replacement.also_replaces)))
    found = Invoice.objects.in_bulk(asked)
    first = found.get(invoice_id)
    if first is None:
        raise errors.invoice_not_found()
    _refuse_unless_simplified(first, found, replacement)
    refuse_unless_in_force(asked)
    refuse_if_replaced(asked)
    before = before_replacement(asked)
    latest = before.latest
    inherited = {
        "currency": latest.currency,
        "exchange_rate": latest.exchange_rate if latest.currency != "EUR" else None,
        "operation_date": max(accrual_of(one) for one in before.preceding),
        "equivalence_surcharge": latest.equivalence_surcharge,
    }
    draft = InvoiceDraft(**{**inherited, **replacement.given, "lines": (), "replaces": tuple(asked)})
    return first.seller_id, of_the_tickets(draft)


def _refuse_unless_simplified(first: Invoice, found: Mapping[uuid.UUID, Invoice], replacement: ReplacementData) -> None:
    faults = []
    if first.fiscal_type != FiscalType.F2:
        faults.append(_not_simplified(first, "#"))
    for position, one in enumerate(replacement.also_replaces):
        other, pointer = found.get(one), f"#/also_replaces/{position}"
        if other is None or other.seller_id != first.seller_id:
            message = gettext_noop("The seller has no such invoice.")
            faults.append(Fault("invoice_unknown", message, pointer))
        elif other.fiscal_type != FiscalType.F2:
            faults.append(_not_simplified(other, pointer))
        elif other.currency != first.currency:
            message = gettext_noop("Simplified invoices in several currencies are replaced one by one.")
            faults.append(Fault("currency_differs", message, pointer))
    if faults:
        raise Invalid(faults)


def _not_simplified(invoice: Invoice, pointer: str) -> Fault:
    message = gettext_noop("Only simplified invoices (F2) are replaced; this one is of type %(type)s.")
    return Fault("not_a_simplified_invoice", message, pointer, params={"type": invoice.fiscal_type})
