"""An invoice to be looked at: issued, discarded, or in the eyes of who may not change it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from audit.admin import history_of, sentence
from billing import queries
from billing.admin.acts import acts_on
from billing.admin.pages import may, needs, page
from billing.admin.payment_forms import PaymentForm
from billing.admin.relating import Relations, relations_of, undertaking_of
from billing.admin.times import today_for
from billing.models import Invoice, InvoiceStatus
from billing.parties import PartyCopy
from billing.representation import Parts
from billing.services.holding import why_held
from integrations.models import Event

HISTORY = 50


@needs("view_invoice")
def show(request: HttpRequest, parts: Parts, *, payment_form: PaymentForm | None = None) -> HttpResponseBase:
    """The invoice with its lines and taxes, records, document, payments, events and history. Nothing to write in."""
    invoice, relations = parts.invoice, relations_of(parts)
    return page(
        request,
        "billing/invoice.html",
        title=str(invoice),
        parts=parts,
        invoice=invoice,
        acts=acts_on(request, parts),
        held=held_note(parts),
        undertaking=undertaking_of(parts, today=_today(invoice)) if invoice.is_editable else None,
        seller=_party(invoice.seller_copy) or PartyCopy.of(invoice.seller, name=invoice.seller.legal_name),
        buyer=_party(invoice.buyer),
        records=list(queries.records_of(invoice.id)),
        relations=relations,
        payments=invoice.payments.select_related("reversal", "reverses").order_by("date", "id"),
        payment_form=payment_form or _payment_form(request, parts, relations),
        events=Event.objects.filter(object_id=str(invoice.id)).order_by("created_at", "id")[:HISTORY],
        **history(request, invoice),
        register_url=_register_url(request, invoice),
    )


def _today(invoice: Invoice) -> date:
    return today_for(invoice.seller)


def held_note(parts: Parts) -> str:
    """Why a machine could not issue it by itself, if that is why it waits."""
    held = why_held(parts.invoice)
    return sentence(held.as_warning()) if held else ""


def _party(copy: Any) -> PartyCopy | None:
    return PartyCopy.from_json(copy) if copy else None


def _payment_form(request: HttpRequest, parts: Parts, relations: Relations) -> PaymentForm | None:
    if parts.status != InvoiceStatus.ISSUED or not may(request, "add_payment"):
        return None
    return PaymentForm(initial=PaymentForm.suggestion(parts.invoice, relations.outstanding))


def history(request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
    """What happened to the invoice, for the page; and where the log has the whole of it, for who may read that."""
    return {"history": history_of("invoice", str(invoice.id))[:HISTORY], "audit_url": _audit_url(request, invoice)}


def _audit_url(request: HttpRequest, invoice: Invoice) -> str:
    if not request.user.has_perm("audit.view_auditentry"):
        return ""
    return f"{reverse('admin:audit_auditentry_changelist')}?subject={invoice.id}"


def _register_url(request: HttpRequest, invoice: Invoice) -> str:
    """The client as the register knows it now; the invoice keeps its own copy."""
    if invoice.client_id is None or not request.user.has_perm("clients.view_client"):
        return ""
    return reverse("admin:clients_client_change", args=[invoice.client_id])
