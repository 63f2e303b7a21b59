"""Figures and dates as people of one language write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from billing.documents.words import Words

MINUS = "−"  # as wide as a digit, so that columns of figures stay in line


def number(value: Decimal, words: Words, *, places: int) -> str:
    """``1.234,50``. Zero has no sign."""
    digits = f"{abs(value):,.{places}f}".translate(str.maketrans(",.", words.thousands_mark + words.decimal_mark))
    return f"{MINUS}{digits}" if value < 0 and digits.strip("0,.") else digits


def amount(value: Decimal, words: Words) -> str:
    """An amount of a column whose currency is said elsewhere."""
    return number(value, words, places=2)


def money(value: Decimal, words: Words, currency: str) -> str:
    """``1.234,50 €``, ``€1,234.50``, ``1.234,50 USD``."""
    figures = amount(value, words)
    text = words.money.get(currency, words.money[""]).format(figures.removeprefix(MINUS), currency)
    return f"{MINUS}{text}" if figures.startswith(MINUS) else text


def percent(value: Decimal, words: Words) -> str:
    """``5,2 %``, without idle zeros."""
    return words.percent.format(number(value, words, places=places_needed([value])))


def day(value: date, words: Words) -> str:
    """``23/11/2026`` in Spanish, ``23 Nov 2026`` in English, where digits alone are read in two ways."""
    if words.months:
        return f"{value.day} {words.months[value.month - 1]} {value.year}"
    return f"{value:%d/%m/%Y}"


def places_needed(values: Iterable[Decimal], *, least: int = 0) -> int:
    """Decimals that show every one of ``values`` whole: a column with one number of them lines up at its mark."""
    exponents = (value.normalize().as_tuple().exponent for value in values)
    return max([least, *(-exponent for exponent in exponents if isinstance(exponent, int))])


def iban(value: str) -> str:
    """In groups of four (ISO 13616)."""
    compact = "".join(value.split())
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))
