"""Paths are written without a final slash; one with it works too, and the schema shows the first alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, path


def with_optional_slash(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """Each path twice: as it is written, and with a final slash."""
    return [both for pattern in patterns for both in _both(pattern)]


def _both(pattern: URLPattern) -> Iterator[URLPattern]:
    yield pattern
    yield path(f"{pattern.pattern}/", pattern.callback)


def without_final_slash(endpoints: list[tuple[str, Any, str, Any]]) -> list[tuple[str, Any, str, Any]]:
    """drf-spectacular's preprocessing hook."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
