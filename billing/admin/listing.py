"""The list of invoices: what one searches and filters by, each with its index."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.admin import ChoiceFilter, DayFilter
from billing.models import Invoice, InvoiceStatus, Seller, Series
from core.text import searchable


class StatusFilter(ChoiceFilter):
    title, names, lookup = _("status"), ("status",), "status"

    def options(self) -> list[tuple[Any, Any]]:
        return InvoiceStatus.choices


class SellerFilter(ChoiceFilter):
    title, names, lookup = _("seller"), ("seller",), "seller"

    def options(self) -> list[tuple[Any, Any]]:
        return [(seller.id, str(seller)) for seller in Seller.objects.all()]


class SeriesFilter(ChoiceFilter):
    title, names, lookup = _("series"), ("series",), "series"

    def options(self) -> list[tuple[Any, Any]]:
        rows = Series.objects.select_related("seller").order_by("seller__legal_name", "code")
        return [(series.id, f"{series.code} · {series.seller}") for series in rows]


class IssueDateFilter(DayFilter):
    title, names, lookup = _("issue date"), ("issued_from", "issued_to"), "issue_date"


def search(invoices: QuerySet[Invoice], term: str) -> QuerySet[Invoice]:
    """Invoices whose number or buyer's name begins with ``term``, or whose buyer has it as tax id."""
    number, name = term.upper(), searchable(term)
    found = Q(display_number__startswith=term) | Q(display_number__startswith=number) | Q(buyer_tax_id=number)
    return invoices.filter(found | Q(buyer_search_name__startswith=name) if name else found)
