"""The register of buyers at the person's door."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import VerbAdmin
from clients.models import Client
from clients.services import ClientData, create_client, update_client
from core.actors import Actor
from core.text import searchable
from integrations.clock import now_of


@admin.register(Client)
class ClientAdmin(VerbAdmin):
    """Buyers as they are known now; issued invoices carry their own copy."""

    verbs = ("client.created", "client.changed")
    list_display = ["name", "tax_id", "city", "country", "email", "seller"]
    list_select_related = ["seller"]
    search_fields = ["search_name"]
    search_help_text = _("Name, tax id or external id")
    fieldsets = [
        (None, {"fields": ["seller", "name", "tax_id", "tax_id_kind", "country", "external_id"]}),
        (_("Address"), {"fields": ["street", "postal_code", "city", "province", "email", "language"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> list[str]:
        return ["seller"] if obj else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Client], search_term: str
    ) -> tuple[QuerySet[Client], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(search_name__contains=searchable(term)) | Q(tax_id__startswith=term.upper()) | Q(external_id=term)
        return queryset.filter(found), False

    def make(self, values: dict[str, Any], *, by: Actor) -> Client:
        seller = values.pop("seller")
        data = ClientData(**values)
        return create_client(
            seller_id=seller.id, mode=seller.mode, data=data, by=by, now=now_of(seller.id, seller.mode)
        )

    def alter(self, row: Client, values: dict[str, Any], *, by: Actor) -> Client:
        return update_client(client_id=row.id, data=ClientData(**values), by=by, now=now_of(row.seller_id, row.mode))
