"""The rates, with the days between which they hold. A new rate is a new row; old rows stay for corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.taxes.categories import IGIC, IPSI, IVA, OTHER
from core.money import has_places

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """A percentage of a tax. ``valid_to`` is its last day; None: still in force. ``surcharges`` are the equivalence
    surcharges that may go with it, the ordinary one first."""

    tax: str
    rate: Decimal
    valid_from: date
    valid_to: date | None = None
    surcharges: tuple[Decimal, ...] = ()

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class FreeRate:
    """A tax whose percentages others set: anything between two bounds, with two decimals (AEAT ``Tipo2.2Type``)."""

    tax: str
    lowest: Decimal
    highest: Decimal


def _iva(rate: str, since: date, until: date | None = None, *surcharges: str) -> Rate:
    return Rate(IVA, Decimal(rate), since, until, tuple(map(Decimal, surcharges)))


def _igic(rate: str, since: date) -> Rate:
    return Rate(IGIC, Decimal(rate), since)


RATES = (
    # LIVA arts. 90 and 91 as of RDL 20/2012; surcharges of art. 161: 1.75 is tobacco's.
    _iva("21", date(2012, 9, 1), None, "5.2", "1.75"),
    _iva("10", date(2012, 9, 1), None, "1.4"),
    _iva("4", date(1995, 1, 1), None, "0.5"),
    # Donations to non-profit entities, art. 91.Cuatro; basic food too, from 2023 to September 2024.
    _iva("0", date(2022, 4, 10), None, "0"),
    # Energy, later seed oils and pasta. AEAT 1194, 1167, 1168.
    _iva("5", date(2022, 7, 1), date(2022, 12, 31), "0.5"),
    _iva("5", date(2023, 1, 1), date(2024, 9, 30), "0.62"),
    # RDL 4/2024 art. 1.Dos. AEAT 1235, 1236, 1166, 1169.
    _iva("7.5", date(2024, 10, 1), date(2024, 12, 31), "1"),
    _iva("2", date(2024, 10, 1), date(2024, 12, 31), "0.26"),
    # Ley 4/2012 (Canarias) art. 51, as of 1 January 2020. Its surcharges are for imports only, never on an invoice.
    _igic("0", date(2020, 1, 1)),
    _igic("3", date(2020, 1, 1)),
    _igic("7", date(2020, 1, 1)),
    _igic("9.5", date(2020, 1, 1)),
    _igic("15", date(2020, 1, 1)),
    _igic("20", date(2020, 1, 1)),
    _igic("5", date(2024, 12, 30)),  # in the text consolidated on that day; an earlier start was not verified
)

FREE_RATES = {
    IPSI: FreeRate(IPSI, Decimal("0.5"), Decimal(10)),  # set by the cities' ordinances, Ley 8/1991
    OTHER: FreeRate(OTHER, ZERO, Decimal(100)),
}


def rates_in_force(tax: str, on: date) -> tuple[Rate, ...]:
    """The rates of that day, highest first; none for a tax whose rates are free."""
    found = (rate for rate in RATES if rate.tax == tax and rate.holds(on))
    return tuple(sorted(found, key=lambda rate: -rate.rate))


def find_rate(tax: str, rate: Decimal, on: date) -> Rate | None:
    """The row of that percentage on that day."""
    return next((row for row in RATES if row.tax == tax and row.rate == rate and row.holds(on)), None)


def is_in_force(tax: str, rate: Decimal, on: date) -> bool:
    """Whether an operation of that day may be taxed with that percentage."""
    if free := FREE_RATES.get(tax):
        return free.lowest <= rate <= free.highest and has_places(rate, 2)
    return find_rate(tax, rate, on) is not None


def surcharge_for(tax: str, rate: Decimal, on: date) -> Decimal | None:
    """The ordinary equivalence surcharge that goes with a rate on that day (LIVA art. 161); None: there is none."""
    row = find_rate(tax, rate, on)
    return row.surcharges[0] if row and row.surcharges else None
