"""Query parameters that narrow a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db.models import Q
from rest_framework.request import Request

from core.errors import Fault, gettext_noop

Filters = Mapping[str, Callable[[str], Q]]
"""What each parameter asks for; ValueError where its value says nothing."""


def conditions(request: Request, filters: Filters) -> tuple[Q, list[Fault]]:
    """What the request asks for, and every parameter of it that cannot be understood."""
    asked, faults = Q(), []
    for name, condition in filters.items():
        if name not in request.query_params:
            continue
        try:
            asked &= condition(_text(request.query_params[name]))
        except ValueError:
            message = gettext_noop("This parameter has no value that could be looked for.")
            faults.append(Fault("parameter_invalid", message, parameter=name))
    return asked, faults


def _text(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError(value)
    return value
