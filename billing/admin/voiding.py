"""«Anular»: when it is lawful, what it does; where it is not, what to do instead."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.admin import actor_of_user, attempt, sentences
from billing.admin.advising import shown
from billing.admin.correction_forms import AnnulForm
from billing.admin.pages import go_to, needs, page, parts_or_404, url_of
from billing.admin.relating import relations_of
from billing.admin.times import now_for
from billing.advice import Situation
from billing.models import InvoiceStatus
from billing.representation import Parts
from billing.services.advising import advice_for
from billing.services.drafting import subject_of
from billing.services.voiding import refuse_unless_voidable, void_invoice
from core.errors import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
@needs("void_invoice")
def annul(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """Ask for the declaration and the reason; a second press is told that the first one did it."""
    parts = parts_or_404(invoice_id)
    if parts.invoice.status != InvoiceStatus.ISSUED:
        messages.error(request, _("Only an issued invoice is annulled; a draft is discarded."))
        return go_to(invoice_id)
    form = AnnulForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _annul(request, parts, form.cleaned_data["reason"])
    try:
        refuse_unless_voidable(parts, now=now_for(parts.invoice.seller))
    except Conflict as refusal:
        return _say_no(request, parts, refusal)
    return page(
        request,
        "billing/annul.html",
        title=_("Annul %(number)s") % {"number": parts.invoice.display_number},
        invoice=parts.invoice,
        parts=parts,
        form=form,
        advise_url=url_of("advise", invoice_id),
    )


def _annul(request: HttpRequest, parts: Parts, reason: str) -> HttpResponseBase:
    invoice, by = parts.invoice, actor_of_user(request)
    voided = attempt(
        request,
        lambda: void_invoice(invoice_id=invoice.id, reason=reason, by=by, now=now_for(invoice.seller)),
        action="invoice.voided",
        subject=subject_of(invoice),
    )
    if voided:
        messages.success(request, _("Invoice %(number)s was annulled.") % {"number": invoice.display_number})
    return go_to(invoice.id)


def _say_no(request: HttpRequest, parts: Parts, refusal: Conflict) -> HttpResponseBase:
    """Why not, and the advised act; of what was annulled already there is nothing to advise."""
    if refusal.code == "already_voided":
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(parts.invoice.id)
    advice = advice_for(parts, Situation.SALE_CANCELLED, now=now_for(parts.invoice.seller))
    return page(
        request,
        "billing/annul.html",
        title=_("Annul %(number)s") % {"number": parts.invoice.display_number},
        invoice=parts.invoice,
        parts=parts,
        refused=" ".join(sentences(refusal)),
        advice=shown(request, parts, advice),
        relations=relations_of(parts),
        advise_url=url_of("advise", parts.invoice.id),
    )
