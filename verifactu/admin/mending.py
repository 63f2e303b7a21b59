"""Records that the AEAT did not take as they were: what it said, what that means, and what comes next."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin import Act, ChoiceFilter, TextFilter
from verifactu import explanations, overview
from verifactu.admin.pages import ChainFilter, PageAdmin, may, page, url_elsewhere
from verifactu.admin.words import aeats_text, marks, mode_badge, outcome_badge, record_badge
from verifactu.advice import Remedy, advice_on
from verifactu.models import FiscalRecord, RecordAnswer, RecordKind, RecordOutcome
from verifactu.past import past_of

REMEDIES = {
    Remedy.AMEND: _("Amend the record"),
    Remedy.CORRECT: _("Correct the invoice"),
    Remedy.ANNUL: _("Annul the invoice"),
}
HISTORY = 50


class OpenFilter(ChoiceFilter):
    title, names, lookup = _("to be mended"), ("open",), "pk__in"

    def options(self) -> list[tuple[Any, Any]]:
        return [("yes", _("to be mended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value("open") != "yes":
            return queryset
        return queryset.filter(pk__in=overview.to_be_mended().order_by().values("pk"))


class OutcomeFilter(ChoiceFilter):
    title, names, lookup = _("outcome"), ("outcome",), "outcome"

    def options(self) -> list[tuple[Any, Any]]:
        return [choice for choice in RecordOutcome.choices if choice[0] != RecordOutcome.ACCEPTED]


class CodeFilter(TextFilter):
    title, names, lookup = _("AEAT's code"), ("code",), "code"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().queryset(request, queryset) if self.value("code").isdecimal() else queryset


class AnsweredChainFilter(ChainFilter):
    lookup = "record__chain"


@admin.register(RecordAnswer)
class RecordAnswerAdmin(PageAdmin):
    """Rejected, or accepted with errors; the newest first. What was simply accepted needs nobody."""

    list_display = ["number_shown", "seller_shown", "outcome_shown", "says", "at"]
    list_filter = [OpenFilter, OutcomeFilter, CodeFilter, AnsweredChainFilter]
    ordering = ["-id"]
    search_fields = ["record__number"]
    search_help_text = _("Invoice number, exactly")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecordAnswer]:
        answers: QuerySet[RecordAnswer] = super().get_queryset(request).exclude(outcome=RecordOutcome.ACCEPTED)
        return answers.select_related("record__chain__seller").defer("record__xml")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RecordAnswer], search_term: str
    ) -> tuple[QuerySet[RecordAnswer], bool]:
        term = search_term.strip()
        return (queryset.filter(record__invoice__display_number=term) if term else queryset), False

    @admin.display(description=_("invoice"))
    def number_shown(self, answer: RecordAnswer) -> SafeString:
        return format_html('<span class="co-nowrap">{}</span>', answer.record.number)

    @admin.display(description=_("seller"))
    def seller_shown(self, answer: RecordAnswer) -> SafeString:
        return format_html("{} {}", answer.record.chain.seller.legal_name, mode_badge(answer.record.chain))

    @admin.display(description=_("outcome"))
    def outcome_shown(self, answer: RecordAnswer) -> SafeString:
        return outcome_badge(answer)

    @admin.display(description=_("What the AEAT says"))
    def says(self, answer: RecordAnswer) -> SafeString:
        """The AEAT's text, and below it ours."""
        means = gettext(advice_on(answer.code).means)
        markup = '<span class="co-says"><span lang="es"><strong>{}</strong> {}</span><small>{}</small></span>'
        return format_html(markup, "" if answer.code is None else answer.code, aeats_text(answer), means)

    def show(self, request: HttpRequest, row: RecordAnswer) -> HttpResponseBase:
        """What to do about one of them: what the AEAT holds now, and what would be sent next, with its reasons."""
        past = past_of(row.record.invoice_id)
        advice = advice_on(row.code)
        remedies = (Remedy.ANNUL,) if row.record.kind == RecordKind.ANNULMENT else advice.remedies
        is_open = overview.to_be_mended().filter(pk=row.pk).exists()
        return page(
            request,
            "verifactu/mend.html",
            title=gettext("What to do about %(invoice)s") % {"invoice": row.record.number},
            answer=row,
            record=row.record,
            outcome=outcome_badge(row),
            mode=mode_badge(row.record.chain),
            text=aeats_text(row),
            means=gettext(advice.means),
            helps=gettext(advice.helps),
            is_open=is_open,
            situation=[gettext(sentence) for sentence in explanations.situation(past)],
            steps=[] if any(each.accepted is None for each in past) else _steps(past, remedies),
            acts=_acts(request, row.record, remedies) if is_open else [],
            invoice_url=url_elsewhere("billing_invoice_change", row.record.invoice_id),
            records=_records(row.record),
        )


def _steps(past: list[Any], remedies: tuple[Remedy, ...]) -> list[tuple[Any, explanations.Explanation, str]]:
    """What would be sent next, by what the person decides; what usually helps comes first."""
    next_records = {
        Remedy.AMEND: explanations.next_amendment(past),
        Remedy.ANNUL: explanations.next_annulment(past),
    }
    order = sorted(next_records, key=lambda remedy: remedies.index(remedy) if remedy in remedies else len(remedies))
    return [(REMEDIES[remedy], next_records[remedy], gettext(next_records[remedy].why)) for remedy in order]


def _acts(request: HttpRequest, record: FiscalRecord, remedies: tuple[Remedy, ...]) -> list[Act]:
    """Billing's pages for it, where there are such pages: they ask again, for the permission and for the rest."""
    if not may(request, "change_sender"):
        return []
    found = [(REMEDIES[remedy], url_elsewhere(f"billing_invoice_{remedy}", record.invoice_id)) for remedy in remedies]
    return [Act(label, url, tone="plain" if place else "primary") for place, (label, url) in enumerate(found) if url]


def _records(record: FiscalRecord) -> list[dict[str, Any]]:
    """All records of the invoice, the newest first."""
    of_invoice = (
        FiscalRecord.objects.filter(invoice=record.invoice_id).defer("xml").order_by("-generated_at", "-sequence")
    )
    rows = overview.with_status(of_invoice)[:HISTORY]
    return [{"record": each, "state": record_badge(each), "marks": marks(each)} for each in rows]
