"""Review by a person: ask for it, look at the figures, approve and issue what was seen, send back, throw away."""

from __future__ import annotations

import uuid
from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from audit.admin import actor_of_user, attempt, sentence, sentences
from billing import queries
from billing.admin.looking import held_note
from billing.admin.pages import go_to, needs, page, parts_or_404, url_of
from billing.admin.relating import undertaking_of
from billing.admin.stored_drafts import draft_of
from billing.admin.times import now_for, today_for
from billing.parties import PartyCopy
from billing.representation import Parts, content_digest
from billing.services.drafting import discard_draft, preview, subject_of
from billing.services.keeping import kept
from billing.services.reviewing import approve_and_issue, approve_invoice, return_to_draft, submit_invoice
from core.errors import Refusal

get_or_post = require_http_methods(["GET", "POST"])


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"class": "co-input", "rows": 3, "autofocus": True}),
    )


class SeenForm(forms.Form):
    """What the person saw: the content, by its digest, and the date that the invoice would bear."""

    digest = forms.CharField(max_length=64)
    on = forms.DateField(input_formats=["%Y-%m-%d"])


@require_POST
@needs("submit_invoice")
def submit(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """«Enviar a revisión»."""
    parts, by = parts_or_404(invoice_id), actor_of_user(request)
    sent = attempt(
        request,
        lambda: submit_invoice(invoice_id=invoice_id, by=by, now=now_for(parts.invoice.seller)),
        action="invoice.submitted",
        subject=subject_of(parts.invoice),
    )
    if sent:
        messages.success(request, _("The draft waits for review."))
    return go_to(invoice_id)


@get_or_post
@needs("approve_invoice", "issue_invoice")
def confirm(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """The figures, the next number, and the button; what is pressed here carries what was seen here."""
    parts = parts_or_404(invoice_id)
    if request.method == "POST":
        return _decide(request, parts)
    if not parts.invoice.is_editable:
        return go_to(invoice_id)
    return _ask(request, parts)


def _ask(request: HttpRequest, parts: Parts) -> HttpResponseBase:
    invoice, today = parts.invoice, _today(parts)
    warnings, faults = _what_speaks_against(parts)
    return page(
        request,
        "billing/confirm.html",
        title=_("Approve and issue"),
        parts=parts,
        invoice=invoice,
        today=today,
        next_number=queries.next_number_of(invoice, on=today),
        digest=content_digest(invoice, parts.lines),
        undertaking=undertaking_of(parts, today=today),
        held=held_note(parts),
        seller=PartyCopy.of(invoice.seller, name=invoice.seller.legal_name),
        buyer=PartyCopy.of(invoice.client, name=invoice.client.name) if invoice.client else None,
        warnings=warnings,
        faults=faults,
    )


def _today(parts: Parts) -> date:
    return today_for(parts.invoice.seller)


def _what_speaks_against(parts: Parts) -> tuple[list[str], list[str]]:
    """Warnings, and faults that would refuse it: what was right when it was drafted may be wrong today."""
    try:
        _parts, warnings = preview(
            seller_id=parts.invoice.seller_id, draft=kept(draft_of(parts), parts), now=now_for(parts.invoice.seller)
        )
    except Refusal as refusal:
        return [], sentences(refusal)
    return [sentence(warning) for warning in warnings], []


def _decide(request: HttpRequest, parts: Parts) -> HttpResponse:
    """Approve and issue, or only approve; a second press is told that the first one did it."""
    invoice, by, form = parts.invoice, actor_of_user(request), SeenForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The page was not complete: look again."))
        return go_to(invoice.id)
    digest, on = str(form.cleaned_data["digest"]), form.cleaned_data["on"]
    if on != _today(parts):  # a page from before midnight, or a hand that wrote another date into it
        messages.error(request, _("The invoice would bear another date than the one you saw: look again."))
        return HttpResponseRedirect(url_of("confirm", invoice.id))
    if "approve" in request.POST:
        _approve(request, parts, digest)
        return go_to(invoice.id)
    issued = attempt(
        request,
        lambda: approve_and_issue(invoice_id=invoice.id, by=by, now=now_for(invoice.seller), seen_digest=digest, on=on),
        action="invoice.issued",
        subject=subject_of(invoice),
    )
    if issued is None:
        return HttpResponseRedirect(url_of("confirm", invoice.id))  # with the figures as they are now
    messages.success(request, _("Invoice %(number)s was issued.") % {"number": issued.invoice.display_number})
    return go_to(invoice.id)


def _approve(request: HttpRequest, parts: Parts, digest: str) -> None:
    by, invoice = actor_of_user(request), parts.invoice
    approved = attempt(
        request,
        lambda: approve_invoice(invoice_id=invoice.id, by=by, now=now_for(invoice.seller), seen_digest=digest),
        action="invoice.approved",
        subject=subject_of(invoice),
    )
    if approved:
        messages.success(request, _("The draft was approved; it can be issued as it stands."))


@get_or_post
@needs("approve_invoice")
def send_back(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """«Devolver», with the reason."""
    parts, by = parts_or_404(invoice_id), actor_of_user(request)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        returned = attempt(
            request,
            lambda: return_to_draft(invoice_id=invoice_id, by=by, now=now_for(parts.invoice.seller), reason=reason),
            action="invoice.returned",
            subject=subject_of(parts.invoice),
        )
        if returned:
            messages.success(request, _("The draft went back to its author."))
        return go_to(invoice_id)
    text = _("Its author finds it among the drafts, with your reason in its history.")
    return _ask_why(request, parts, form, title=_("Send back"), text=text)


@get_or_post
@needs("change_invoice")
def discard(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """Throw a draft away, with the reason. It keeps no number, since it never had one."""
    parts, by = parts_or_404(invoice_id), actor_of_user(request)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        discarded = attempt(
            request,
            lambda: discard_draft(invoice_id=invoice_id, by=by, now=now_for(parts.invoice.seller), reason=reason),
            action="invoice.discarded",
            subject=subject_of(parts.invoice),
        )
        if discarded:
            messages.success(request, _("The draft was discarded."))
        return go_to(invoice_id)
    text = _("A discarded draft stays in the history, without number, and cannot be taken up again.")
    return _ask_why(request, parts, form, title=_("Discard the draft"), text=text, tone="danger")


def _ask_why(
    request: HttpRequest, parts: Parts, form: ReasonForm, *, title: str, text: str, tone: str = "primary"
) -> HttpResponseBase:
    if not parts.invoice.is_editable:
        return go_to(parts.invoice.id)
    return page(
        request, "billing/reason.html", title=title, text=text, tone=tone, form=form, invoice=parts.invoice, parts=parts
    )
