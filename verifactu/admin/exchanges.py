"""The talks with the AEAT, word by word: what was sent or asked, and what it answered."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from audit.admin import ChoiceFilter, DayFilter, actor_of_user, perform
from core.errors import NotFound
from verifactu.admin.pages import ChainFilter, PageAdmin, needs, page
from verifactu.admin.words import aeats_text, exchange_badge, mode_badge, outcome_badge
from verifactu.models import ExchangeOutcome, Inquiry, RecordAnswer, RecordOutcome, Submission
from verifactu.models.exchange import Exchange
from verifactu.services.handing_out import Handed, Part, hand_out_inquiry, hand_out_submission

LINES = 200
"""So many answers on the page, those that need somebody first; the file has them all."""


class OutcomeFilter(ChoiceFilter):
    title, names, lookup = _("outcome"), ("outcome",), "outcome"

    def options(self) -> list[tuple[Any, Any]]:
        return ExchangeOutcome.choices


class SentFilter(DayFilter):
    title, names, lookup, holds_instants = _("date"), ("sent_from", "sent_to"), "sent_at", True


class ExchangeAdmin(PageAdmin):
    """Looked at here, and taken away as it travelled; taking it away is written down."""

    list_filter = [ChainFilter, OutcomeFilter, SentFilter]
    ordering = ["-id"]
    fetch: Callable[..., HttpResponse]

    def get_urls(self) -> list[URLPattern]:
        name = str(self.opts.model_name)
        view = self.admin_site.admin_view(type(self).fetch)
        return [path("<uuid:exchange_id>/<str:part>.xml", view, name=f"verifactu_{name}_file"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("chain__seller").defer("request", "response")

    @admin.display(description=_("seller"))
    def seller_shown(self, exchange: Any) -> SafeString:
        return format_html("{} {}", exchange.chain.seller.legal_name, mode_badge(exchange.chain))

    @admin.display(description=_("outcome"))
    def outcome_shown(self, exchange: Exchange) -> SafeString:
        return exchange_badge(exchange)

    def show(self, request: HttpRequest, row: Any) -> HttpResponseBase:
        name = str(self.opts.model_name)
        has_response = type(row).objects.filter(pk=row.pk, response__isnull=False).exists()
        return page(
            request,
            "verifactu/exchange.html",
            title=gettext("%(what)s of %(when)s")
            % {"what": capfirst(str(self.opts.verbose_name)), "when": _moment(row.sent_at)},
            exchange=row,
            chain=row.chain,
            mode=mode_badge(row.chain),
            outcome=exchange_badge(row),
            lines=_lines(row.answers),
            file_url=f"admin:verifactu_{name}_file",
            has_response=has_response,
        )


def _moment(instant: datetime) -> str:
    return date_format(timezone.localtime(instant), "SHORT_DATETIME_FORMAT")


def _lines(answers: QuerySet[RecordAnswer]) -> list[dict[str, Any]]:
    """The answers, those that need somebody first."""
    is_accepted = Case(
        When(outcome=RecordOutcome.ACCEPTED, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    rows = answers.select_related("record").defer("record__xml").order_by(is_accepted, "record__sequence")[:LINES]
    return [
        {"answer": row, "record": row.record, "outcome": outcome_badge(row), "text": aeats_text(row)} for row in rows
    ]


@require_GET
@needs("view_submission")
def submission_file(request: HttpRequest, exchange_id: uuid.UUID, part: str) -> HttpResponse:
    """What was sent, or what came back, byte by byte."""
    by = actor_of_user(request)
    return _file(part, lambda half: hand_out_submission(submission_id=exchange_id, part=half, by=by))


@require_GET
@needs("view_inquiry")
def inquiry_file(request: HttpRequest, exchange_id: uuid.UUID, part: str) -> HttpResponse:
    """What was asked, or what came back, byte by byte."""
    by = actor_of_user(request)
    return _file(part, lambda half: hand_out_inquiry(inquiry_id=exchange_id, part=half, by=by))


def _file(part: str, hand_out: Callable[[Part], Handed]) -> HttpResponse:
    """Always to be kept, never shown: what somebody answered may be any page at all."""
    try:
        handed = perform(lambda: hand_out(Part(part)))
    except (ValueError, NotFound) as refusal:
        raise Http404 from refusal
    headers = {"Content-Disposition": f'attachment; filename="{handed.name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(handed.content, content_type="text/xml; charset=utf-8", headers=headers)


@admin.register(Submission)
class SubmissionAdmin(ExchangeAdmin):
    """Records sent together, with the AEAT's receipt."""

    fetch = submission_file
    list_display = ["sent_at", "seller_shown", "span", "outcome_shown", "receipt_code", "fault_code"]

    @admin.display(description=_("records"))
    def span(self, submission: Submission) -> str:
        return f"{submission.first_sequence}–{submission.last_sequence} ({submission.size})"


@admin.register(Inquiry)
class InquiryAdmin(ExchangeAdmin):
    """What the AEAT was asked to tell."""

    fetch = inquiry_file
    list_display = ["sent_at", "seller_shown", "period", "outcome_shown", "fault_code"]
