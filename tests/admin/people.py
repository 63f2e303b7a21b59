"""People at the door, and the forms that they send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from billing.models import Seller
from clients.models import Client

GROUPS = ("finance", "approver", "auditor", "admin", "inspector")
PASSWORD = "correct horse battery staple"


def make_groups() -> None:
    """The migrations' own work again: tests that empty their tables empty the groups with them."""
    if not Group.objects.exists():
        import_module("billing.migrations.0005_amending").let_them_amend(apps, None)
        import_module("config.migrations.0005_inspector").make_inspector(apps, None)
        import_module("config.migrations.0007_aeat_in_the_groups").extend_groups(apps, None)
        import_module("config.migrations.0011_machines_in_the_groups").extend_groups(apps, None)


def a_person(username: str, *groups: str) -> User:
    """Somebody of the staff."""
    make_groups()
    user = User.objects.create_user(username, password=PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def browser_of(username: str, *groups: str, language: str = "en") -> Browser:
    """A browser in which a new person of these groups is logged in."""
    browser = Browser(headers={"Accept-Language": language})
    browser.force_login(a_person(username, *groups))
    return browser


def url_of(name: str, *args: object) -> str:
    """One of the pages of invoices."""
    return reverse(f"admin:billing_invoice_{name}", args=args)


def draft_form(client: Client | None, *lines: Mapping[str, str], **head: str) -> dict[str, str]:
    """What the page sends for a draft: two lines, unless others are given."""
    lines = lines or (a_line(), a_line("Libro", "10.00", treatment="IVA|S1||4"))
    form = {
        "client": str(client.id) if client else "",
        "currency": "EUR",
        "withholding_percent": "0",
        "lines-TOTAL_FORMS": str(len(lines)),
        "lines-INITIAL_FORMS": "0",
        **head,
    }
    for index, line in enumerate(lines):
        form |= {f"lines-{index}-{name}": value for name, value in line.items()}
    return form


def a_line(description: str = "Consultoría", unit_price: str = "100.00", **values: str) -> dict[str, str]:
    """A line as the page sends it, at 21 % unless told otherwise."""
    ordinary = {"description": description, "unit_price": unit_price, "quantity": "1", "treatment": "IVA|S1||21"}
    return {**ordinary, **values}


def hidden(html: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', html)
    assert found, f"the page has no field {name}"
    return found[1]


def errors_of(html: str, field: str) -> list[str]:
    """What the page says is wrong with a field."""
    place = re.search(rf'data-field="{field}">(.*?)(?=data-field=|</form>)', html, re.DOTALL)
    assert place, f"the page has no field {field}"
    return [text.strip() for text in re.findall(r'<p class="co-error">(.*?)</p>', place[1])]


def seller_query(seller: Seller) -> str:
    return f"?seller={seller.id}"
