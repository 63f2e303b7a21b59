import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.verifactu.samples import amounts
from verifactu import literals

MADRID, CANARY = ZoneInfo("Europe/Madrid"), ZoneInfo("Atlantic/Canary")


@pytest.mark.parametrize(
    ("value", "written"),
    [("1", "1.00"), ("1.5", "1.50"), ("-121", "-121.00"), ("-0", "0.00"), ("0.000", "0.00"), ("1E+3", "1000.00")],
)
def test_an_amount_has_two_decimals_and_no_plus(value: str, written: str) -> None:
    assert literals.amount(Decimal(value)) == written


def test_an_amount_is_never_rounded_in_silence() -> None:
    with pytest.raises(ValueError, match="more than two decimals"):
        literals.amount(Decimal("1.005"))


@given(value=amounts)
def test_every_amount_is_what_the_schema_takes_and_reads_back_the_same(value: Decimal) -> None:
    assert re.fullmatch(r"-?\d{1,12}\.\d{2}", literals.amount(value))
    assert Decimal(literals.amount(value)) == value


def test_a_date_is_written_the_spanish_way() -> None:
    assert literals.day(date(2026, 1, 9)) == "09-01-2026"


@pytest.mark.parametrize(
    ("instant", "zone", "written"),
    [
        (datetime(2026, 7, 1, 10, 0, 0, 999999, tzinfo=UTC), MADRID, "2026-07-01T12:00:00+02:00"),
        (datetime(2026, 12, 1, 10, 0, 0, tzinfo=UTC), MADRID, "2026-12-01T11:00:00+01:00"),
        (datetime(2026, 12, 1, 10, 0, 0, tzinfo=UTC), CANARY, "2026-12-01T10:00:00+00:00"),
        # The hour that comes twice when summer time ends: only the offset tells which one it was.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), MADRID, "2026-10-25T02:30:00+02:00"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), MADRID, "2026-10-25T02:30:00+01:00"),
        # Year end in the Canaries comes an hour later than in Madrid.
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), MADRID, "2027-01-01T00:30:00+01:00"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), CANARY, "2026-12-31T23:30:00+00:00"),
        (datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), CANARY, "2026-12-31T23:59:59+00:00"),
        (datetime(2026, 12, 31, 22, 59, 59, 999999, tzinfo=UTC), MADRID, "2026-12-31T23:59:59+01:00"),
        # Both change at the same instant, an hour apart on the clock; the hour that does not exist is never written.
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), MADRID, "2026-03-29T01:59:59+01:00"),
        (datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), MADRID, "2026-03-29T03:00:00+02:00"),
        (datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), CANARY, "2026-03-29T02:00:00+01:00"),
        (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), CANARY, "2026-10-25T01:59:59+01:00"),
        (datetime(2026, 10, 25, 1, 0, 0, tzinfo=UTC), CANARY, "2026-10-25T01:00:00+00:00"),
    ],
)
def test_a_time_carries_the_offset_of_the_territory_and_no_fraction(
    instant: datetime, zone: ZoneInfo, written: str
) -> None:
    assert literals.timestamp(instant, zone) == written


def test_text_is_trimmed_as_java_trims() -> None:
    assert literals.text(" \t\n12345678 / G33 \x00") == "12345678 / G33"
    assert literals.text("\u00a0x") == "\u00a0x"
