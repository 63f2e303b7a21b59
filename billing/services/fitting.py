"""A correction or a replacement among the invoices that came before it: whether it may be, and what it may come to.

Asked when a draft is written, and again when it is issued, with nobody else correcting meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing import deadlines, errors
from billing.balance import Amounts, Balance, Group, fit
from billing.calculation import LineInput, Subtotal, Totals, with_subtotals
from billing.drafts import Correction, InvoiceDraft
from billing.families import Family, family_of
from billing.models import CorrectionMethod, FiscalType, Invoice
from billing.parties import PartyCopy
from billing.representation import trim
from core.errors import Fault, gettext_noop
from core.money import ZERO

REASONS = {
    **dict.fromkeys([FiscalType.F2, FiscalType.R5], ("R5",)),
    **dict.fromkeys(
        [FiscalType.F1, FiscalType.R1, FiscalType.R2, FiscalType.R3, FiscalType.R4], ("R1", "R2", "R3", "R4")
    ),
    FiscalType.F3: ("F3",),
}
"""Which corrections an invoice of each type may have. A replacement is withdrawn by another one (AEAT, FAQ 27)."""


@dataclass(frozen=True, slots=True)
class Before:
    """What comes before a correction or a replacement: the family, and whom it names."""

    family: Family
    preceding: tuple[Invoice, ...]

    @property
    def latest(self) -> Invoice:
        """The one from which it takes what nobody said: rounding, currency, buyer."""
        return self.preceding[-1]


@dataclass(frozen=True, slots=True)
class Fitting:
    """What it comes to, and (by substitution) in whose place it is put."""

    totals: Totals
    replaced: Amounts | None = None
    faults: tuple[Fault, ...] = ()


def look_back(draft: InvoiceDraft) -> Before | None:
    """What comes before the draft; None for an invoice of its own."""
    if draft.correction is not None:
        return before_correction(draft.correction.originals, method=draft.correction.method)
    if draft.replaces:
        return before_replacement(draft.replaces)
    return None


def before_correction(originals: Iterable[uuid.UUID], *, method: str) -> Before:
    """A correction by substitution names all that is in effect in its family; one by differences what it was told.
    Raises Conflict ``invoice_voided``: since a draft was written, one of them may have been."""
    listed = list(originals)
    family = _family_in_force(listed)
    if method == CorrectionMethod.SUBSTITUTION:
        return Before(family, tuple(family.in_effect))
    return Before(family, tuple(dict.fromkeys(family.standing_for(one) for one in listed)))


def before_replacement(tickets: Iterable[uuid.UUID]) -> Before:
    """A replacement names the simplified invoices, whose corrections have changed what they come to."""
    listed = list(tickets)
    family = _family_in_force(listed)
    by_id = {member.id: member for member in family.members}
    return Before(family, tuple(by_id[one] for one in listed))


def _family_in_force(invoice_ids: Sequence[uuid.UUID]) -> Family:
    family = family_of(invoice_ids)
    missing = set(invoice_ids) - {member.id for member in family.members}
    voided = Invoice.objects.filter(id__in=missing).order_by("id").only("display_number").first()
    if voided is not None:
        raise errors.invoice_voided(voided.id, voided.display_number or "")
    return family


def check_before(draft: InvoiceDraft, before: Before, *, buyer: PartyCopy | None, today: date) -> list[Fault]:
    """Whether this may be corrected, or replaced, in this way, on this day, towards this buyer."""
    if draft.correction is None:
        return []
    return [
        *_check_kinds(draft.correction, before.preceding),
        *_check_currency(draft, before.preceding),
        *_check_buyer(draft.correction, before.preceding, buyer),
        *_check_days(draft.correction, before.preceding, today),
    ]


def fit_among(
    draft: InvoiceDraft, before: Before, totals: Totals, taxed: Sequence[LineInput], *, inside: bool
) -> Fitting:
    """Hold what was calculated to what came before."""
    if draft.correction is None:
        return Fitting(_as_the_tickets_were(before, totals, taxed, draft.withholding_percent))
    if draft.correction.method == CorrectionMethod.SUBSTITUTION:
        return Fitting(totals, replaced=before.family.balance.total)
    fitting = _taken(before.family.balance, totals, taxed, inside=inside, percent=draft.withholding_percent)
    if draft.correction.reason == FiscalType.F3 and before.family.balance.total.gross + fitting.totals.gross_total:
        return replace(fitting, faults=(*fitting.faults, _withdrawn_whole("#/lines")))
    return fitting


def _taken(left: Balance, totals: Totals, taxed: Sequence[LineInput], *, inside: bool, percent: Decimal) -> Fitting:
    fitted = fit(left, totals.subtotals, inside=inside)
    faults = tuple(_beyond(left, group) for group in fitted.beyond)
    held = with_subtotals(totals, taxed, fitted.subtotals, withholding_percent=percent)
    if left.total.taxable_amount + held.net_total == 0 and left.withholding:
        held = _with_withholding(held, -left.withholding)  # the rest of it too, to the cent
    return Fitting(held, faults=faults)


def _with_withholding(totals: Totals, withholding: Decimal) -> Totals:
    return replace(totals, withholding_total=withholding, amount_due=totals.gross_total - withholding)


def _as_the_tickets_were(
    before: Before, totals: Totals, taxed: Sequence[LineInput], withholding_percent: Decimal
) -> Totals:
    """The customer has paid already: a replacement comes to what its tickets came to, to the cent."""
    left = before.family.balance
    subtotals = [_with_amounts(subtotal, left) for subtotal in totals.subtotals]
    return with_subtotals(totals, taxed, subtotals, withholding_percent=withholding_percent)


def _with_amounts(subtotal: Subtotal, left: Balance) -> Subtotal:
    group = Group(
        subtotal.tax,
        subtotal.tax_category,
        subtotal.exemption_code,
        subtotal.regime_code,
        subtotal.tax_rate,
        subtotal.surcharge_rate,
    )
    amounts = left.left_of(group)
    return replace(
        subtotal,
        taxable_amount=amounts.taxable_amount,
        tax_amount=amounts.tax_amount,
        surcharge_amount=amounts.surcharge_amount,
        taxable_amount_eur=amounts.taxable_amount_eur,
        tax_amount_eur=amounts.tax_amount_eur,
        surcharge_amount_eur=amounts.surcharge_amount_eur,
    )


def _beyond(left: Balance, group: Group) -> Fault:
    rest = left.left_of(group)
    message = gettext_noop(
        "More is taken back than is left of %(tax)s at %(rate)s %%: %(base)s of the base, %(gross)s with tax."
    )
    params = {
        "tax": group.tax,
        "rate": trim(group.tax_rate),
        "base": rest.taxable_amount,
        "gross": rest.gross,
    }
    return Fault("correction_exceeds_what_is_left", message, "#/lines", params=params)


def _check_kinds(correction: Correction, originals: Sequence[Invoice]) -> Iterable[Fault]:
    for original in originals:
        allowed = REASONS[FiscalType(original.fiscal_type)]
        if correction.reason not in allowed:
            message = gettext_noop("%(number)s is of type %(type)s: it is corrected by %(reasons)s, not by %(reason)s.")
            params = {
                "number": original.display_number,
                "type": original.fiscal_type,
                "reasons": ", ".join(allowed),
                "reason": correction.reason,
            }
            yield Fault("reason_not_for_type", message, "#/reason", params=params)
            return
    if correction.reason == "F3" and (len(originals) > 1 or correction.method != CorrectionMethod.DIFFERENCES):
        yield _withdrawn_whole("#/method")


def _withdrawn_whole(pointer: str) -> Fault:
    message = gettext_noop("A replacement (F3) is withdrawn whole, alone and by differences; then make a new one.")
    return Fault("replacement_withdrawn_whole", message, pointer)


def _check_currency(draft: InvoiceDraft, originals: Sequence[Invoice]) -> Iterable[Fault]:
    if {original.currency for original in originals} != {draft.currency}:
        message = gettext_noop("A correction is in the currency of what it corrects.")
        yield Fault("currency_differs", message, "#/currency")


def _check_buyer(correction: Correction, originals: Sequence[Invoice], buyer: PartyCopy | None) -> Iterable[Fault]:
    """One buyer; another tax id only in the place of the wrong one. Simplified invoices name none."""
    if correction.reason == FiscalType.R5:
        return
    tax_ids = {original.buyer_tax_id for original in originals}
    if len(tax_ids) > 1:
        message = gettext_noop("Invoices to several buyers are corrected one by one.")
        yield Fault("originals_of_several_buyers", message, "#/also_corrects")
    elif correction.method == CorrectionMethod.DIFFERENCES and buyer and buyer.tax_id not in tax_ids:
        message = gettext_noop("The buyer has another tax id than on the invoice: correct it by substitution.")
        yield Fault("buyer_differs", message, "#/client")


def _check_days(correction: Correction, originals: Sequence[Invoice], today: date) -> Iterable[Fault]:
    for original in originals:
        accrual = accrual_of(original)
        last = deadlines.last_day_to_correct(accrual, correction.event_date)
        if today > last:
            message = gettext_noop(
                "%(number)s could be corrected until %(date)s: four years (RD 1619/2012 art. 15.3). If something of"
                " LIVA art. 80 happened later, say when in event_date."
            )
            params = {"number": original.display_number, "date": last.isoformat()}
            yield Fault("correction_too_late", message, "#/event_date", params=params)
        first = deadlines.first_day_for_bad_debt(accrual)
        if correction.reason == FiscalType.R3 and today < first:
            message = gettext_noop(
                "A debt is not bad before %(date)s: six months after the tax accrued (LIVA art. 80.Cuatro)."
            )
            params = {"number": original.display_number, "date": first.isoformat()}
            yield Fault("bad_debt_too_early", message, "#/reason", params=params)
    if correction.event_date and correction.event_date > today:
        message = gettext_noop("What has not happened yet makes no correction due.")
        yield Fault("event_date_in_future", message, "#/event_date")


def accrual_of(invoice: Invoice) -> date:
    """The day whose rates apply, and from which the law counts."""
    day = invoice.operation_date or invoice.issue_date
    assert day is not None, "an issued invoice has a date"
    return day


def nothing_left(before: Before) -> bool:
    return before.family.balance.total.gross == ZERO and before.family.balance.is_used_up
