"""Payments: «Registrar cobro» and «Deshacer»."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from audit.admin import actor_of_user, attempt, perform, sentence, sentences, write_down
from billing.admin.looking import show
from billing.admin.pages import go_to, needs, page, parts_or_404
from billing.admin.payment_forms import PaymentForm
from billing.admin.times import now_for
from billing.models import Payment
from billing.services.drafting import subject_of
from billing.services.payments import record_payment
from core.errors import Invalid, Refusal


@require_POST
@needs("add_payment")
def receive(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """Write a payment down."""
    parts, form = parts_or_404(invoice_id), PaymentForm(request.POST)
    if not form.is_valid():
        return show(request, parts, payment_form=form)
    by = actor_of_user(request)
    try:
        perform(
            lambda: record_payment(invoice_id=invoice_id, **form.cleaned_data, by=by, now=now_for(parts.invoice.seller))
        )
    except Refusal as refusal:
        write_down(request, refusal, action="payment.recorded", subject=subject_of(parts.invoice))
        if isinstance(refusal, Invalid):
            for fault in refusal.faults:
                name = (fault.pointer or "").removeprefix("#/")
                form.add_error(name if name in form.fields else None, sentence(fault))
            return show(request, parts, payment_form=form)
        messages.error(request, " ".join(sentences(refusal)))
        return go_to(invoice_id)
    messages.success(request, _("The payment was recorded."))
    return go_to(invoice_id)


@require_http_methods(["GET", "POST"])
@needs("add_payment")
def reverse_payment(request: HttpRequest, invoice_id: uuid.UUID, payment_id: uuid.UUID) -> HttpResponseBase:
    """Undo a payment that bounced or was refunded: another row, with the amount mirrored."""
    parts = parts_or_404(invoice_id)
    payment = Payment.objects.filter(id=payment_id, invoice=invoice_id).first()
    if payment is None:
        raise Http404
    if request.method == "GET":
        title = _("Undo the payment")
        return page(
            request, "billing/reverse_payment.html", title=title, invoice=parts.invoice, parts=parts, payment=payment
        )
    undone = attempt(
        request, lambda: _reverse(request, payment), action="payment.reversed", subject=subject_of(parts.invoice)
    )
    if undone:
        messages.success(request, _("The payment was undone."))
    return go_to(invoice_id)


def _reverse(request: HttpRequest, payment: Payment) -> Payment:
    now = now_for(payment.invoice.seller)
    return record_payment(
        invoice_id=payment.invoice_id,
        amount=-payment.amount,
        date=now.astimezone(payment.invoice.seller.zone).date(),
        method=payment.method,
        reference=payment.reference,
        reverses=payment.id,
        by=actor_of_user(request),
        now=now,
    )
