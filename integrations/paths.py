"""Paths are written without a final slash, and ids in lower case; others work too, and the schema shows the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, path, register_converter
from django.urls.converters import UUIDConverter


class AnyUuid(UUIDConverter):
    """A UUID is the same in upper case (RFC 9562 §4)."""

    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


register_converter(AnyUuid, "any_uuid")


def with_optional_slash(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """Each path twice: as it is written, and with a final slash."""
    return [both for pattern in patterns for both in _both(pattern)]


def _both(pattern: URLPattern) -> Iterator[URLPattern]:
    route = str(pattern.pattern).replace("<uuid:", "<any_uuid:")
    yield path(route, pattern.callback, name=pattern.name)
    yield path(f"{route}/", pattern.callback)


def without_final_slash(endpoints: list[tuple[str, Any, str, Any]]) -> list[tuple[str, Any, str, Any]]:
    """drf-spectacular's preprocessing hook."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
