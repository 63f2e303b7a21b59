"""The template library of the admin's pages, named in the settings."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from billing.admin import figures
from billing.admin.states import document_badge, payment_badge, status_badge
from billing.admin.treatments import treatment_of
from billing.admin.words import ACTS
from billing.models import Document, Invoice, InvoiceLine, Seller, TaxSubtotal
from integrations import clock

register = template.Library()

for written in (figures.money, figures.less, figures.figure, figures.price, figures.moment, figures.person):
    register.filter(written.__name__, written)


@register.inclusion_tag("billing/parts/test_clock.html")
def test_clock(seller: Seller | None) -> dict[str, object]:
    """A banner where the seller's clock is not the true time."""
    ahead = clock.offset_of(seller.pk, seller.mode) if seller and seller.pk else None
    if seller is None or not ahead:
        return {}
    shows = timezone.now().astimezone(seller.zone) + ahead
    return {"shows": shows, "url": reverse("admin:billing_seller_sandbox", args=[seller.pk])}


@register.filter
def status(invoice: Invoice) -> SafeString:
    return status_badge(invoice)


@register.filter
def payment(invoice: Invoice) -> SafeString | str:
    return payment_badge(invoice)


@register.filter
def document_state(document: Document) -> SafeString:
    return document_badge(document)


@register.filter
def treatment(row: InvoiceLine | TaxSubtotal) -> str:
    """The tax of a line or subtotal: «IVA 21 %»."""
    return treatment_of(row).short


@register.filter
def act(action: str) -> str | Promise:
    """The audit log's action in words."""
    return ACTS.get(action, action)
