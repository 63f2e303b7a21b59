"""Reading rows in an order from a place on, at the same cost on the first page and on the thousandth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from django.db.models import BooleanField, Field, Func, Model, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

Row = TypeVar("Row", bound=Model)


class Place(NamedTuple):
    """Right behind the row that has these values, whether or not it is still there."""

    value: Any
    key: Any


@dataclass(frozen=True, slots=True)
class Order:
    """By ``column`` and, among equals, by primary key; both in the same direction, so that one index serves."""

    column: Field[Any, Any]
    key: Field[Any, Any]
    descending: bool

    def reversed(self) -> Order:
        return replace(self, descending=not self.descending)

    def rows(self, queryset: QuerySet[Row], after: Place | None, count: int) -> list[Row]:
        """The next ``count`` rows of ``queryset``, from the beginning or behind a place."""
        rows: list[Row] = []
        for part in self._parts(queryset, after):
            rows += part[: count - len(rows)]
            if len(rows) == count:
                break
        return rows

    def _parts(self, queryset: QuerySet[Row], after: Place | None) -> list[QuerySet[Row]]:
        """One statement; two where the column may be NULL, which PostgreSQL puts behind all values but never compares
        with any: the rows with a value, and those without."""
        sign = "-" if self.descending else ""
        rows = queryset.order_by(f"{sign}{self.column.name}", f"{sign}pk")
        beyond = rows.filter(self._beyond(after)) if after else rows
        if not self.column.null:
            return [beyond]
        name = f"{self.column.name}__isnull"
        parts = [(True, rows.filter(**{name: True})), (False, rows.filter(**{name: False}))]
        if not self.descending:
            parts.reverse()
        if after is None:
            return [part for _without, part in parts]
        begun = after.value is None
        behind = [part for without, part in parts if without != begun] if begun == self.descending else []
        return [beyond.filter(**{name: begun}), *behind]

    def _beyond(self, place: Place) -> GreaterThan[Any] | LessThan[Any]:
        """``(column, key) > (value, key)``: a row comparison, with which PostgreSQL enters the index right there."""
        compare = LessThan if self.descending else GreaterThan
        columns = {self.column.name: Value(place.value, self.column), self.key.name: Value(place.key, self.key)}
        if place.value is None:
            del columns[self.column.name]
        return compare(_row(*columns), _row(*columns.values()))


def _row(*columns: str | Value) -> Func:
    return Func(*columns, function="ROW", output_field=BooleanField())
