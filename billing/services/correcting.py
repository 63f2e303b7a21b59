"""Correcting issued invoices by other invoices (RD 1619/2012 art. 15)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction

from billing import errors
from billing.drafts import Correction, InvoiceDraft, SourceEventKey, ThirdParty
from billing.families import Family
from billing.models import CorrectionMethod, Invoice
from billing.representation import Parts
from billing.services.drafting import Draft, create_draft, preview
from billing.services.fitting import Before, accrual_of, before_correction
from billing.services.issuing import create_and_issue
from billing.services.mirroring import caption_of, mirror
from billing.services.standing import refuse_if_replaced, refuse_unless_in_force
from clients.services import ClientData
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from integrations.ceilings import Ceilings


@dataclass(frozen=True, slots=True)
class CorrectionData:
    """What is wished for. ``given`` are the fields of an ``InvoiceDraft`` that the caller named, by name; what is not
    there is as it was on the invoice that is corrected. Without ``lines``, a correction by differences takes back all
    that is left. ``event_date`` is when something of LIVA art. 80 happened, where that is later than the operation."""

    method: str
    reason: str
    also_corrects: tuple[uuid.UUID, ...] = ()
    event_date: date | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def create_correction(
    *,
    invoice_id: uuid.UUID,
    correction: CorrectionData,
    by: Actor,
    now: datetime,
    client: ClientData | None = None,
    source: SourceEventKey | None = None,
    issue: bool = False,
    within: Ceilings | None = None,
) -> Draft:
    """Write a draft that corrects an issued invoice, and others with it; with ``issue`` it is issued too, or nothing
    is; ``within`` a token's ceilings it may be held for a person.

    ``client`` describes the buyer anew where it is not the one of the invoice. Raises NotFound; Conflict
    ``invoice_not_issued``, ``invoice_voided``, ``already_replaced``, ``nothing_left_to_correct``; Invalid with every
    fault; and what ``create_draft`` and ``issue_invoice`` raise.
    """
    seller_id = _seller_of(invoice_id)
    draft = correction_draft(invoice_id=invoice_id, correction=correction, described=client is not None)
    verb = partial(create_and_issue, within=within) if issue else create_draft
    return verb(seller_id=seller_id, draft=draft, by=by, now=now, client=client, source=source)


def preview_correction(
    *, invoice_id: uuid.UUID, correction: CorrectionData, now: datetime, client: ClientData | None = None
) -> tuple[Parts, tuple[Fault, ...]]:
    """The correction as it would be, with every warning; nothing is written. Raises what ``create_correction`` does."""
    draft = correction_draft(invoice_id=invoice_id, correction=correction, described=client is not None)
    return preview(seller_id=_seller_of(invoice_id), draft=draft, client=client, now=now)


def correction_draft(*, invoice_id: uuid.UUID, correction: CorrectionData, described: bool = False) -> InvoiceDraft:
    """The draft that such a correction would be: what the caller said, and for the rest what is corrected."""
    seller_id = _seller_of(invoice_id)
    asked = list(dict.fromkeys((invoice_id, *correction.also_corrects)))
    _refuse_strangers(seller_id, correction)
    refuse_unless_in_force(asked)
    before = before_correction(asked, method=correction.method)
    refuse_if_replaced(member.id for member in before.family.members)
    inherited = _inherited(before, described=described)
    if "lines" not in correction.given:
        inherited |= _lines_of_what_is_left(before, correction, language=inherited["language"])
    return InvoiceDraft(
        **{
            **inherited,
            **correction.given,
            "correction": Correction(
                method=correction.method,
                reason=correction.reason,
                originals=tuple(one.id for one in before.preceding),
                event_date=correction.event_date,
            ),
        }
    )


def _seller_of(invoice_id: uuid.UUID) -> uuid.UUID:
    seller_id = Invoice.objects.filter(id=invoice_id).values_list("seller", flat=True).first()
    if seller_id is None:
        raise errors.invoice_not_found()
    return seller_id


def _refuse_strangers(seller_id: uuid.UUID, correction: CorrectionData) -> None:
    """What is another seller's is as unknown as what does not exist."""
    known = set(Invoice.objects.filter(seller=seller_id, id__in=correction.also_corrects).values_list("id", flat=True))
    message = gettext_noop("The seller has no such invoice.")
    faults = [
        Fault("invoice_unknown", message, f"#/also_corrects/{position}")
        for position, one in enumerate(correction.also_corrects)
        if one not in known
    ]
    if faults:
        raise Invalid(faults)


def _inherited(before: Before, *, described: bool) -> dict[str, Any]:
    """As on the latest of the invoices that are corrected; the day is the latest of theirs, for its rates apply."""
    latest = before.latest
    return {
        **{name: getattr(latest, name) for name in _AS_BEFORE},
        "client": None if described else latest.client_id,
        "exchange_rate": latest.exchange_rate if latest.currency != "EUR" else None,
        "operation_date": max(accrual_of(one) for one in before.preceding),
        "third_party": _third_party(latest),
    }


_AS_BEFORE = [
    "currency",
    "prices_include_tax",
    "withholding_percent",
    "equivalence_surcharge",
    "purchase_order",
    "buyer_reference",
    "language",
    "simplified_art_7273",
    "no_recipient_art_61d",
    "issuing_party",
]


def _third_party(invoice: Invoice) -> ThirdParty | None:
    copy = invoice.third_party
    return ThirdParty(copy["name"], copy["tax_id"], copy.get("country", "ES")) if copy else None


def _lines_of_what_is_left(before: Before, correction: CorrectionData, *, language: str) -> dict[str, Any]:
    if correction.method != CorrectionMethod.DIFFERENCES:
        message = gettext_noop("A correction by substitution says what the invoice should have been: its lines.")
        raise Invalid([Fault("required", message, "#/lines")])
    family: Family = before.family
    if family.balance.is_used_up:
        message = gettext_noop("Nothing is left of %(number)s: everything was taken back.")
        raise Conflict(
            "nothing_left_to_correct",
            message,
            params={"number": before.latest.display_number},
            extra={"invoice": str(before.latest.id)},
        )
    caption = caption_of(before.preceding, language=correction.given.get("language", language))
    mirrored = mirror(family, sign=-1, caption=caption)
    return {"lines": mirrored.lines, "prices_include_tax": mirrored.prices_include_tax}
