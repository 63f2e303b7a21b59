from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import has_places, plain, round_half_up

amounts = st.decimals(-(10**12), 10**12, places=8, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.125", "0.13"),
        ("0.135", "0.14"),
        ("-0.125", "-0.13"),
        ("0.1249999", "0.12"),
        ("7", "7.00"),
        ("-0.001", "0.00"),
    ],
)
def test_halves_go_away_from_zero(amount, expected):
    assert str(round_half_up(Decimal(amount))) == expected


@given(amounts, st.integers(0, 8))
def test_rounding_is_never_more_than_half_a_step_away(amount, places):
    assert abs(Fraction(round_half_up(amount, places=places)) - Fraction(amount)) <= Fraction(1, 2 * 10**places)


@given(amounts)
def test_a_negative_amount_is_the_mirror_of_the_positive(amount):
    assert round_half_up(-amount) == -round_half_up(amount)


@given(amounts)
def test_rounding_twice_changes_nothing(amount):
    assert round_half_up(round_half_up(amount)) == round_half_up(amount)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1E+3", "1000"),
        ("0.00000001", "0.00000001"),
        ("-0.00", "0.00"),
        ("-0", "0"),
        ("12.50", "12.50"),
        ("-3.1", "-3.1"),
    ],
)
def test_amounts_are_written_plainly(amount, expected):
    assert plain(Decimal(amount)) == expected


@given(amounts)
def test_what_is_written_plainly_reads_back_the_same(amount):
    assert Decimal(plain(amount)) == amount


@pytest.mark.parametrize(
    ("value", "places", "expected"), [("21.500", 1, True), ("21.55", 1, False), ("21", 0, True), ("-0.001", 2, False)]
)
def test_places_are_those_that_matter(value, places, expected):
    assert has_places(Decimal(value), places) is expected
