"""Legal numbers: correlative in each series, without gap or repeat, with dates that never go back.

RD 1619/2012 art. 6.1.a. The number is taken inside the transaction that issues: what rolls back, gives it back.
"""

from __future__ import annotations

import re
import uuid
from datetime import date

from django.db import connection

from billing.models import Series
from core.errors import Conflict, Fault, gettext_noop
from integrations.locks import lock_number

_FORMAT = re.compile(r"(?:[ !#-&(-;?-z|~]|\{code\}|\{year\}|\{number(?::0\d{1,2}d)?\}){1,40}")
_TOUCHING = re.compile(r"[0-9}]\{|\}[0-9]")
_COUNTED = re.compile(r"\{(?:year|number(?::0\d{1,2}d)?)\}")
_DIGITS = "<"  # stands for digits that vary: neither a code nor a format may contain it

# One statement counts: the conflicting row is locked, and the date is compared under that lock. A later year's counter
# means that the date goes back, even though that year's own numbers would not.
# The advisory lock makes the queue fair, which a row lock is not. Both statements travel together, and two they must
# be: READ COMMITTED takes a snapshot per statement, and the second has to see what was committed while we waited.
_TAKE = """
    SELECT pg_advisory_xact_lock(%(lock)s);
    INSERT INTO billing_seriescounter AS counter (series_id, fiscal_year, last_number, last_date)
    SELECT %(series)s, %(year)s,
           CASE WHEN EXISTS (SELECT 1 FROM billing_seriescounter WHERE series_id = %(series)s)
                THEN 1 ELSE %(first)s END,
           %(date)s
    WHERE NOT EXISTS (SELECT 1 FROM billing_seriescounter WHERE series_id = %(series)s AND fiscal_year > %(year)s)
    ON CONFLICT (series_id, fiscal_year) DO UPDATE
        SET last_number = counter.last_number + 1, last_date = EXCLUDED.last_date
        WHERE counter.last_date <= EXCLUDED.last_date
    RETURNING last_number
"""


class IssueDateGoesBack(Conflict):
    """A later invoice of the series is already issued, on ``last_date``."""

    def __init__(self, series: Series, last_date: date) -> None:
        self.last_date = last_date
        super().__init__(
            "issue_date_before_last",
            gettext_noop("Series %(series)s has an invoice of %(date)s; dates never go back in a series."),
            params={"series": series.code, "date": last_date.isoformat()},
        )


def fiscal_year_of(series: Series, issue_date: date) -> int:
    """The year whose numbers are used; 0 in a series that never starts again."""
    return issue_date.year if series.yearly else 0


def format_number(series: Series, *, number: int, issue_date: date) -> str:
    """The number as printed (BT-1, ``NumSerieFactura``)."""
    return series.number_format.format(code=series.code, year=issue_date.year, number=number)


def check_number_format(number_format: str, *, yearly: bool) -> list[Fault]:
    """What is wrong with a series' format: it must name the series, the number and (if it starts again) the year, in
    the AEAT's characters, and keep them apart; else two invoices would print the same number."""
    needed = ["{code}", "{number"] + ["{year}"] * yearly
    is_known = _FORMAT.fullmatch(number_format) and not _TOUCHING.search(number_format)
    if is_known and all(part in number_format for part in needed):
        return []
    message = gettext_noop(
        "The format must contain {code}, {number} (or {number:05d}) and, if the series starts again each year, {year},"
        " kept apart by something that is no digit; besides them only printable ASCII without \" ' < > =."
    )
    return [Fault("number_format_wrong", message, pointer="#/number_format")]


def may_print_the_same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two series, each a code and a format, could print the same number (RD 1619/2012 art. 6.1.a).

    A printed number falls into runs of digits and runs of everything else. What varies is a whole run of digits, since
    formats keep it apart: so two series differ for sure when they differ in a run that varies in neither.
    """
    runs, others = _runs(*one), _runs(*other)
    return len(runs) == len(others) and all(map(_may_equal, runs, others))


def _runs(code: str, number_format: str) -> list[str]:
    printed = _COUNTED.sub(_DIGITS, number_format).replace("{code}", code)
    return re.findall(rf"{_DIGITS}|\d+|[^{_DIGITS}\d]+", printed)


def _may_equal(run: str, other: str) -> bool:
    varies = _DIGITS in {run, other}
    return run == other or (varies and all(part == _DIGITS or part.isdigit() for part in (run, other)))


def take_next_number(series: Series, *, issue_date: date) -> int:
    """Take the series' next number; the last thing that an issuing transaction waits for.

    Raises IssueDateGoesBack when a later invoice of the series is already issued.
    """
    parameters: dict[str, uuid.UUID | int | date] = {
        "series": series.id,
        "year": fiscal_year_of(series, issue_date),
        "first": series.first_number,
        "date": issue_date,
        "lock": lock_number("series", series.id),
    }
    assert connection.in_atomic_block, "what rolls back must give its number back"
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, parameters)
        cursor.nextset()
        row = cursor.fetchone()
    if row is None:
        last_date = series.counters.latest("last_date").last_date
        raise IssueDateGoesBack(series, last_date)
    return int(row[0])


def peek_next_number(series: Series, *, issue_date: date) -> str:
    """The number that the next invoice would get now; nobody is promised it."""
    counter = series.counters.filter(fiscal_year=fiscal_year_of(series, issue_date)).first()
    if counter:
        number = counter.last_number + 1
    else:
        number = 1 if series.counters.exists() else series.first_number
    return format_number(series, number=number, issue_date=issue_date)
