"""Filters as small form fields. What cannot be meant (an unknown choice, half a date) filters nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.admin import ListFilter, ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _


class InputFilter(ListFilter):
    """A filter with one input or two; ``names`` are its query parameters."""

    names: ClassVar[Sequence[str]] = ()
    template = "admin/input_filter.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.names:
            value = str(params.pop(name, [""])[-1]).strip().replace("\x00", "")
            if value:
                self.used_parameters[name] = value

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.names)

    def value(self, name: str) -> str:
        """What the person entered, or nothing."""
        return str(self.used_parameters.get(name, ""))

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        for name in self.names:
            yield {"name": name, "value": self.value(name), **self.input(name)}

    def input(self, name: str) -> dict[str, Any]:
        """How the template shows the input: ``type`` and ``label``, or ``options``."""
        raise NotImplementedError


class TextFilter(InputFilter):
    """A column that equals what is entered."""

    lookup: ClassVar[str]

    def input(self, name: str) -> dict[str, Any]:
        return {"type": "text", "label": self.title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = self.value(self.names[0])
        return queryset.filter(**{self.lookup: text}) if text else queryset


class ChoiceFilter(InputFilter):
    """A column that equals the chosen value."""

    lookup: ClassVar[str]

    def options(self) -> Iterable[tuple[Any, Any]]:
        """Values and their labels."""
        raise NotImplementedError

    def input(self, name: str) -> dict[str, Any]:
        options = [(str(value), label) for value, label in self.options()]
        return {"type": "select", "label": self.title, "options": options}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value(self.names[0])
        if chosen in {str(value) for value, _label in self.options()}:
            return queryset.filter(**{self.lookup: chosen})
        return queryset


class DayFilter(InputFilter):
    """A date or an instant between two days, both included."""

    lookup: ClassVar[str]
    holds_instants: ClassVar[bool] = False

    def input(self, name: str) -> dict[str, Any]:
        return {"type": "date", "label": _("from") if name == self.names[0] else _("to")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = (_day(self.value(name)) for name in self.names)
        if first:
            queryset = queryset.filter(**{f"{self.lookup}__gte": self._start(first)})
        if last:
            queryset = queryset.filter(**{f"{self.lookup}__lt": self._start(last + timedelta(days=1))})
        return queryset

    def _start(self, day: date) -> date | datetime:
        return timezone.make_aware(datetime.combine(day, time.min)) if self.holds_instants else day


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day.year < date.max.year else None
