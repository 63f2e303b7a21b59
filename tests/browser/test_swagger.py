"""Swagger UI in a real browser: served from here alone, under the policy, with every operation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Desk

pytestmark = pytest.mark.browser

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "v1.json").read_text())


def test_it_shows_every_operation_and_asks_nobody_else(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(locale="en-GB")
    hosts: set[str] = set()
    desk.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    desk.go("/api/v1/docs")
    desk.page.wait_for_selector(".opblock")
    shown = [*DOCUMENT["paths"].values(), *DOCUMENT["webhooks"].values()]
    assert desk.page.locator(".opblock").count() == sum(map(len, shown))
    assert hosts == {urlsplit(desk.base_url).netloc}
