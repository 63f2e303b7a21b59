"""By when a correction must be made, and since when it may be. Pure dates; the law's articles beside them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date

from core.errors import gettext_noop

KINDS = ("not_before", "not_after")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day and what it means: ``not_before`` or ``not_after``. ``message`` is an English template."""

    code: str
    kind: str
    on: date
    basis: str
    message: str


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last (Código Civil art. 5); at most the last day there is."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_to_correct(accrual_date: date, event_date: date | None) -> date:
    """Four years since the tax accrued or, where something happened later (LIVA art. 80), since that."""
    return months_later(max(accrual_date, event_date or accrual_date), 48)


def first_day_for_bad_debt(accrual_date: date) -> date:
    """Nobody may call a debt bad before six months; whose turnover exceeds 6,010,121.04 € waits a year."""
    return months_later(accrual_date, 6)


def deadlines_of(
    reason: str, *, accrual_date: date, event_date: date | None = None, issue_date: date | None = None
) -> list[Deadline]:
    """The days that matter to a correction of this reason. ``event_date`` is, for an insolvency (R2), the day on which
    it was published in the BOE; ``issue_date`` that of the correction, or the day on which it is thought of."""
    days = [
        Deadline(
            "four_years",
            "not_after",
            last_day_to_correct(accrual_date, event_date),
            "RD 1619/2012 art. 15.3; LIVA art. 89.Uno",
            gettext_noop("Nothing can be corrected after four years."),
        )
    ]
    if reason == "R2" and event_date:
        days.append(
            Deadline(
                "insolvency",
                "not_after",
                months_later(event_date, 3),
                "LIVA art. 80.Tres; TRLC art. 28.1.5.º",
                gettext_noop("Two months after the month in which creditors make their claims known."),
            )
        )
    if reason == "R3":
        days += _bad_debt(accrual_date)
    if reason in {"R2", "R3"} and issue_date:
        days.append(
            Deadline(
                "aeat_notice",
                "not_after",
                months_later(issue_date, 1),
                "RIVA art. 24.2.a).2.º",
                gettext_noop("The AEAT must be told, electronically, within a month of issuing the correction."),
            )
        )
    return days


def _bad_debt(accrual_date: date) -> list[Deadline]:
    basis = "LIVA art. 80.Cuatro"
    return [
        Deadline(
            "bad_debt_six_months",
            "not_before",
            first_day_for_bad_debt(accrual_date),
            basis,
            gettext_noop("Six months must have passed, where the seller's turnover is at most 6,010,121.04 €."),
        ),
        Deadline(
            "bad_debt_a_year",
            "not_before",
            months_later(accrual_date, 12),
            basis,
            gettext_noop("A year must have passed, where the seller's turnover is higher."),
        ),
        Deadline(
            "bad_debt",
            "not_after",
            months_later(accrual_date, 18),
            basis,
            gettext_noop("Six months after that year; six months earlier for whoever counts from six months."),
        ),
    ]
