"""Rates, tax amounts and the equivalence surcharge of taxed lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import gettext_noop
from verifactu.codes import CorrectionMethod, FiscalType, Tax, TaxCategory
from verifactu.registration import Breakdown, Registration
from verifactu.rules.finding import Finding

TOLERANCE: Final = Decimal(10)
"""Euro by which a tax may differ from base × rate (Validaciones 15.7)."""

_IVA_RATES: Final = frozenset(map(Decimal, ("0", "2", "4", "5", "7.5", "10", "21")))
_TEMPORARY_IVA_RATES: Final = {
    Decimal(5): (date(2022, 7, 1), date(2024, 9, 30), 1194),
    Decimal(2): (date(2024, 10, 1), date(2024, 12, 31), 1235),
    Decimal("7.5"): (date(2024, 10, 1), date(2024, 12, 31), 1236),
}

_ALWAYS: Final = (date.min, date.max)
_UNTIL_OCTOBER_2024: Final = (date(2023, 1, 1), date(2024, 9, 30))
_SURCHARGE_RATES: Final = frozenset(map(Decimal, ("0", "0.26", "0.5", "0.62", "1", "1.4", "1.75", "5.2")))
_SURCHARGES: Final[dict[Decimal, tuple[int, dict[Decimal, tuple[date, date]]]]] = {
    Decimal(21): (1162, {Decimal("5.2"): _ALWAYS, Decimal("1.75"): _ALWAYS}),  # 1.75: tobacco
    Decimal(10): (1163, {Decimal("1.4"): _ALWAYS}),
    Decimal("7.5"): (1169, {Decimal(1): _ALWAYS}),
    Decimal(5): (
        1160,
        {Decimal("0.5"): (date(2022, 7, 1), date(2022, 12, 31)), Decimal("0.62"): _UNTIL_OCTOBER_2024},
    ),
    Decimal(4): (1164, {Decimal("0.5"): _ALWAYS}),
    Decimal(2): (1166, {Decimal("0.26"): _ALWAYS}),
    Decimal(0): (1277, {Decimal(0): _UNTIL_OCTOBER_2024}),
}
"""For each IVA rate the AEAT's code, and the surcharges that go with it and when (LIVA art. 161; Validaciones 15.3).

The text of 1170 lets 0.26 % go with 0 % since October 2024: no law does, and the AEAT's test service answers 1277.
"""
_OUT_OF_SEASON: Final = {
    (Decimal(0), Decimal(0)): 1165,
    (Decimal(5), Decimal("0.5")): 1167,
    (Decimal(5), Decimal("0.62")): 1168,
}


def check(registration: Registration) -> Iterator[Finding]:
    for position, line in enumerate(registration.breakdowns):
        at = f"breakdowns/{position}"
        yield from _percentages(line, at)
        yield from _surcharge(line, at, registration.accrual_date)
        if line.tax_category is TaxCategory.TAXED and line.tax_rate is not None:
            yield from _rate(line, line.tax_rate, at, registration.accrual_date)
            if _amounts_are_checked(registration):
                yield from _tax_amount(line, line.tax_rate, at)


def _percentages(line: Breakdown, at: str) -> Iterator[Finding]:
    for name, rate in (("tax_rate", line.tax_rate), ("surcharge_rate", line.surcharge_rate)):
        if rate is not None and not 0 <= rate <= 100:
            yield Finding(1100, f"{at}/{name}", gettext_noop("A rate is between 0 and 100."))


def _rate(line: Breakdown, rate: Decimal, at: str, accrual_date: date) -> Iterator[Finding]:
    element = f"{at}/tax_rate"
    if line.tax is not Tax.IVA:
        return
    if rate not in _IVA_RATES:
        yield Finding(1124, element, gettext_noop("%(rate)s %% is not a rate of the IVA."), params={"rate": rate})
    first, last, code = _TEMPORARY_IVA_RATES.get(rate, (*_ALWAYS, 0))
    if not first <= accrual_date <= last:
        message = gettext_noop("%(rate)s %% was a rate of the IVA from %(first)s to %(last)s only.")
        yield Finding(code, element, message, params={"rate": rate, "first": first, "last": last})


def _amounts_are_checked(registration: Registration) -> bool:
    by_differences = registration.correction_method is CorrectionMethod.DIFFERENCES
    unpaid = {FiscalType.CORRECTIVE_INSOLVENCY, FiscalType.CORRECTIVE_BAD_DEBT}
    return not by_differences and registration.fiscal_type not in unpaid


def _tax_amount(line: Breakdown, rate: Decimal, at: str) -> Iterator[Finding]:
    at_cost, tax = line.taxable_amount_at_cost, line.tax_amount
    base = line.taxable_amount if at_cost is None else at_cost
    if tax is None:
        return
    element = f"{at}/tax_amount"
    if abs(tax - base * rate / 100) > TOLERANCE:
        code = 1142 if at_cost is None else 1144
        yield Finding(code, element, gettext_noop("The tax is more than 10 euro away from base and rate."))
    if tax * base < 0:
        code = 1143 if at_cost is None else 1140
        yield Finding(code, element, gettext_noop("Tax and base have the same sign."))


def _surcharge(line: Breakdown, at: str, accrual_date: date) -> Iterator[Finding]:
    rate, amount, element = line.surcharge_rate, line.surcharge_amount, f"{at}/surcharge_rate"
    if rate is None and amount is None:
        return
    if rate is None or amount is None:
        yield Finding(1284, element, gettext_noop("A surcharge has both rate and amount."))
    if line.tax_category is not TaxCategory.TAXED:
        yield Finding(1281, element, gettext_noop("Only category S1 has an equivalence surcharge."))
    elif line.tax is Tax.IVA and rate is not None:
        yield from _surcharge_rate(line.tax_rate, rate, element, accrual_date)


def _surcharge_rate(tax_rate: Decimal | None, rate: Decimal, element: str, accrual_date: date) -> Iterator[Finding]:
    if rate not in _SURCHARGE_RATES:
        message = gettext_noop("%(rate)s %% is not a rate of the equivalence surcharge.")
        yield Finding(1127, element, message, params={"rate": rate})
    if tax_rate is None or tax_rate not in _SURCHARGES:
        return
    code, allowed = _SURCHARGES[tax_rate]
    first, last = allowed.get(rate, (date.max, date.min))
    if not first <= accrual_date <= last:
        message = gettext_noop("With an IVA of %(tax_rate)s %% there is no surcharge of %(rate)s %% on that date.")
        params = {"tax_rate": tax_rate, "rate": rate}
        yield Finding(_OUT_OF_SEASON.get((tax_rate, rate), code), element, message, params=params)
