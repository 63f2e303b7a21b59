"""The outgoing feed at the person's door."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, Tone, badge
from integrations.admin.endpoints import DeliveryRow
from integrations.admin.webhook_words import kind_of
from integrations.models import Event

DELIVERIES = 100


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What the house told, or will tell, to those who listen."""

    list_display = ["place", "kind", "created_at", "seller", "object_id", "correlation_id"]
    list_display_links = ["kind"]
    list_select_related = ["seller"]
    ordering = ["-id"]
    search_fields = ["object_id"]
    search_help_text = _("Id of the object, exactly")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        term = search_term.strip()
        return (queryset.filter(object_id=term) if term else queryset), False

    @admin.display(description=_("number"))
    def place(self, event: Event) -> SafeString | str:
        return place_of(event)

    @admin.display(description=_("type"))
    def kind(self, event: Event) -> str:
        return kind_of(event)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        event = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, event) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if event is None:
            raise Http404
        deliveries = event.deliveries.select_related("endpoint", "event").order_by("id")[:DELIVERIES]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Event: %(type)s") % {"type": kind_of(event)},
            "event": event,
            "place": place_of(event),
            "payload": json.dumps(event.payload, indent=2, ensure_ascii=False),
            "deliveries": [DeliveryRow(delivery) for delivery in deliveries],
        }
        return TemplateResponse(request, "admin/integrations/event/page.html", context)


def place_of(event: Event) -> SafeString | str:
    """Its number in the feed, or why it has none."""
    if event.sequence:
        return format_html('<span class="co-amount">{}</span>', event.sequence)
    return badge(_("for one endpoint"), Tone.CALM) if event.only_for_id else badge(_("to be numbered"), Tone.ACTIVE)
