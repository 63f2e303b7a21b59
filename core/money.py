"""Decimal arithmetic of money. Never floats."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")


def round_half_up(amount: Decimal, *, places: int = 2) -> Decimal:
    """``amount`` to so many decimals, halves away from zero, so that a credit mirrors its invoice to the cent."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """The decimal string of the API: no exponent, no ``-0``, the places that ``amount`` has."""
    return f"{amount if amount else abs(amount):f}"
