"""Reading a request: its shape judged as a whole, and for whom it is."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.errors import Fault, Invalid
from integrations.acting import acting_seller
from integrations.authentication import principal_of
from integrations.fields import StrictSerializer
from integrations.problems import refusal_of


def read(serializer: type[StrictSerializer], body: Any) -> dict[str, Any]:
    """The body's values. Raises Invalid with every fault of its shape."""
    try:
        values: dict[str, Any] = _shape(serializer).run_validation(body)
    except ValidationError as error:
        refusal = refusal_of(error)
        assert refusal is not None, "the door knows the faults of shapes"
        raise refusal from error
    return values


def read_and_judge(
    serializer: type[StrictSerializer], body: Mapping[str, Any], judge: Callable[[Mapping[str, Any]], Iterable[Fault]]
) -> dict[str, Any]:
    """As ``read``; a body that is not well-formed hears also what ``judge`` says of the values that can be read, since
    every fault is told at once. A well-formed one is judged by the verb."""
    try:
        return read(serializer, body)
    except Invalid as refusal:
        raise Invalid([*refusal.faults, *judge(_readable(serializer, body))]) from refusal


def _readable(serializer: type[StrictSerializer], body: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, field in _shape(serializer).fields.items():
        if name in body:
            with suppress(ValidationError):  # told already
                values[name] = field.run_validation(body[name])
    return values


@cache
def _shape(serializer: type[StrictSerializer]) -> StrictSerializer:
    """One for all requests: a shape keeps nothing of what it reads, and making one copies all of its fields."""
    return serializer()


def body_of(request: Request) -> Mapping[str, Any]:
    """The object that was sent; an empty one where nothing was."""
    assert isinstance(request.data, Mapping), "the strict parser lets only objects in"
    return request.data


def seller_of(request: Request, serializer: type[StrictSerializer]) -> uuid.UUID:
    """The seller that the call acts for. Raises Invalid when it cannot be told, with the shape's faults as well."""
    found = acting_seller(principal_of(request), body_of(request).get("seller"))
    if isinstance(found, Fault):
        raise Invalid(_with_those_of_the_shape(found, serializer, body_of(request)))
    return found


def _with_those_of_the_shape(fault: Fault, serializer: type[StrictSerializer], body: Mapping[str, Any]) -> list[Fault]:
    try:
        read(serializer, body)
    except Invalid as refusal:
        at_seller = any(other.pointer == fault.pointer for other in refusal.faults)
        return [*refusal.faults] if at_seller else [fault, *refusal.faults]
    return [fault]
