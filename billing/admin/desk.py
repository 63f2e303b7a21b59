"""A draft's form on the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.http import HttpRequest

from audit.admin import actor_of_user
from billing.admin import prefilled, stored_drafts
from billing.admin.draft_forms import PREFIX, BaseLines, DraftForm, LineChoices, Lines, client_ids
from billing.admin.relating import reasons_for
from billing.admin.times import now_for, today_for
from billing.drafts import InvoiceDraft
from billing.models import FiscalType, Invoice, Seller
from billing.representation import Parts, content_digest
from billing.services.drafting import Draft, Revision, create_draft, revise_draft
from billing.services.keeping import kept
from clients.models import Client
from core.errors import Stale, gettext_noop


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose the draft is, what is stored of it, and the form's head and lines. ``start`` is what a service proposed for
    a draft that corrects or replaces and is not stored yet."""

    seller: Seller
    head: DraftForm
    lines: BaseLines
    stored: Parts | None = None
    start: InvoiceDraft | None = None

    @classmethod
    def lay(
        cls, request: HttpRequest, seller: Seller, stored: Parts | None = None, *, start: InvoiceDraft | None = None
    ) -> Desk:
        """As the person sent it, or as it is stored or proposed, or with one blank line."""
        data = request.POST if request.method == "POST" else None
        invoice = stored.invoice if stored else None
        on = _day_of_rates(invoice, start) or today_for(seller)
        used = stored.lines if stored else start.lines if start else ()
        choices = LineChoices.of(seller, on=on, used=used)
        head = DraftForm(
            data, initial=_head(stored, start), seller=seller, today=on, stored=invoice, types=_types(stored, start)
        )
        initial = _lines(stored, start)
        lines: BaseLines = Lines(  # type: ignore[assignment]  # the factory forgets the formset's class
            data, prefix=PREFIX, initial=initial if data is None else None, form_kwargs={"choices": choices}
        )
        return cls(seller, head, lines, stored, start)

    def is_valid(self) -> bool:
        """Whether the shapes are right; both halves are looked at, so that every fault shows at once."""
        return all([self.head.is_valid(), self.lines.is_valid()])

    @property
    def invoice(self) -> Invoice | None:
        return self.stored.invoice if self.stored else None

    @property
    def client(self) -> Client | None:
        """The client that the form names, to be shown by name."""
        return Client.objects.filter(id__in=client_ids(self.head), seller=self.seller).first()

    def draft(self) -> InvoiceDraft:
        """What the form asks for, by the lines that are finished; when the form is valid, all are."""
        lines = tuple(form.line() for form in self.lines.finished())
        draft = self.head.draft(lines, stored=self.invoice)
        return kept(draft, self.stored) if self.stored else draft

    @property
    def lines_are_given(self) -> bool:
        """Whether the lines are those of the invoices that it replaces, and nobody's to write."""
        return bool(self.stored and self.stored.preceding and not self.stored.invoice.correction_method) or bool(
            self.start and self.start.replaces
        )

    def save(self, request: HttpRequest) -> Draft:
        """Make or change the draft through the service. Raises its refusals."""
        by, now = actor_of_user(request), now_for(self.seller)
        if self.stored is None:
            return create_draft(seller_id=self.seller.id, draft=self.draft(), by=by, now=now)
        revise = partial(_revise, revision=Revision(self.draft()), seen=self.head.cleaned_data["seen"])
        return revise_draft(invoice_id=self.stored.invoice.id, revise=revise, by=by, now=now)


def _day_of_rates(invoice: Invoice | None, start: InvoiceDraft | None) -> date | None:
    """A correction has the rates of the operation's day; other drafts, today's."""
    if invoice is not None:
        return invoice.operation_date if invoice.correction_method else None
    return start.operation_date if start else None


def _types(stored: Parts | None, start: InvoiceDraft | None) -> list[FiscalType]:
    if stored is not None and stored.invoice.correction_method:
        return reasons_for(link.original for link in stored.preceding)
    if stored is not None and stored.preceding:
        return [FiscalType.F3]
    if start is not None and start.correction:
        return reasons_for(Invoice.objects.filter(id__in=start.correction.originals))
    return [FiscalType.F3] if start is not None and start.replaces else []


def _lines(stored: Parts | None, start: InvoiceDraft | None) -> list[dict[str, Any]]:
    if stored is not None:
        return stored_drafts.lines_of(stored)
    return prefilled.lines_of(start) if start is not None else [{}]


def _head(stored: Parts | None, start: InvoiceDraft | None) -> dict[str, Any]:
    if stored is None:
        return prefilled.head_of(start) if start is not None else {}
    return {**stored_drafts.head_of(stored), "seen": content_digest(stored.invoice, stored.lines)}


def _revise(present: Parts, *, revision: Revision, seen: str) -> Revision:
    """Nobody writes over what somebody else wrote meanwhile."""
    if content_digest(present.invoice, present.lines) != seen:
        message = gettext_noop(
            "Somebody changed the draft while you were writing: open it again to see what it says now."
        )
        raise Stale("draft_changed", message)
    return revision
