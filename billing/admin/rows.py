"""Payments and documents as lists: made elsewhere, looked at here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.admin import ChoiceFilter, ReadOnlyAdmin
from billing.admin.figures import money
from billing.admin.pages import url_of
from billing.admin.states import document_badge
from billing.models import Document, DocumentState, Invoice, Payment


def invoice_link(invoice: Invoice) -> SafeString:
    """The invoice's number, leading to its page."""
    return format_html('<a class="co-link" href="{}">{}</a>', url_of("change", invoice.id), invoice)


class OfAnInvoiceAdmin(ReadOnlyAdmin):
    """Rows that belong to an invoice; found by its number."""

    list_select_related = ["invoice"]
    search_fields = ["invoice__display_number"]
    search_help_text = _("Invoice number, exactly")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(invoice__display_number=term) if term else queryset), False

    @admin.display(description=_("invoice"))
    def invoice_shown(self, row: Any) -> SafeString:
        return invoice_link(row.invoice)


@admin.register(Payment)
class PaymentAdmin(OfAnInvoiceAdmin):
    """Money received, in the order in which it was written down."""

    list_display = ["date", "invoice_shown", "buyer_shown", "amount_shown", "method", "reference", "created_by"]
    ordering = ["-id"]
    fields = ["invoice_shown", "amount_shown", "date", "method", "reference", "reverses", "created_at", "created_by"]
    readonly_fields = ["invoice_shown", "amount_shown"]

    @admin.display(description=_("buyer"))
    def buyer_shown(self, payment: Payment) -> str:
        return payment.invoice.buyer_name

    @admin.display(description=_("amount"))
    def amount_shown(self, payment: Payment) -> SafeString:
        return format_html('<span class="co-amount">{}</span>', money(payment.amount, payment.invoice.currency))


class DocumentStateFilter(ChoiceFilter):
    title, names, lookup = _("state"), ("state",), "state"

    def options(self) -> list[tuple[Any, Any]]:
        return DocumentState.choices


@admin.register(Document)
class DocumentAdmin(OfAnInvoiceAdmin):
    """The PDFs, and those that wait or failed."""

    list_display = ["invoice_shown", "state_shown", "created_at", "rendered_at", "attempts", "last_error"]
    list_filter = [DocumentStateFilter]
    list_display_links = None
    ordering = ["-id"]
    fields = ["invoice_shown", "state_shown", "sha256", "created_at", "rendered_at", "attempts", "due_at", "last_error"]
    readonly_fields = ["invoice_shown", "state_shown"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        rows: QuerySet[Document] = super().get_queryset(request)
        return rows.defer("content")

    @admin.display(description=_("state"))
    def state_shown(self, document: Document) -> SafeString:
        return document_badge(document)
