"""The front page: what waits for somebody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def dashboard(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return context


def waiting_badge(_request: HttpRequest) -> str:
    return ""
