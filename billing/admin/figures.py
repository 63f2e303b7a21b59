"""How the admin writes amounts, quantities, instants and people."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from billing.representation import trim

_SIGNS = {"EUR": "€"}


def money(amount: Decimal, currency: str = "EUR") -> str:
    """1.234,50 €"""
    return f"{number_format(amount, decimal_pos=2, force_grouping=True)}\u00a0{_SIGNS.get(currency, currency)}"


def less(amount: Decimal, currency: str = "EUR") -> str:
    """What is taken off: -123,30 €; of a credit, what is given back."""
    return money(-amount, currency)


def figure(value: Decimal) -> str:
    """A quantity or a rate with the decimals that it has."""
    return number_format(trim(value), force_grouping=True)


def price(value: Decimal) -> str:
    """A unit price: two decimals, or as many as it has."""
    return number_format(trim(value, places=2), force_grouping=True)


def moment(instant: datetime | None) -> str:
    """23/11/2026 18:30"""
    return date_format(timezone.localtime(instant), "SHORT_DATETIME_FORMAT") if instant else "–"


def person(actor: str) -> str:
    """Who it was, of the text that services keep: «user:maria» is maria, «token:shop» is shop (API)."""
    kind, _colon, name = actor.partition(":")
    if kind == "user" or not name:
        return name or kind
    kinds = {"token": gettext("API"), "worker": gettext("background"), "command": gettext("command")}
    return f"{name} ({kinds.get(kind, kind)})"
