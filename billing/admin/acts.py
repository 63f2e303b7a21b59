"""What a person may do with an invoice now: the buttons. The addresses behind them check again."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import Act
from billing.admin.pages import may, url_of
from billing.models import FiscalType, Invoice, InvoiceStatus
from billing.representation import Parts
from billing.services.advising import facts_of


def acts_on(request: HttpRequest, parts: Parts) -> list[Act]:
    """The acts that state and permissions allow, the most likely one last."""
    return _on_draft(request, parts.invoice) if parts.invoice.is_editable else _on_issued(request, parts)


def _on_draft(request: HttpRequest, invoice: Invoice) -> list[Act]:
    found = [Act(_("PDF preview"), url_of("paper", invoice.id))]
    if may(request, "change_invoice"):
        found.append(Act(_("Discard"), url_of("discard", invoice.id), tone="danger"))
    if invoice.status in {InvoiceStatus.IN_REVIEW, InvoiceStatus.APPROVED} and may(request, "approve_invoice"):
        found.append(Act(_("Send back"), url_of("return", invoice.id)))
    if invoice.status == InvoiceStatus.DRAFT and may(request, "submit_invoice"):
        found.append(Act(_("Send for review"), url_of("submit", invoice.id), tone=_submit_tone(request), posts=True))
    if may(request, "approve_invoice", "issue_invoice"):
        found.append(Act(_("Approve and issue"), url_of("confirm", invoice.id), tone="primary"))
    return found


def _on_issued(request: HttpRequest, parts: Parts) -> list[Act]:
    """Nothing more is done with what was annulled, and nothing with what was discarded."""
    invoice, found = parts.invoice, []
    if parts.status != InvoiceStatus.ISSUED:
        return []
    facts = facts_of(parts)
    if may(request, "void_invoice") and not (facts.paid or facts.corrected or facts.replaced):
        found.append(Act(_("Annul"), url_of("annul", invoice.id), tone="danger"))
    if facts.objected and may(request, "amend_invoice"):
        found.append(Act(_("Amend the record"), url_of("amend", invoice.id)))
    if may(request, "add_invoice"):
        if invoice.fiscal_type == FiscalType.F2 and not facts.replaced:
            found.append(Act(_("Replace by a full invoice"), url_of("replace", invoice.id)))
        found.append(Act(_("Correct"), url_of("correct", invoice.id)))
        found.append(Act(_("What is wrong?"), url_of("advise", invoice.id)))
    return found


def _submit_tone(request: HttpRequest) -> str:
    return "plain" if may(request, "approve_invoice", "issue_invoice") else "primary"
