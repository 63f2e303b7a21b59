"""What editing never changes of a draft: that it corrects or replaces what it does."""

from __future__ import annotations

from dataclasses import replace

from billing.drafts import Correction, InvoiceDraft
from billing.models import Invoice
from billing.representation import Parts
from billing.services.fitting import before_replacement
from billing.services.mirroring import caption_of, mirror


def kept(draft: InvoiceDraft, present: Parts) -> InvoiceDraft:
    """The new content of a draft that stays what it is. A correction's reason may be another one of its kind; the lines
    of a replacement are those of its tickets, whatever is asked."""
    invoice = present.invoice
    originals = tuple(link.original_id for link in present.preceding)
    if invoice.correction_method:
        return replace(draft, correction=correction_of(invoice, present, reason=draft.fiscal_type))
    if originals:
        return of_the_tickets(replace(draft, replaces=originals))
    return draft


def correction_of(invoice: Invoice, parts: Parts, *, reason: str | None = None) -> Correction:
    """How and why a draft corrects, as it is stored."""
    return Correction(
        method=invoice.correction_method,
        reason=reason or invoice.fiscal_type,
        originals=tuple(link.original_id for link in parts.preceding),
        event_date=invoice.correction_event_date,
    )


def of_the_tickets(draft: InvoiceDraft) -> InvoiceDraft:
    """A replacement with the lines of what its tickets come to."""
    before = before_replacement(draft.replaces)
    caption = caption_of(before.preceding, language=draft.language or before.latest.language)
    mirrored = mirror(before.family, sign=1, caption=caption)
    return replace(draft, lines=mirrored.lines, prices_include_tax=mirrored.prices_include_tax)
