"""Lists of the machine's door: ``?limit=``, ``?ordering=`` and an opaque ``?cursor=``. No COUNT, no OFFSET.

A page begins where the one before ended, however many rows were added in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from django.conf import settings
from django.core import signing
from django.db.models import Field, Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Fault, gettext_noop
from integrations.keyset import Order, Place, Row
from integrations.parameters import faults_of_unknown, refuse

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

_SALT = "integrations.pagination"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the addresses of the pages around them."""

    rows: Sequence[Row]
    next: str | None
    previous: str | None

    def response(self, results: Sequence[object]) -> Response:
        """The list's envelope around the rows as they are shown."""
        return Response({"results": results, "next": self.next, "previous": self.previous})


@dataclass(frozen=True, slots=True)
class Keyset:
    """How a resource is listed.

    ``orderings`` are the values that ``?ordering=`` may have, with their model fields, each of which wants an index on
    (what is always filtered, field, id). ``default`` is one of them, with ``-`` for descending. ``filters`` are the
    names of the resource's other query parameters.
    """

    orderings: Mapping[str, str]
    default: str
    filters: Sequence[str] = ()

    def page(self, queryset: QuerySet[Row], request: Request, faults: Iterable[Fault] = ()) -> Page[Row]:
        """The page that ``request`` asks for; ``Unreadable`` (400) with ``faults`` and all others of its query."""
        query = _Query(self, request, queryset.model)
        refuse([*faults, *query.faults()])
        rows = query.order.rows(queryset, query.place, query.limit + 1)
        return query.page(rows[: query.limit], more=len(rows) > query.limit)


class _Query:
    """The part of a query string that is about pages."""

    def __init__(self, keyset: Keyset, request: Request, model: type[Model]) -> None:
        self.keyset, self.request, self.model = keyset, request, model
        self.ordering: str = request.query_params.get("ordering", keyset.default)
        self.asked_limit: str = request.query_params.get("limit", str(DEFAULT_LIMIT))
        self.backwards, self.cursor_is_ours = False, True
        self.place: Place | None = None
        if "cursor" in request.query_params and self._ordering_is_known:
            self._read(request.query_params["cursor"])

    @property
    def limit(self) -> int:
        """How many rows, 0 when what was asked for is no number."""
        return int(self.asked_limit) if re.fullmatch("[0-9]{1,3}", self.asked_limit) else 0

    @property
    def order(self) -> Order:
        """The order in which the rows are read, which is the reverse on the way back."""
        order = Order(self._column, self.model._meta.pk, self.ordering.startswith("-"))
        return order.reversed() if self.backwards else order

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong with the query."""
        yield from faults_of_unknown(self.request, {"limit", "cursor", "ordering", *self.keyset.filters})
        if not 1 <= self.limit <= MAX_LIMIT:
            message = gettext_noop("The limit is a number from 1 to %(limit)s.")
            yield Fault("limit_invalid", message, parameter="limit", params={"limit": MAX_LIMIT})
        if not self._ordering_is_known:
            message = gettext_noop("The ordering is one of %(names)s, with - in front for descending.")
            names = ", ".join(self.keyset.orderings)
            yield Fault("ordering_invalid", message, parameter="ordering", params={"names": names})
        if not self.cursor_is_ours:
            message = gettext_noop("This cursor is none of ours, or belongs to another ordering.")
            yield Fault("cursor_invalid", message, parameter="cursor")

    def page(self, rows: list[Row], *, more: bool) -> Page[Row]:
        """The page of these rows; ``more`` says whether others follow in the direction of reading."""
        if self.backwards:
            rows.reverse()
        follows, precedes = (True, more) if self.backwards else (more, self.place is not None)
        return Page(
            rows=rows,
            next=self._link(rows[-1], backwards=False) if rows and follows else None,
            previous=self._link(rows[0], backwards=True) if rows and precedes else None,
        )

    @property
    def _ordering_is_known(self) -> bool:
        return self.ordering.removeprefix("-") in self.keyset.orderings

    @property
    def _column(self) -> Field[Any, Any]:
        column = self.model._meta.get_field(self.keyset.orderings[self.ordering.removeprefix("-")])
        assert isinstance(column, Field), "rows are ordered by columns of their own"
        return column

    def _link(self, row: Model, *, backwards: bool) -> str:
        column, key = self._column, self.model._meta.pk
        value = None if column.value_from_object(row) is None else column.value_to_string(row)
        cursor = [self.model._meta.label, self.ordering, backwards, value, key.value_to_string(row)]
        query = self.request.query_params.copy()
        query["cursor"] = signing.dumps(cursor, salt=_SALT)
        return f"{settings.BASE_URL}{self.request.path}?{query.urlencode()}"

    def _read(self, cursor: str) -> None:
        """Take the place from a cursor. It is signed, so that what it holds is what we wrote."""
        try:
            label, ordering, self.backwards, value, key = signing.loads(cursor, salt=_SALT)
        except signing.BadSignature:
            self.cursor_is_ours = False
            return
        self.cursor_is_ours = (label, ordering) == (self.model._meta.label, self.ordering)
        if self.cursor_is_ours:
            self.place = Place(self._column.to_python(value), self.model._meta.pk.to_python(key))
