"""The fiscal records, to be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from lxml import etree

from audit.admin import ChoiceFilter
from verifactu import overview
from verifactu.admin.pages import ChainFilter, PageAdmin, page, url_elsewhere
from verifactu.admin.words import aeats_text, marks, mode_badge, record_badge
from verifactu.models import Chain, FiscalRecord, RecordOutcome


class StatusFilter(ChoiceFilter):
    title, names, lookup = _("AEAT"), ("aeat",), "answer__outcome"

    def options(self) -> list[tuple[Any, Any]]:
        return [("waiting", _("without an answer")), *RecordOutcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value("aeat") != "waiting":
            return super().queryset(request, queryset)
        return queryset.filter(sequence__gt=F("chain__sender__sent_through"), answer__isnull=True)


@admin.register(FiscalRecord)
class FiscalRecordAdmin(PageAdmin):
    """The newest first; found by the invoice's number or by the fingerprint."""

    list_display = ["number", "sequence", "kind", "issue_date", "gross_total", "generated_at", "status_shown"]
    list_filter = [ChainFilter, StatusFilter]
    ordering = ["-id"]
    search_fields = ["number"]
    search_help_text = _("Invoice number or fingerprint, exactly")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FiscalRecord]:
        rows: QuerySet[FiscalRecord] = super().get_queryset(request)
        return overview.with_status(rows.defer("xml"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FiscalRecord], search_term: str
    ) -> tuple[QuerySet[FiscalRecord], bool]:
        """By the invoice's number, which has its index, or by the fingerprint within its chain."""
        term = search_term.strip()
        if len(term) == 64:
            return queryset.filter(chain__in=Chain.objects.all(), fingerprint=term.upper()), False
        return (queryset.filter(invoice__display_number=term) if term else queryset), False

    @admin.display(description=_("AEAT"))
    def status_shown(self, record: FiscalRecord) -> SafeString:
        return record_badge(record)

    def show(self, request: HttpRequest, row: FiscalRecord) -> HttpResponseBase:
        """What it says, what its marks mean, and what the AEAT did with it."""
        answer = getattr(row, "answer", None)
        download = url_elsewhere("billing_invoice_record", row.invoice_id, row.id)
        return page(
            request,
            "verifactu/record.html",
            title=f"{row.number} · {row.get_kind_display()}",
            record=row,
            chain=row.chain,
            mode=mode_badge(row.chain),
            state=record_badge(row),
            marks=marks(row),
            answer=answer,
            text=aeats_text(answer) if answer else "",
            needs_somebody=answer is not None and answer.outcome != RecordOutcome.ACCEPTED,
            xml=pretty(bytes(row.xml)),
            invoice_url=url_elsewhere("billing_invoice_change", row.invoice_id),
            download_url=f"{download}?download" if download else "",
        )


def pretty(xml: bytes) -> str:
    """The XML with line breaks, to be read; what is kept has none. What is no XML any more is shown as it is."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return xml.decode("utf-8", "replace")
    etree.indent(root, "  ")
    return etree.tostring(root, encoding="unicode")
