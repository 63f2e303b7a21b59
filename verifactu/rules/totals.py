"""Whether the totals are the sums of the breakdown."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from core.errors import gettext_noop
from core.money import LARGEST_AMOUNT
from verifactu.codes import Regime
from verifactu.registration import Registration
from verifactu.rules.finding import Finding, Severity

TOLERANCE: Final = Decimal(10)
"""Euro by which the totals may differ from the sums (Validaciones 16 and 17)."""

_REGIMES_THAT_DO_NOT_ADD_UP: Final = frozenset(
    {
        Regime.USED_GOODS,
        Regime.TRAVEL_AGENCIES,
        Regime.ENTITY_GROUP,
        Regime.OTHER_TERRITORY,
        Regime.TRAVEL_MEDIATION,
    }
)


def check(registration: Registration) -> Iterator[Finding]:
    if abs(registration.gross_total) > LARGEST_AMOUNT:
        yield Finding(1267, "gross_total", gettext_noop("The total has more than twelve digits."))
    if abs(registration.tax_total) > LARGEST_AMOUNT:
        yield Finding(1266, "tax_total", gettext_noop("The total tax has more than twelve digits."))
    if {line.regime_code for line in registration.breakdowns} & _REGIMES_THAT_DO_NOT_ADD_UP:
        return
    tax = sum((line.tax_amount or 0) + (line.surcharge_amount or 0) for line in registration.breakdowns)
    base = sum(line.taxable_amount for line in registration.breakdowns)
    if abs(registration.gross_total - base - tax) > TOLERANCE:
        message = gettext_noop("The total is more than 10 euro away from the sum of the breakdown.")
        yield Finding(2005, "gross_total", message, Severity.WARNING)
    if abs(registration.tax_total - tax) > TOLERANCE:
        message = gettext_noop("The total tax is more than 10 euro away from the sum of the breakdown.")
        yield Finding(2006, "tax_total", message, Severity.WARNING)
