"""What business customers withhold on account of the seller's income tax. It lowers what is due, not the total."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import Fault, gettext_noop
from core.money import plain

ALL = frozenset({"mainland", "canary", "ceuta", "melilla"})
CEUTA_MELILLA = frozenset({"ceuta", "melilla"})
CANARY = frozenset({"canary"})


@dataclass(frozen=True, slots=True)
class Withholding:
    """A percentage of the income without VAT, its legal source, and where and when it holds (both days included)."""

    percent: Decimal
    source: str
    valid_from: date
    valid_to: date | None = None
    territories: frozenset[str] = ALL

    def holds(self, territory: str, on: date) -> bool:
        return (
            territory in self.territories and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)
        )


_JULY_2015 = date(2015, 7, 12)  # RDL 9/2015
_REDUCED_SINCE = date(2018, 12, 23)  # RD 1461/2018 brought LIRPF's reduction of 60 % into the regulation
_LA_PALMA = (date(2022, 1, 1), date(2025, 12, 31), CANARY)  # LIRPF DA 57ª, last extended by RDL 13/2025

WITHHOLDINGS = (
    Withholding(Decimal(24), "RIRPF 101.1: image rights", date(2007, 1, 1)),
    Withholding(Decimal(19), "RIRPF 100, 101.2: urban leases and the like; also corporate tax", date(2016, 1, 1)),
    Withholding(Decimal(15), "RIRPF 95.1, 101.2: professionals, intellectual property", _JULY_2015),
    Withholding(Decimal(7), "RIRPF 95.1, 101.2: new professionals, certain groups", _JULY_2015),
    Withholding(Decimal(2), "RIRPF 95.4, 95.5: farming, livestock, forestry", date(2007, 1, 1)),
    Withholding(Decimal(1), "RIRPF 95.4, 95.6: pigs and poultry, businesses taxed by modules", date(2007, 1, 1)),
    # 60 % less in Ceuta and Melilla (RIRPF 95.1, 100), and for a time in La Palma.
    Withholding(Decimal("7.6"), "RIRPF 100: urban leases, reduced", _REDUCED_SINCE, None, CEUTA_MELILLA),
    Withholding(Decimal(6), "RIRPF 95.1: professionals, reduced", _REDUCED_SINCE, None, CEUTA_MELILLA),
    Withholding(Decimal("2.8"), "RIRPF 95.1: new professionals, reduced", _REDUCED_SINCE, None, CEUTA_MELILLA),
    Withholding(Decimal("7.6"), "RIRPF 100: urban leases, La Palma", *_LA_PALMA),
    Withholding(Decimal(6), "RIRPF 95.1: professionals, La Palma", *_LA_PALMA),
    Withholding(Decimal("2.8"), "RIRPF 95.1: new professionals, La Palma", *_LA_PALMA),
)


def withholdings_in_force(territory: str, on: date) -> tuple[Withholding, ...]:
    """What may be withheld from a seller established there, highest first."""
    found = (row for row in WITHHOLDINGS if row.holds(territory, on))
    return tuple(sorted(found, key=lambda row: -row.percent))


def check_withholding(percent: Decimal, *, territory: str, on: date) -> list[Fault]:
    """What is wrong with a withholding; 0 is none. Whether the buyer must withhold is the caller's knowledge."""
    rows = withholdings_in_force(territory, on)
    if percent == 0 or any(row.percent == percent for row in rows):
        return []
    message = gettext_noop("No withholding of %(percent)s %% is in force on %(date)s: %(percents)s.")
    percents = ", ".join(plain(row.percent) for row in rows)
    params = {"percent": plain(percent), "date": on.isoformat(), "percents": percents}
    return [Fault("withholding_not_in_force", message, "#/withholding_percent", params=params)]
