"""Invoices at the person's door. The list is Django's; the pages are ours, each calling one service."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin import CalmAdmin
from billing import queries
from billing.admin import (
    advising,
    amending,
    correcting,
    looking,
    lookups,
    papers,
    paying,
    previews,
    replacing,
    reviewing,
    voiding,
    writing,
)
from billing.admin.figures import money
from billing.admin.listing import AeatFilter, IssueDateFilter, SellerFilter, SeriesFilter, StatusFilter, search
from billing.admin.pages import may, parts_or_404
from billing.admin.states import followed_badge, payment_badge, status_badge
from billing.models import Invoice, Seller


@admin.register(Invoice)
class InvoiceAdmin(CalmAdmin):
    """Drafts that wait, and what was issued."""

    list_display = ["number_shown", "buyer_shown", "issue_date", "total_shown", "status_shown", "payment_shown"]
    list_filter = [StatusFilter, AeatFilter, SellerFilter, SeriesFilter, IssueDateFilter]
    list_select_related = ["seller"]
    search_fields = ["display_number"]
    search_help_text = _("Number, client's name or tax id")

    def get_urls(self) -> list[URLPattern]:
        return [*self._our_urls(), *super().get_urls()]

    def _our_urls(self) -> list[URLPattern]:
        views = {
            "preview/": ("preview", previews.live_totals),
            "clients/": ("clients", lookups.clients),
            "<uuid:invoice_id>/submit/": ("submit", reviewing.submit),
            "<uuid:invoice_id>/confirm/": ("confirm", reviewing.confirm),
            "<uuid:invoice_id>/return/": ("return", reviewing.send_back),
            "<uuid:invoice_id>/discard/": ("discard", reviewing.discard),
            "<uuid:invoice_id>/advise/": ("advise", advising.advise),
            "<uuid:invoice_id>/correct/": ("correct", correcting.choose),
            "<uuid:invoice_id>/correct/lines/": ("correction", correcting.write),
            "<uuid:invoice_id>/replace/": ("replace", replacing.replace),
            "<uuid:invoice_id>/annul/": ("annul", voiding.annul),
            "<uuid:invoice_id>/amend/": ("amend", amending.amend),
            "<uuid:invoice_id>/paper/": ("paper", papers.paper),
            "<uuid:invoice_id>/preview.pdf": ("preview_pdf", papers.preview_pdf),
            "<uuid:invoice_id>/invoice.pdf": ("pdf", papers.pdf),
            "<uuid:invoice_id>/records/<uuid:record_id>.xml": ("record", papers.record_xml),
            "<uuid:invoice_id>/payments/": ("receive", paying.receive),
            "<uuid:invoice_id>/payments/<uuid:payment_id>/reverse/": ("reverse", paying.reverse_payment),
        }
        wrap = self.admin_site.admin_view
        return [path(route, wrap(view), name=f"billing_invoice_{name}") for route, (name, view) in views.items()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        return writing.add(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """The form where the person may change the draft; otherwise the invoice to be looked at."""
        parts = parts_or_404(_uuid(object_id))
        if parts.invoice.is_editable and may(request, "change_invoice"):
            return writing.change(request, parts)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        return looking.show(request, parts)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """With the seller where there are several."""
        several = Seller.objects.count() > 1  # a handful of rows
        return [*self.list_display[:2], *["seller"] * several, *self.list_display[2:]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        invoices: QuerySet[Invoice] = super().get_queryset(request)
        return queries.with_followed(queries.with_paid(invoices)).defer("buyer", "seller_copy", "metadata", "notes")

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """The newest first; by date where dates are asked for, so that the index of dates serves both."""
        by_date = any(request.GET.get(name) for name in IssueDateFilter.names)
        return ["-issue_date", "-id"] if by_date else ["-id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        term = " ".join(search_term.split())
        return (search(queryset, term) if term else queryset), False

    @admin.display(description=_("number"))
    def number_shown(self, invoice: Invoice) -> SafeString:
        if invoice.display_number:
            return format_html('<span class="co-nowrap">{}</span>', invoice.display_number)
        return format_html('<span class="co-muted">{}</span>', gettext("Without number"))

    @admin.display(description=_("buyer"))
    def buyer_shown(self, invoice: Invoice) -> SafeString:
        name = invoice.buyer_name or gettext("Without buyer")
        return format_html('{} <span class="co-muted">{}</span>', name, invoice.buyer_tax_id)

    @admin.display(description=_("total"))
    def total_shown(self, invoice: Invoice) -> SafeString:
        return format_html('<span class="co-amount">{}</span>', money(invoice.gross_total, invoice.currency))

    @admin.display(description=_("status"))
    def status_shown(self, invoice: Invoice) -> SafeString:
        return format_html("{} {}", status_badge(invoice), followed_badge(invoice))

    @admin.display(description=_("payment"), empty_value="")
    def payment_shown(self, invoice: Invoice) -> SafeString | str:
        return payment_badge(invoice)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error
