"""Amending the fiscal record of an invoice that is right itself («subsanación»; AEAT, FAQ 17)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from audit import services as audit
from billing import fiscal, queries
from billing.models import Invoice
from billing.parties import PartyCopy
from billing.representation import Parts
from billing.services.advising import facts_of
from billing.services.composing import named_by
from billing.services.drafting import lock_invoice, subject_of
from billing.services.standing import refuse_unless_in_force
from core.actors import Actor
from core.errors import Fault, Invalid, gettext_noop
from verifactu.codes import IdType
from verifactu.models import FiscalRecord, RecordKind
from verifactu.reading import read_record
from verifactu.registration import OtherId, Party, Registration
from verifactu.services.chaining import amend_registration


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChanges:
    """What of a record may change while the invoice stays: how the operation is described, and how the census writes
    the buyer's name, or that it does not know the buyer (AEAT L7 07). Amounts, dates, number and tax ids are the
    invoice's: what is wrong in them is corrected by another invoice. Nothing at all sends the record again as it is,
    where the AEAT objected to it."""

    description: str = ""
    buyer_name: str = ""
    not_in_census: bool = False

    def shown(self) -> Mapping[str, object]:
        """For the audit log."""
        named = {"description": self.description, "buyer_name": self.buyer_name, "not_in_census": self.not_in_census}
        return {name: value for name, value in named.items() if value}


@transaction.atomic(savepoint=False)
def amend_record(
    *, invoice_id: uuid.UUID, reason: str, changes: RecordChanges, by: Actor, now: datetime
) -> FiscalRecord:
    """Append a record that takes the place of an issued invoice's registration at the AEAT; the invoice stays.

    It is built from the invoice's own copies, and keeps what earlier amendments changed. Raises NotFound; Conflict
    ``invoice_not_issued``, ``invoice_voided``, ``record_pending``; Invalid with every fault.
    """
    invoice = lock_invoice(invoice_id)
    refuse_unless_in_force([invoice_id])
    parts = queries.parts_of(invoice)
    if not changes.shown() and not facts_of(parts).objected:
        message = gettext_noop("The AEAT has the record as it is: say what is to change.")
        raise Invalid([Fault("nothing_to_amend", message, "#")])
    registration = _changed(_as_amended_before(parts), changes)
    today = now.astimezone(invoice.seller.zone).date()
    faults, _warnings = fiscal.preflight(registration, today=today, pointer_to=_pointer_to)
    if faults:
        raise Invalid(faults)
    record = amend_registration(
        registration,
        invoice_id=invoice.id,
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        zone=invoice.seller.zone,
    )
    audit.record(
        "record.amended",
        by=by,
        subject=subject_of(invoice),
        after={**changes.shown(), "record": str(record.id), "fingerprint": record.fingerprint},
        reason=reason,
    )
    return record


def _pointer_to(element: str) -> str:
    """Where in ``RecordChanges`` an element of the registration is; what is the invoice's is nowhere in it."""
    return _POINTERS.get(element, "#")


_POINTERS = {
    "description": "#/description",
    "recipients/0/name": "#/buyer_name",
    "recipients/0/tax_id": "#/not_in_census",
}


def registration_of_issued(parts: Parts) -> Registration:
    """An issued invoice as it was registered, from its own columns and copies: nobody's row of today is asked."""
    invoice = parts.invoice
    assert invoice.seller_copy is not None, "an issued invoice keeps its seller"
    assert invoice.display_number is not None, "an issued invoice has a number"
    assert invoice.issue_date is not None, "an issued invoice has a date"
    return fiscal.registration_of_invoice(
        parts,
        seller=PartyCopy.from_json(invoice.seller_copy),
        buyer=PartyCopy.from_json(invoice.buyer) if invoice.buyer else None,
        number=invoice.display_number,
        issue_date=invoice.issue_date,
        preceding=named_by(invoice, [link.original for link in parts.preceding]),
    )


def _as_amended_before(parts: Parts) -> Registration:
    registration, last = registration_of_issued(parts), last_registration(parts.invoice)
    return replace(registration, description=last.description, recipients=last.recipients)


def last_registration(invoice: Invoice) -> Registration:
    """What the last of its records says of the invoice; an annulment says nothing of it."""
    records = FiscalRecord.objects.filter(invoice=invoice, kind=RecordKind.REGISTRATION)
    content = read_record(bytes(records.latest("generated_at", "sequence").xml)).content
    assert isinstance(content, Registration), "a record of that kind registers"
    return content


def _changed(registration: Registration, changes: RecordChanges) -> Registration:
    """Raises Invalid where there is no buyer to change, or one that no census of persons could know."""
    described = replace(registration, description=changes.description or registration.description)
    if not (changes.buyer_name or changes.not_in_census):
        return described
    if len(described.recipients) != 1:
        message = gettext_noop("The record names no buyer.")
        raise Invalid([Fault("record_names_no_buyer", message, "#/buyer_name")])
    (buyer,) = described.recipients
    renamed = replace(buyer, name=changes.buyer_name or buyer.name)
    return replace(described, recipients=(_unregistered(renamed) if changes.not_in_census else renamed,))


def _unregistered(buyer: Party) -> Party:
    if buyer.nif is None:
        message = gettext_noop("Only a buyer with a Spanish NIF can be unknown to the census.")
        raise Invalid([Fault("buyer_has_no_nif", message, "#/not_in_census")])
    return replace(buyer, tax_id=OtherId("ES", IdType.NOT_REGISTERED, buyer.nif))
