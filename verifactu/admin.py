"""The fiscal records, to be looked at. They are taken away from their invoice's page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin
from verifactu.models import Chain, FiscalRecord


@admin.register(Chain)
class ChainAdmin(ReadOnlyAdmin):
    """One chain for each taxpayer and installation, with its head."""

    list_display = ["issuer_tax_id", "seller", "mode", "installation_number", "last_sequence", "last_number"]
    list_select_related = ["seller"]


@admin.register(FiscalRecord)
class FiscalRecordAdmin(ReadOnlyAdmin):
    """The records in the order of their chain."""

    list_display = ["number", "sequence", "kind", "issue_date", "gross_total", "generated_at"]
    ordering = ["-id"]
    search_fields = ["number"]
    search_help_text = _("Invoice number or fingerprint, exactly")
    exclude = ["xml"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FiscalRecord]:
        rows: QuerySet[FiscalRecord] = super().get_queryset(request)
        return rows.defer("xml")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FiscalRecord], search_term: str
    ) -> tuple[QuerySet[FiscalRecord], bool]:
        """By the invoice's number, which has its index, or by the fingerprint within its chain."""
        term = search_term.strip()
        if len(term) == 64:
            return queryset.filter(chain__in=Chain.objects.all(), fingerprint=term.upper()), False
        return (queryset.filter(invoice__display_number=term) if term else queryset), False
