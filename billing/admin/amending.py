"""«Subsanar el registro»: another record of an invoice that stays as it is, for the AEAT."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.admin import actor_of_user, perform, sentences, write_down
from billing import queries
from billing.admin import faults
from billing.admin.correction_forms import AmendForm
from billing.admin.pages import go_to, needs, page, parts_or_404, url_of
from billing.admin.times import now_for
from billing.representation import Parts
from billing.services.advising import facts_of
from billing.services.amending import RecordChanges, amend_record
from billing.services.drafting import subject_of
from billing.services.explaining import RecordSituation, record_situation
from billing.services.standing import refuse_unless_in_force
from core.errors import Invalid, Refusal

SEEN = gettext_lazy("Another record was made of this invoice while you were looking: look again at what it says now.")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("amend_invoice")
def amend(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """What the record says and may say instead, and why the next one is marked as it is."""
    parts = parts_or_404(invoice_id)
    try:
        refuse_unless_in_force([invoice_id])
    except Refusal as refusal:
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice_id)
    situation = record_situation(parts.invoice)
    form = AmendForm(request.POST if request.method == "POST" else None, initial=_initial(situation))
    if request.method == "POST" and form.is_valid():
        answer = _amend(request, parts, situation, form)
        if answer is not None:
            return answer
    return page(
        request,
        "billing/amend.html",
        title=_("Amend the record of %(number)s") % {"number": parts.invoice.display_number},
        invoice=parts.invoice,
        record=situation,
        objected=facts_of(parts).objected,
        sentences=[gettext(sentence) for sentence in situation.situation],
        why=gettext(situation.why) if situation.why else "",
        records=queries.records_of(invoice_id),
        form=form,
        advise_url=url_of("advise", invoice_id),
    )


def _initial(situation: RecordSituation) -> dict[str, object]:
    return {
        "description": situation.description,
        "buyer_name": situation.buyer_name,
        "not_in_census": situation.not_in_census,
        "seen": situation.record_id,
    }


def _amend(request: HttpRequest, parts: Parts, situation: RecordSituation, form: AmendForm) -> HttpResponse | None:
    """The way on; None when the person has something to mend."""
    invoice = parts.invoice
    if form.cleaned_data["seen"] != situation.record_id:
        messages.error(request, str(SEEN))
        return go_to(invoice.id)
    try:
        perform(
            lambda: amend_record(
                invoice_id=invoice.id,
                reason=form.cleaned_data["reason"],
                changes=_changes(form, situation),
                by=actor_of_user(request),
                now=now_for(invoice.seller),
            )
        )
    except Refusal as refusal:
        write_down(request, refusal, action="record.amended", subject=subject_of(invoice))
        if isinstance(refusal, Invalid):
            for fault in refusal.faults:
                faults.add(form, (fault.pointer or "").removeprefix("#/"), fault)
            return None
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice.id)
    messages.success(request, _("The record was amended; it is sent to the AEAT in its turn."))
    return go_to(invoice.id)


def _changes(form: AmendForm, situation: RecordSituation) -> RecordChanges:
    """Only what differs from what the record says: the rest the service keeps."""
    said = form.cleaned_data
    return RecordChanges(
        description=_if_other(said["description"], situation.description),
        buyer_name=_if_other(said["buyer_name"], situation.buyer_name),
        not_in_census=said["not_in_census"] and not situation.not_in_census,
    )


def _if_other(typed: str, present: str) -> str:
    """What was typed, unless it says the same: a browser sends other line ends than it was given."""
    return "" if typed.split() == present.split() else typed
