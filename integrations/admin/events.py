"""The outgoing feed at the person's door."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin
from integrations.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What the house told, or will tell, to those who listen."""

    list_display = ["type", "created_at", "object_id", "correlation_id", "mode"]
    ordering = ["-id"]
    search_fields = ["object_id"]
    search_help_text = _("Id of the object, exactly")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        term = search_term.strip()
        return (queryset.filter(object_id=term) if term else queryset), False
