"""Writing drafts, and what a draft would come to while the person types."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from audit.admin import perform, sentence, sentences, write_down
from billing.admin import faults
from billing.admin.acts import acts_on
from billing.admin.desk import Desk
from billing.admin.looking import held_note, history
from billing.admin.pages import go_to, needs, page
from billing.admin.relating import undertaking_of
from billing.admin.times import today_for
from billing.models import Seller
from billing.representation import Parts
from billing.services.drafting import Draft, subject_of
from core.errors import Invalid, Refusal


@needs("add_invoice")
def add(request: HttpRequest) -> HttpResponseBase:
    """A new draft; where there are several sellers, the person says first for which."""
    seller = chosen_seller(request)
    if seller is None:
        return page(request, "billing/choose_seller.html", title=_("New draft"), sellers=Seller.objects.all())
    return _work_at(request, Desk.lay(request, seller))


@needs("change_invoice")
def change(request: HttpRequest, parts: Parts) -> HttpResponseBase:
    """A draft that may still be changed."""
    return _work_at(request, Desk.lay(request, parts.invoice.seller, parts))


def chosen_seller(request: HttpRequest) -> Seller | None:
    """The seller named in the address, or the only one."""
    named = request.GET.get("seller", "")
    if not named:
        sellers = list(Seller.objects.all()[:2])
        return sellers[0] if len(sellers) == 1 else None
    try:
        return Seller.objects.get(id=uuid.UUID(named))
    except (ValueError, Seller.DoesNotExist) as error:
        raise Http404 from error


def _work_at(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    if request.method == "POST" and desk.is_valid():
        answer = _save(request, desk)
        if answer is not None:
            return answer
    invoice = desk.invoice
    if invoice is None:
        return page(request, "billing/draft.html", title=_("New draft"), desk=desk)
    assert desk.stored is not None, "it has an invoice"
    today = today_for(desk.seller)
    known = {
        "invoice": invoice,
        "acts": acts_on(request, desk.stored),
        "held": held_note(desk.stored),
        "undertaking": undertaking_of(desk.stored, today=today),
        "replaces": desk.stored if desk.lines_are_given else None,
        "preview_query": f"draft={invoice.id}",
        **history(request, invoice),
    }
    return page(request, "billing/draft.html", title=_("Draft"), desk=desk, **known)


def _save(request: HttpRequest, desk: Desk) -> HttpResponse | None:
    """The way on after saving; None when the person has something to mend."""
    try:
        draft = perform(lambda: desk.save(request))
    except Refusal as refusal:
        invoice = desk.invoice
        action = "invoice.changed" if invoice else "invoice.created"
        write_down(request, refusal, action=action, subject=subject_of(invoice) if invoice else None)
        if isinstance(refusal, Invalid):
            faults.show(refusal.faults, desk.head, desk.lines.written())
            return None
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice.id) if invoice else None
    return _saved(request, draft)


def _saved(request: HttpRequest, draft: Draft) -> HttpResponse:
    messages.success(request, _("The draft was saved."))
    for warning in draft.warnings:
        messages.warning(request, sentence(warning))
    return go_to(draft.parts.invoice.id)
