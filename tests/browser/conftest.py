"""A real browser at the person's door, with the content security policy on. Whatever it complains of fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from billing.models import Seller
from clients.models import Client
from tests import builders
from tests.admin.people import PASSWORD, a_person

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("chromium is not installed")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; Django would take the tests' own queries for a mistake.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class Desk:
    """A person's browser window."""

    page: Page
    base_url: str

    def log_in(self, username: str) -> None:
        self.go("/admin/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("#login-form button[type=submit]")
        self.page.wait_for_selector("#nav-sidebar", state="attached")

    def go(self, path: str) -> None:
        self.page.goto(self.base_url + path)

    def is_too_wide(self) -> bool:
        """Whether the page would have to be moved sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.fixture
def open_desk(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Desk]]:
    """Opens windows, and closes them: a complaint on the console, or an exception of a script, is a fault."""
    complaints: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.location.get('url')}: {message.text}")

    def open_(*, locale: str = "es-ES", viewport: dict[str, int] = DESK) -> Desk:
        context = chromium.new_context(locale=locale, viewport=viewport)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Desk(page, live_server.url)

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def house(transactional_db: None) -> Client:
    """A seller with a client, and people: pablo approves, irene audits, ana administers."""
    seller: Seller = builders.a_seller()
    for username, group in (("pablo", "approver"), ("irene", "auditor"), ("ana", "admin")):
        a_person(username, group)
    builders.a_client(seller, name="Panadería Ñandú", tax_id="99999972C")
    return builders.a_client(seller)
