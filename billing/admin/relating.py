"""What an invoice has to do with others: what it corrects or replaces, who did that to it, and what is left."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext

from audit.admin import Tone
from billing import queries
from billing.admin.treatments import Treatment
from billing.balance import Amounts, Balance, Group
from billing.deadlines import Deadline, deadlines_of
from billing.families import Family, family_of
from billing.models import CorrectionMethod, FiscalType, Invoice, InvoiceStatus
from billing.representation import Parts
from billing.services.fitting import REASONS, accrual_of, before_correction, before_replacement
from core.money import ZERO


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of one tax and rate."""

    label: str
    amounts: Amounts

    @classmethod
    def of(cls, group: Group, amounts: Amounts) -> Rest:
        treatment = Treatment(group.tax, group.tax_category, group.exemption_code, group.tax_rate)
        return cls(treatment.short, amounts)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the law, and whether it is at hand."""

    on: date
    text: str
    basis: str
    is_first: bool
    tone: Tone


@dataclass(frozen=True, slots=True)
class Undertaking:
    """What a draft does to invoices that were issued before it. ``after`` is what would be left of them, where the
    draft's own total is known; ``method`` is empty where it replaces. ``is_void``: one of them was annulled since."""

    method: str
    reason: str
    originals: Sequence[Invoice]
    rests: Sequence[Rest]
    left: Decimal
    after: Decimal | None
    currency: str
    event_date: date | None
    days: Sequence[Day]
    is_void: bool = False

    @property
    def method_label(self) -> str | Promise:
        return CorrectionMethod(self.method).label if self.method else ""

    @property
    def reason_label(self) -> str | Promise:
        return FiscalType(self.reason).label


def undertaking_of(parts: Parts, *, today: date) -> Undertaking | None:
    """Of a draft that corrects or replaces; None of any other."""
    if not parts.preceding:
        return None
    invoice = parts.invoice
    if queries.voided(Invoice.objects.filter(following__invoice=invoice.id)).exists():
        return _in_vain(parts)
    return undertaking(
        [link.original_id for link in parts.preceding],
        method=invoice.correction_method,
        reason=invoice.fiscal_type,
        event_date=invoice.correction_event_date,
        gross_total=invoice.gross_total,
        today=today,
    )


def _in_vain(parts: Parts) -> Undertaking:
    """Of a draft whose originals do not all stand any more."""
    invoice = parts.invoice
    return Undertaking(
        method=invoice.correction_method,
        reason=invoice.fiscal_type,
        originals=[link.original for link in parts.preceding],
        rests=[],
        left=ZERO,
        after=None,
        currency=invoice.currency,
        event_date=invoice.correction_event_date,
        days=[],
        is_void=True,
    )


def undertaking(
    original_ids: Iterable[uuid.UUID],
    *,
    method: str,
    reason: str,
    today: date,
    event_date: date | None = None,
    gross_total: Decimal | None = None,
) -> Undertaking:
    """Of what is about to be written; ``gross_total`` is what it comes to, when that is known."""
    before = before_correction(original_ids, method=method) if method else before_replacement(original_ids)
    balance = before.family.balance
    originals = before.preceding
    return Undertaking(
        method=method,
        reason=reason,
        originals=originals,
        rests=_rests(balance),
        left=balance.total.gross,
        after=None if gross_total is None else _after(balance.total.gross, gross_total, method),
        currency=originals[0].currency if originals else "EUR",
        event_date=event_date,
        days=days_of(originals, reason, event_date=event_date, today=today) if method else [],
    )


def left_after(parts: Parts) -> Decimal | None:
    """What would be left of what a draft corrects, once it is issued; None where it corrects nothing."""
    invoice = parts.invoice
    if not invoice.correction_method:
        return None
    family = family_of(link.original_id for link in parts.preceding)
    return _after(family.balance.total.gross, invoice.gross_total, invoice.correction_method)


def _after(left: Decimal, gross_total: Decimal, method: str) -> Decimal:
    return left + gross_total if method == CorrectionMethod.DIFFERENCES else gross_total


def days_of(originals: Iterable[Invoice], reason: str, *, today: date, event_date: date | None = None) -> list[Day]:
    """The law's days for a correction of these by this reason, counted from the oldest of them."""
    oldest = min((accrual_of(original) for original in originals), default=None)
    if oldest is None:
        return []
    listed = deadlines_of(reason, accrual_date=oldest, event_date=event_date, issue_date=today)
    return [day_of(deadline, today) for deadline in listed]


def day_of(deadline: Deadline, today: date) -> Day:
    """A deadline in the person's language."""
    is_first = deadline.kind == "not_before"
    missed = today < deadline.on if is_first else today > deadline.on
    tone = Tone.BAD if missed else Tone.CALM
    return Day(deadline.on, gettext(deadline.message), deadline.basis, is_first, tone)


def reasons_for(originals: Iterable[Invoice]) -> list[FiscalType]:
    """The types that a correction of all of these may have; none where they need different ones."""
    allowed = [REASONS[FiscalType(original.fiscal_type)] for original in originals]
    return [FiscalType(reason) for reason in (allowed[0] if allowed else ()) if all(reason in one for one in allowed)]


# --- an issued invoice -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relations:
    """An issued invoice among its relations. ``drafts`` are corrections and replacements that are not issued yet;
    ``outstanding`` is what is still to be paid: of the whole family, where corrections have made one."""

    corrects: Sequence[Invoice]
    replaces: Sequence[Invoice]
    corrected_by: Sequence[Invoice]
    replaced_by: Sequence[Invoice]
    drafts: Sequence[Invoice]
    family: Sequence[tuple[Invoice, bool]]
    rests: Sequence[Rest]
    left: Decimal
    outstanding: Decimal

    @property
    def is_alone(self) -> bool:
        return not (self.corrects or self.replaces or self.corrected_by or self.replaced_by or self.drafts)


def relations_of(parts: Parts) -> Relations:
    """Who it belongs with, and what is left of them all; an invoice that nobody corrected has no family to show."""
    corrections = [link.invoice for link in parts.following if link.invoice.correction_method]
    originals = [link.original for link in parts.preceding]
    is_correction = bool(parts.invoice.correction_method)
    family = _family(parts) if corrections or is_correction else Family([])
    in_effect = {member.id for member in family.in_effect}
    return Relations(
        corrects=originals if is_correction else [],
        replaces=[] if is_correction else originals,
        corrected_by=corrections,
        replaced_by=[link.invoice for link in parts.following if not link.invoice.correction_method],
        drafts=list(queries.drafts_about(parts.invoice.id)),
        family=[(member, member.id in in_effect) for member in family.members],
        rests=_rests(family.balance),
        left=family.balance.total.gross,
        outstanding=queries.outstanding_of(family) if family.members else parts.invoice.amount_due - parts.paid_amount,
    )


def _family(parts: Parts) -> Family:
    """None of a draft, and none of what was voided."""
    in_force = parts.invoice.status == InvoiceStatus.ISSUED and parts.annulment is None
    return family_of([parts.invoice.id]) if in_force else Family([])


def _rests(balance: Balance) -> list[Rest]:
    return [Rest.of(group, amounts) for group, amounts in balance.groups.items() if amounts.gross != ZERO]
