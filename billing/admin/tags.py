"""The template library of the admin's pages, named in the settings."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from billing.admin import figures
from billing.admin.states import document_badge, payment_badge, status_badge
from billing.admin.treatments import treatment_of
from billing.admin.words import ACTS
from billing.models import Document, Invoice, InvoiceLine, TaxSubtotal

register = template.Library()

for written in (figures.money, figures.less, figures.figure, figures.price, figures.moment, figures.person):
    register.filter(written.__name__, written)


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
