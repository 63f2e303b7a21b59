"""Decimal arithmetic of money. Never floats."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
LARGEST_AMOUNT = Decimal("999999999999.99")
"""Twelve digits before the point, two after: the AEAT's ``ImporteSgn12.2Type`` and the columns of the database."""


def round_half_up(amount: Decimal, *, places: int = 2) -> Decimal:
    """``amount`` to so many decimals, halves away from zero, so that a credit mirrors its invoice to the cent.

    Never ``-0.00``.
    """
    step = CENT if places == 2 else Decimal(1).scaleb(-places)
    rounded = amount.quantize(step, rounding=ROUND_HALF_UP)
    return rounded or abs(rounded)


def has_places(value: Decimal, places: int) -> bool:
    """Whether ``value`` can be written with so many decimals: 21.500 can with one, 21.55 cannot."""
    return value == round_half_up(value, places=places)


def plain(amount: Decimal) -> str:
    """The decimal string of the API: no exponent, no ``-0``, the places that ``amount`` has."""
    return f"{amount or abs(amount):f}"
