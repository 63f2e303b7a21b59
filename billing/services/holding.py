"""A machine that came to its ceiling: what it wanted to issue waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from audit.models import AuditEntry, Outcome
from billing import queries
from billing.models import Invoice, InvoiceStatus
from billing.representation import Parts
from billing.services.moving import put_in_review
from core.actors import Actor
from core.errors import Fault
from integrations.ceilings import Ceilings, Held
from integrations.models import CeilingUse

_HELD = "invoice.held"


def held_back(parts: Parts, within: Ceilings | None) -> Held | None:
    """The ceiling that a token would go beyond by issuing this. What a person has approved is that person's act."""
    invoice = parts.invoice
    if within is None or invoice.status == InvoiceStatus.APPROVED:
        return None
    return within.reached(_counted(invoice), zone=invoice.seller.zone)


def hold(parts: Parts, held: Held, *, by: Actor, now: datetime) -> Parts:
    """Leave the draft in review, once, saying why. Asking again changes nothing."""
    invoice = parts.invoice
    if invoice.status == InvoiceStatus.IN_REVIEW:
        return replace(queries.parts_of(invoice), held=held)
    why = {"held_by_limit": held.to_json()}
    return replace(put_in_review(invoice, _HELD, by=by, now=now, why=why), held=held)


def used_by(within: Ceilings | None, invoice: Invoice, *, before: str) -> list[CeilingUse]:
    """What a token has used of its ceilings by issuing this, which was ``before`` in that state: a row or none."""
    if within is None or before == InvoiceStatus.APPROVED:
        return []
    return [within.use(_counted(invoice), object_id=str(invoice.id))]


def _counted(invoice: Invoice) -> Decimal:
    """What an invoice counts against euro ceilings. The rate of another currency is the word of whoever asks: where the
    amount itself is larger than its euros, it counts, lest a rate of 100,000 open every ceiling."""
    return max(invoice.gross_total_eur, invoice.gross_total, key=abs)


def why_held(invoice: Invoice) -> Held | None:
    """Why a draft in review waits, where a token's ceiling was the reason: what the audit log says of the last time."""
    if invoice.status != InvoiceStatus.IN_REVIEW:
        return None
    held = AuditEntry.objects.filter(
        subject_type="invoice", subject_id=str(invoice.id), action=_HELD, outcome=Outcome.DONE
    )
    last = held.order_by("-id").first()
    return Held.from_json(last.after["held_by_limit"]) if last and last.after else None


def foreseen(parts: Parts, within: Ceilings | None) -> list[Fault]:
    """The warning that an invoice which is only looked at would be held."""
    held = held_back(parts, within)
    return [held.as_warning()] if held else []
