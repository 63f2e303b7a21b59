"""The audit log as people read it, and take it away."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from audit.admin.badges import Tone, badge
from audit.admin.filters import ChoiceFilter, DayFilter, TextFilter
from audit.admin.readonly import ReadOnlyAdmin
from audit.models import AuditEntry, Outcome
from audit.people import actor_of_user
from audit.services import record

EXPORTED = [
    "id",
    "at",
    "action",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "subject_type",
    "subject_id",
    "subject_label",
    "seller_id",
    "mode",
    "request_id",
    "correlation_id",
    "address",
    "before",
    "after",
    "reason",
]
FOUND = 500
"""Of what a search finds by one column, so many are shown."""

OUTCOME_TONES = {Outcome.DONE: Tone.GOOD, Outcome.REFUSED: Tone.BAD}


class ActionFilter(TextFilter):
    title, names, lookup = _("action"), ("action",), "action"


class OutcomeFilter(ChoiceFilter):
    title, names, lookup = _("outcome"), ("outcome",), "outcome"

    def options(self) -> list[tuple[Any, Any]]:
        return Outcome.choices


class ActorFilter(TextFilter):
    title, names, lookup = _("actor"), ("actor",), "actor_name"


class SubjectFilter(TextFilter):
    title, names, lookup = _("subject id"), ("subject",), "subject_id"


class CorrelationFilter(TextFilter):
    title, names, lookup = _("correlation id"), ("correlation_id",), "correlation_id"


class AtFilter(DayFilter):
    title, names, lookup, holds_instants = _("date"), ("at_from", "at_to"), "at", True


def history_of(subject_type: str, subject_id: str) -> QuerySet[AuditEntry]:
    """What happened to one thing, the newest first."""
    return AuditEntry.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("-id")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, when, through what, to which thing, and why; also what was refused."""

    list_display = ["moment", "action", "shown_outcome", "who", "what", "address", "reason"]
    list_filter = [ActorFilter, ActionFilter, OutcomeFilter, SubjectFilter, CorrelationFilter, AtFilter]
    search_fields = ["subject_label"]
    search_help_text = _("Subject, actor or correlation id")
    ordering = ["-id"]
    change_list_template = "admin/audit/auditentry/change_list.html"
    fieldsets = [
        (None, {"fields": ["at", "action", "shown_outcome", "reason"]}),
        (_("Who"), {"fields": ["who", "actor_id", "on_behalf_of", "address", "request_id", "correlation_id"]}),
        (_("On what"), {"fields": ["subject_type", "subject_label", "subject_id", "seller_id", "mode"]}),
        (_("Change"), {"fields": ["before", "after"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: AuditEntry | None = None) -> list[str]:
        return ["shown_outcome", "who"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Equality alone, and each column through its own index: one query for all would walk through the log."""
        term = search_term.strip()
        if not term:
            return queryset, False
        rows = queryset.order_by("-id").values_list("pk", flat=True)
        names = ("subject_label", "subject_id", "actor_name", "correlation_id")
        first, *others = [rows.filter(**{name: term})[:FOUND] for name in names]
        return queryset.filter(pk__in=set(first.union(*others, all=True))), False

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """The newest first; by time where times are asked for, so that their index serves both."""
        return ["-at", "-id"] if any(request.GET.get(name) for name in AtFilter.names) else ["-id"]

    @admin.display(description=_("at"))
    def moment(self, entry: AuditEntry) -> str:
        return date_format(timezone.localtime(entry.at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("outcome"))
    def shown_outcome(self, entry: AuditEntry) -> str:
        return badge(entry.get_outcome_display(), OUTCOME_TONES[Outcome(entry.outcome)])

    @admin.display(description=_("actor"))
    def who(self, entry: AuditEntry) -> str:
        behalf = f" ({entry.on_behalf_of})" if entry.on_behalf_of else ""
        return f"{entry.actor_kind}:{entry.actor_name}{behalf}"

    @admin.display(description=_("subject"))
    def what(self, entry: AuditEntry) -> str:
        return f"{entry.subject_type} {entry.subject_label or entry.subject_id}".strip()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="audit_auditentry_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The filtered log as CSV, line by line; taking it away is itself written down."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        changelist = self.get_changelist_instance(request)
        record("audit.exported", by=actor_of_user(request), after={"filter": request.GET.dict()})
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingHttpResponse(_csv(changelist.queryset), content_type="text/csv; charset=utf-8", headers=headers)


class _Line:
    """What ``csv.writer`` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(EXPORTED)
    for row in entries.values_list(*EXPORTED).iterator(chunk_size=2_000):
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
