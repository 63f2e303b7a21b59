"""The list of invoices: what one searches and filters by, each with its index."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import ChoiceFilter, DayFilter
from billing import queries
from billing.models import Invoice, InvoiceStatus, Seller, Series
from billing.representation import VOIDED
from core.text import searchable


class StatusFilter(ChoiceFilter):
    title, names, lookup = _("status"), ("status",), "status"

    def options(self) -> list[tuple[Any, Any]]:
        return [*InvoiceStatus.choices, (VOIDED, _("voided"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """A voided invoice's row says «issued» for ever; its annulment stands beside it."""
        status = self.value("status")
        if status == VOIDED:
            return queries.voided(queryset)
        found = super().queryset(request, queryset)
        return queries.not_voided(found) if status == InvoiceStatus.ISSUED else found


class AeatFilter(ChoiceFilter):
    """What needs somebody, or waits; of what was simply accepted there is nothing to look for."""

    title, names, lookup = _("AEAT"), ("aeat",), ""

    def options(self) -> list[tuple[Any, Any]]:
        return [
            ("pending", _("without an answer")),
            ("accepted_with_errors", _("accepted with errors")),
            ("rejected", _("rejected")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value("aeat")
        known = asked in {value for value, _label in self.options()}
        return queries.at_the_aeat(queryset, asked) if known else queryset


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


FEW = 500


def search(invoices: QuerySet[Invoice], term: str) -> QuerySet[Invoice]:
    """Invoices whose number begins with ``term`` or whose buyer has it as tax id; if there is none, those whose
    buyer's name begins with it.

    What a number or tax id finds is looked up first, each through its own index: left to one query that is sorted and
    cut, PostgreSQL walks through a million rows for a few. Of very many, only so many are shown.
    """
    rows = invoices.order_by()
    asked = [Q(buyer_tax_id=term.upper()), *(Q(display_number__startswith=text) for text in {term, term.upper()})]
    first, *others = [rows.filter(condition).values_list("pk", flat=True)[:FEW] for condition in asked]
    found = set(first.union(*others, all=True))
    return invoices.filter(pk__in=found) if found else invoices.filter(buyer_search_name__startswith=searchable(term))
