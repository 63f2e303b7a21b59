"""«Corregir»: how and why first, then the lines. What comes of it is a draft, reviewed and issued like any other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.admin import actor_of_user, perform, sentences, write_down
from billing.admin import faults, once
from billing.admin.correction_forms import HowForm
from billing.admin.desk import Desk
from billing.admin.pages import go_to, needs, page, parts_or_404, url_of
from billing.admin.relating import days_of, reasons_for, relations_of, undertaking
from billing.admin.times import now_for, today_for
from billing.drafts import InvoiceDraft
from billing.families import family_of
from billing.models import CorrectionMethod, Invoice
from billing.representation import Parts
from billing.services.correcting import CorrectionData, correction_draft, create_correction, preview_correction
from billing.services.drafting import Draft, subject_of
from billing.services.mirroring import mirror
from billing.services.standing import refuse_unless_in_force
from core.errors import Fault, Invalid, Refusal, gettext_noop

NAMES = ("method", "reason", "event_date", "also")


@require_safe
@needs("add_invoice")
def choose(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """By differences or by substitution, for which reason, with which others; each reason with its days."""
    parts = parts_or_404(invoice_id)
    refusal = _why_not(parts)
    if refusal:
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice_id)
    invoice, reasons = parts.invoice, reasons_for([parts.invoice])
    asked = any(name in request.GET for name in NAMES)
    form = HowForm(
        request.GET if asked else None,
        invoice=invoice,
        reasons=reasons,
        initial={"method": CorrectionMethod.DIFFERENCES, "reason": reasons[0]},
    )
    if "go" in request.GET and form.is_valid():
        return HttpResponseRedirect(f"{url_of('correction', invoice.id)}?{_said(request)}")
    today = _today(invoice)
    event_date = form.cleaned_data.get("event_date") if asked and form.is_valid() else None
    return page(
        request,
        "billing/correct.html",
        title=_("Correct %(number)s") % {"number": invoice.display_number},
        invoice=invoice,
        form=form,
        reasons=[
            (choice, days_of([invoice], str(choice.data["value"]), event_date=event_date, today=today))
            for choice in form["reason"]
        ],
        relations=relations_of(parts),
    )


def _said(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in set(query) - set(NAMES):
        del query[name]
    return query.urlencode()


def _why_not(parts: Parts) -> Refusal | None:
    try:
        refuse_unless_in_force([parts.invoice.id])
    except Refusal as refusal:
        return refusal
    return None


def _today(invoice: Invoice) -> date:
    return today_for(invoice.seller)


# --- the lines -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """Which invoice is corrected, and what the address says of how."""

    parts: Parts
    method: str
    reason: str
    event_date: date | None
    also: tuple[uuid.UUID, ...]

    @classmethod
    def read(cls, request: HttpRequest, parts: Parts) -> Wish | None:
        """None where the address does not say enough: the person is asked."""
        form = HowForm(request.GET, invoice=parts.invoice, reasons=reasons_for([parts.invoice]))
        if not form.is_valid():
            return None
        said = form.cleaned_data
        return cls(parts, said["method"], said["reason"], said["event_date"], tuple(said["also"]))

    def data(self, **given: Any) -> CorrectionData:
        """For the service, with what the person writes."""
        reason = given.pop("reason", None) or self.reason
        return CorrectionData(self.method, reason, self.also, self.event_date, given)

    def proposed(self) -> InvoiceDraft:
        """All that is left, taken back; or all that is in effect, to be put right. Raises what the service does."""
        given: dict[str, Any] = {}
        if self.method == CorrectionMethod.SUBSTITUTION:
            mirrored = mirror(family_of(self.original_ids), sign=1, caption=str(self.parts.invoice))
            given = {"lines": mirrored.lines, "prices_include_tax": mirrored.prices_include_tax}
        return correction_draft(invoice_id=self.parts.invoice.id, correction=self.data(**given))

    @property
    def original_ids(self) -> list[uuid.UUID]:
        return [self.parts.invoice.id, *self.also]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("add_invoice")
def write(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """The correction's lines, with what would be left beside them; saving makes the draft."""
    parts = parts_or_404(invoice_id)
    wish = Wish.read(request, parts)
    ask_again = f"{url_of('correct', invoice_id)}?{_said(request)}"
    if wish is None:
        return HttpResponseRedirect(ask_again)
    try:
        desk = Desk.lay(request, parts.invoice.seller, start=wish.proposed())
    except Refusal as refusal:
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice_id)
    if request.method == "POST" and desk.is_valid():
        answer = _save(request, desk, wish)
        if answer is not None:
            return answer
    return page(
        request,
        "billing/draft.html",
        title=_("Correct %(number)s") % {"number": parts.invoice.display_number},
        desk=desk,
        undertaking=undertaking(
            wish.original_ids,
            method=wish.method,
            reason=wish.reason,
            event_date=wish.event_date,
            today=_today(parts.invoice),
        ),
        once=once.token(request),
        ask_again=ask_again,
        preview_query=f"corrects={invoice_id}&{_said(request)}",
    )


def _save(request: HttpRequest, desk: Desk, wish: Wish) -> HttpResponse | None:
    """The way on after saving; None when the person has something to mend."""
    invoice = wish.parts.invoice
    try:
        draft = perform(lambda: _create(request, desk, wish))
    except Refusal as refusal:
        write_down(request, refusal, action="invoice.created", subject=subject_of(invoice))
        if isinstance(refusal, Invalid):
            faults.show(refusal.faults, desk.head, desk.lines.written())
            return None
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice.id)
    return once.made(request, draft)


def _create(request: HttpRequest, desk: Desk, wish: Wish) -> Draft:
    return create_correction(
        invoice_id=wish.parts.invoice.id,
        correction=wish.data(**_given(desk)),
        by=actor_of_user(request),
        now=now_for(wish.parts.invoice.seller),
        source=once.event_of(request, kind="correction", about={"corrects": str(wish.parts.invoice.id)}),
    )


def _given(desk: Desk) -> dict[str, Any]:
    """What the form shows; the rest is as on the invoice that is corrected."""
    draft = desk.draft()
    return {"reason": draft.fiscal_type, **{name: getattr(draft, name) for name in WRITTEN}}


WRITTEN = [
    "lines",
    "client",
    "series",
    "operation_date",
    "due_date",
    "currency",
    "exchange_rate",
    "prices_include_tax",
    "withholding_percent",
    "equivalence_surcharge",
    "purchase_order",
    "buyer_reference",
    "payment_terms",
    "notes",
    "language",
]


def imagine(request: HttpRequest, parts: Parts) -> tuple[Desk, Wish]:
    """The desk of a correction that is being written, for the live totals. Raises what the service does."""
    wish = Wish.read(request, parts)
    if wish is None:
        message = gettext_noop("The page was not complete: look again.")
        raise Invalid([Fault("required", message, "#/method")])
    return Desk.lay(request, parts.invoice.seller, start=wish.proposed()), wish


def preview_of(desk: Desk, wish: Wish) -> tuple[Parts, tuple[Fault, ...]]:
    """What it would come to."""
    return preview_correction(
        invoice_id=wish.parts.invoice.id, correction=wish.data(**_given(desk)), now=now_for(wish.parts.invoice.seller)
    )
