"""«Sustituir por factura completa»: for a customer who asks for it (RD 1619/2012 art. 7)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.admin import actor_of_user, perform, sentences, write_down
from billing.admin import faults, once
from billing.admin.correction_forms import AlsoReplacesForm
from billing.admin.desk import Desk
from billing.admin.pages import go_to, needs, page, parts_or_404
from billing.admin.times import now_for
from billing.drafts import InvoiceDraft
from billing.models import Invoice
from billing.representation import Parts
from billing.services.drafting import Draft, subject_of
from billing.services.replacing import ReplacementData, create_replacement, preview_replacement
from core.errors import Fault, Invalid, Refusal

WRITTEN = [
    "client",
    "series",
    "due_date",
    "withholding_percent",
    "purchase_order",
    "buyer_reference",
    "payment_terms",
    "notes",
    "language",
]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("add_invoice")
def replace(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """For whom, and with which other tickets; the lines are theirs."""
    parts = parts_or_404(invoice_id)
    invoice = parts.invoice
    desk = lay(request, invoice)
    also = AlsoReplacesForm(request.POST if request.method == "POST" else None, invoice=invoice)
    if request.method == "POST" and all([also.is_valid(), desk.is_valid()]):
        answer = _save(request, desk, also, invoice)
        if answer is not None:
            return answer
    refusal = _why_not(invoice)
    if refusal:
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice_id)
    return page(
        request,
        "billing/draft.html",
        title=_("Replace %(number)s by a full invoice") % {"number": invoice.display_number},
        desk=desk,
        replaces=parts,
        also=also,
        once=once.token(request),
        preview_query=f"replaces={invoice_id}",
    )


def lay(request: HttpRequest, invoice: Invoice) -> Desk:
    """The form; its lines are nobody's to write."""
    start = InvoiceDraft(lines=(), client=invoice.client_id, currency=invoice.currency, replaces=(invoice.id,))
    return Desk.lay(request, invoice.seller, start=start)


def _why_not(invoice: Invoice) -> Refusal | None:
    """What speaks against replacing this one, for whomever."""
    try:
        preview_replacement(invoice_id=invoice.id, replacement=ReplacementData(), now=now_for(invoice.seller))
    except Invalid as refusal:  # that a buyer is missing is no news
        return refusal if any(fault.pointer == "#" for fault in refusal.faults) else None
    except Refusal as refusal:
        return refusal
    return None


def wish_of(desk: Desk, also: AlsoReplacesForm) -> ReplacementData:
    """For the service."""
    draft = desk.draft()
    given: dict[str, Any] = {name: getattr(draft, name) for name in WRITTEN}
    return ReplacementData(tuple(also.cleaned_data["also"]), given)


def _save(request: HttpRequest, desk: Desk, also: AlsoReplacesForm, invoice: Invoice) -> HttpResponse | None:
    """The way on after saving; None when the person has something to mend."""
    try:
        draft = perform(lambda: _create(request, desk, also, invoice))
    except Refusal as refusal:
        write_down(request, refusal, action="invoice.created", subject=subject_of(invoice))
        if isinstance(refusal, Invalid):
            _show(refusal, desk, also)
            return None
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice.id)
    return once.made(request, draft)


def _show(refusal: Invalid, desk: Desk, also: AlsoReplacesForm) -> None:
    elsewhere: list[Fault] = []
    for fault in refusal.faults:
        if (fault.pointer or "").startswith("#/also_replaces"):
            faults.add(also, "also", fault)
        else:
            elsewhere.append(fault)
    faults.show(elsewhere, desk.head, desk.lines.written())


def _create(request: HttpRequest, desk: Desk, also: AlsoReplacesForm, invoice: Invoice) -> Draft:
    return create_replacement(
        invoice_id=invoice.id,
        replacement=wish_of(desk, also),
        by=actor_of_user(request),
        now=now_for(invoice.seller),
        source=once.event_of(request, kind="replacement", about={"replaces": str(invoice.id)}),
    )


def imagine(request: HttpRequest, invoice: Invoice) -> tuple[Desk, AlsoReplacesForm]:
    """The desk of a replacement that is being written, for the live totals. Raises Invalid where another ticket's
    number is not known."""
    also = AlsoReplacesForm(request.POST, invoice=invoice)
    if not also.is_valid():
        raise Invalid(
            [Fault("invoice_unknown", "%(text)s", "#/also", params={"text": text}) for text in also.errors["also"]]
        )
    return lay(request, invoice), also


def preview_of(desk: Desk, also: AlsoReplacesForm, invoice: Invoice) -> tuple[Parts, tuple[Fault, ...]]:
    """What it would come to."""
    return preview_replacement(invoice_id=invoice.id, replacement=wish_of(desk, also), now=now_for(invoice.seller))
