"""Keys and signs of life at the person's door: rows to be looked at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin
from core.modes import Mode
from integrations.admin.forms import sellers_above
from integrations.models import ApiToken, CeilingUse, IdempotencyKey, WorkerHeartbeat


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Keys that were used up, for thirty days."""

    list_display = ["key", "seller", "status", "created_at"]
    list_select_related = ["seller"]
    ordering = ["-id"]
    fields = ["key", "seller", "mode", "status", "created_at"]
    search_fields = ["key"]
    search_help_text = _("Key, exactly")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[IdempotencyKey], search_term: str
    ) -> tuple[QuerySet[IdempotencyKey], bool]:
        """Seller by seller, as the index wants it."""
        term, sellers = search_term.strip(), sellers_above()
        found = queryset.filter(seller__in=sellers, mode__in=[*Mode], key=term)
        return (found if term else queryset), False


@admin.register(CeilingUse)
class CeilingUseAdmin(ReadOnlyAdmin):
    """What tokens with ceilings have issued by themselves."""

    list_display = ["token", "euros", "object_id", "at"]
    list_select_related = ["token"]
    ordering = ["-id"]
    search_fields = ["token__name"]
    search_help_text = _("Name of the token, exactly")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CeilingUse], search_term: str
    ) -> tuple[QuerySet[CeilingUse], bool]:
        """Token by token, as the index wants it."""
        term = search_term.strip()
        tokens = ApiToken.objects.filter(name=term).values("pk")
        return (queryset.filter(token__in=tokens) if term else queryset), False


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    """When each background step last went round."""

    list_display = ["name", "at"]
    ordering = ["name"]
