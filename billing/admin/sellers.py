"""Sellers and their series."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin import VerbAdmin
from billing.admin.sandboxes import sandbox
from billing.models import Seller, Series
from billing.services.sellers import (
    SellerData,
    SeriesData,
    create_seller,
    create_series,
    update_seller,
    update_series,
)
from core.actors import Actor


@admin.register(Seller)
class SellerAdmin(VerbAdmin):
    """Who issues. Mode and tax id are chosen once."""

    verbs = ("seller.created", "seller.changed")
    list_display = ["legal_name", "tax_id", "mode", "territory", "approval_policy"]
    search_fields = ["legal_name", "tax_id"]
    fieldsets = [
        (None, {"fields": ["mode", "legal_name", "trade_name", "tax_id", "registry_details"]}),
        (_("Address"), {"fields": ["street", "postal_code", "city", "province", "email", "phone", "website"]}),
        (_("Payment"), {"fields": ["iban", "payment_terms"]}),
        (
            _("Rules"),
            {"fields": ["territory", "time_zone", "rounding", "approval_policy", "simplified_limit", "language"]},
        ),
    ]

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    change_form_before_template = "billing/parts/seller_sandbox.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(sandbox)
        return [path("<uuid:seller_id>/sandbox/", view, name="billing_seller_sandbox"), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Seller | None = None) -> list[str]:
        return ["mode", "tax_id"] if obj else []

    def make(self, values: dict[str, Any], *, by: Actor) -> Seller:
        mode = values.pop("mode")
        return create_seller(mode=mode, data=SellerData(**values), by=by, now=timezone.now())

    def alter(self, row: Seller, values: dict[str, Any], *, by: Actor) -> Seller:
        return update_seller(seller_id=row.id, data=SellerData(tax_id=row.tax_id, **values), by=by)


@admin.register(Series)
class SeriesAdmin(VerbAdmin):
    """Runs of numbers. How a series numbers is chosen once."""

    verbs = ("series.created", "series.changed")
    list_display = ["code", "seller", "kind", "description", "number_format", "is_default", "is_active"]
    list_select_related = ["seller"]
    search_fields = ["code", "description"]
    fieldsets = [
        (None, {"fields": ["seller", "code", "kind", "description"]}),
        (_("Numbers"), {"fields": ["number_format", "yearly", "first_number"]}),
        (_("Use"), {"fields": ["is_default", "is_active"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Series | None = None) -> list[str]:
        return ["seller", "code", "kind", "number_format", "yearly", "first_number"] if obj else []

    def make(self, values: dict[str, Any], *, by: Actor) -> Series:
        seller: Seller = values.pop("seller")
        return create_series(seller_id=seller.id, data=SeriesData(**values), by=by)

    def alter(self, row: Series, values: dict[str, Any], *, by: Actor) -> Series:
        return update_series(series_id=row.id, by=by, **values)
