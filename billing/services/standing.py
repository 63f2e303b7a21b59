"""At the moment of issue: a correction or a replacement still stands where its draft saw it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from billing import errors
from billing.drafts import InvoiceDraft
from billing.models import Invoice, InvoiceStatus
from billing.parties import PartyCopy
from billing.queries import replacement_in_force
from billing.representation import Parts
from billing.services.composing import adds_up, inputs_of, totals_of
from billing.services.fitting import Before, before_correction, before_replacement, check_before, fit_among
from billing.services.keeping import correction_of
from core.errors import Fault, Invalid, gettext_noop
from integrations.locks import take_lock


def hold_families(seller_id: uuid.UUID) -> None:
    """Let nobody else correct, replace or void an invoice of this seller until the transaction ends: two corrections
    at the same moment could each take what is left. Taken after the invoice's own row, and before series and chain."""
    take_lock("corrections", seller_id)


def refuse_unless_it_stands(parts: Parts, *, issue_date: date, today: date) -> None:
    """With the seller's families held, judge a draft by what comes before it as that is now.

    Raises Conflict ``invoice_voided``, ``already_replaced``, ``correction_stale``; Invalid with every fault
    (``correction_exceeds_what_is_left``, …).
    """
    invoice = parts.invoice
    before = _before(parts)
    buyer = PartyCopy.of(invoice.client, name=invoice.client.name) if invoice.client else None
    draft = InvoiceDraft(
        lines=(),
        currency=invoice.currency,
        withholding_percent=invoice.withholding_percent,
        correction=correction_of(invoice, parts) if invoice.correction_method else None,
        replaces=() if invoice.correction_method else tuple(link.original_id for link in parts.preceding),
    )
    faults = [*check_before(draft, before, buyer=buyer, today=today), *_check_order(before, issue_date)]
    if faults:
        raise Invalid(faults)
    fitting = fit_among(draft, before, totals_of(parts), inputs_of(parts), inside=invoice.prices_include_tax)
    if fitting.faults:
        raise Invalid(fitting.faults)
    if not adds_up(parts, fitting.totals):
        raise errors.correction_stale(invoice.id)


def _check_order(before: Before, issue_date: date) -> list[Fault]:
    """Nothing is corrected or replaced before it was issued."""
    late = next((one for one in before.preceding if one.issue_date and one.issue_date > issue_date), None)
    if late is None:
        return []
    message = gettext_noop("%(number)s was issued on %(date)s: nothing corrects or replaces it with an earlier date.")
    params = {"number": late.display_number, "date": str(late.issue_date)}
    return [Fault("issue_date_before_original", message, "#/issue_date", params=params)]


def _before(parts: Parts) -> Before:
    invoice, asked = parts.invoice, [link.original_id for link in parts.preceding]
    refuse_unless_in_force(asked)
    if not invoice.correction_method:
        refuse_if_replaced(asked)
        return before_replacement(asked)
    before = before_correction(asked, method=invoice.correction_method)
    refuse_if_replaced(member.id for member in before.family.members)
    if {one.id for one in before.preceding} != set(asked):
        raise errors.correction_stale(invoice.id)
    return before


def refuse_unless_in_force(invoice_ids: Iterable[uuid.UUID]) -> list[Invoice]:
    """These invoices, in that order. Raises Conflict ``invoice_not_issued`` or ``invoice_voided``."""
    listed = list(invoice_ids)
    found = Invoice.objects.select_related("annulment").in_bulk(listed)
    for invoice in found.values():
        if invoice.status != InvoiceStatus.ISSUED:
            raise errors.invoice_not_issued(invoice.id)
        if hasattr(invoice, "annulment"):
            raise errors.invoice_voided(invoice.id, invoice.display_number or "")
    return [found[one] for one in listed if one in found]


def refuse_if_replaced(tickets: Iterable[uuid.UUID]) -> None:
    """Raise Conflict ``already_replaced`` where a full invoice stands in the place of one of these: it comes to what
    they came to, so that nothing of them changes before it is withdrawn (AEAT, FAQ 27)."""
    link = replacement_in_force(tickets)
    if link is not None:
        raise errors.already_replaced(link.original.display_number or "", link.invoice_id)
