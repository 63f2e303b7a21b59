"""Lists that stay fast however many rows there are: nobody counts, and every filter has its index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from unfold.views import ChangeList

MAXIMUM_PAGES = 100
"""Nobody finds anything by turning a hundred pages: the search and the filters are the way."""


class UncountedPaginator(Paginator):  # type: ignore[type-arg]  # generic for the checker only
    """Says whether there is another page, and never how many there are."""

    template_name = "admin/uncounted_pagination.html"

    def get_elided_page_range(self, *_args: Any, **_kwargs: Any) -> Iterable[int]:  # type: ignore[override]  # none to name
        return ()


class UncountedChangeList(ChangeList):
    """A page of a list. COUNT(*) over a million rows would take longer than everything else together."""

    page_num: int
    list_per_page: int
    result_list: list[Any]
    has_next = False

    def get_results(self, request: HttpRequest) -> None:
        """One row more than the page shows tells whether there is another page."""
        self.page_num = min(max(self.page_num, 1), MAXIMUM_PAGES)
        first = (self.page_num - 1) * self.list_per_page
        rows = list(self.queryset[first : first + self.list_per_page + 1])
        self.has_next = len(rows) > self.list_per_page and self.page_num < MAXIMUM_PAGES
        self.result_list = rows[: self.list_per_page]
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = False
        self.multi_page = self.has_next or self.page_num > 1
        self.paginator = UncountedPaginator(self.result_list, self.list_per_page)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than pages are turned for."""
        return self.page_num >= MAXIMUM_PAGES and len(self.result_list) == self.list_per_page
