"""What a person may do with an invoice now: the buttons. The addresses behind them check again."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import Act
from billing.admin.pages import may, url_of
from billing.models import Invoice, InvoiceStatus


def acts_on(request: HttpRequest, invoice: Invoice) -> list[Act]:
    """The acts that state and permissions allow, the most likely one last."""
    found = []
    if invoice.is_editable:
        found.append(Act(_("PDF preview"), url_of("paper", invoice.id)))
    if invoice.is_editable and may(request, "change_invoice"):
        found.append(Act(_("Discard"), url_of("discard", invoice.id), tone="danger"))
    if invoice.status in {InvoiceStatus.IN_REVIEW, InvoiceStatus.APPROVED} and may(request, "approve_invoice"):
        found.append(Act(_("Send back"), url_of("return", invoice.id)))
    if invoice.status == InvoiceStatus.DRAFT and may(request, "submit_invoice"):
        found.append(Act(_("Send for review"), url_of("submit", invoice.id), tone=_submit_tone(request), posts=True))
    if invoice.is_editable and may(request, "approve_invoice", "issue_invoice"):
        found.append(Act(_("Approve and issue"), url_of("confirm", invoice.id), tone="primary"))
    return found


def _submit_tone(request: HttpRequest) -> str:
    return "plain" if may(request, "approve_invoice", "issue_invoice") else "primary"
