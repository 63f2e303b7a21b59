"""The states of invoices, payments and documents, as badges."""

from __future__ import annotations

from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.admin import Tone, badge
from billing.models import Document, DocumentState, Invoice, InvoiceStatus
from billing.representation import payment_status
from core.money import ZERO

_STATUS = {
    InvoiceStatus.DRAFT: Tone.CALM,
    InvoiceStatus.IN_REVIEW: Tone.WARNING,
    InvoiceStatus.APPROVED: Tone.ACTIVE,
    InvoiceStatus.ISSUED: Tone.GOOD,
    InvoiceStatus.DISCARDED: Tone.CALM,
}
_PAYMENT = {
    "unpaid": (_("unpaid"), Tone.CALM),
    "partially_paid": (_("partially paid"), Tone.WARNING),
    "paid": (_("paid"), Tone.GOOD),
    "overpaid": (_("overpaid"), Tone.BAD),
}
_DOCUMENT = {
    DocumentState.PENDING: Tone.ACTIVE,
    DocumentState.RENDERED: Tone.GOOD,
    DocumentState.FAILED: Tone.BAD,
}


def status_badge(invoice: Invoice) -> SafeString:
    """Of an invoice that was read with its annulment, if it has one."""
    if hasattr(invoice, "annulment"):
        return badge(_("voided"), Tone.BAD)
    return badge(invoice.get_status_display(), _STATUS[InvoiceStatus(invoice.status)])


def followed_badge(invoice: Invoice) -> SafeString | str:
    """That another invoice has corrected or replaced this one, where that was read with it."""
    if getattr(invoice, "is_replaced", False):
        return badge(pgettext_lazy("invoice", "replaced"), Tone.CALM)
    return badge(pgettext_lazy("invoice", "corrected"), Tone.CALM) if getattr(invoice, "is_corrected", False) else ""


def payment_badge(invoice: Invoice) -> SafeString | str:
    """Of an issued invoice that was read with what is paid of it; nothing for a draft."""
    if invoice.status != InvoiceStatus.ISSUED or hasattr(invoice, "annulment"):
        return ""
    paid: Decimal = getattr(invoice, "paid_sum", ZERO)
    return badge(*_PAYMENT[payment_status(invoice, paid)])


def document_badge(document: Document) -> SafeString:
    return badge(document.get_state_display(), _DOCUMENT[DocumentState(document.state)])
