"""Numbers as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.utils import translation
from django.utils.formats import number_format
from hypothesis import given
from hypothesis import strategies as st

from audit.admin.numbers import AmbiguousNumberError, TypedDecimalField, plain_number

SPANISH, ENGLISH = ",", "."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1234", "1234"),
        ("1234,5", "1234.5"),
        ("1234.5", "1234.5"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("12.345.678,9", "12345678.9"),
        ("-3", "-3"),
        ("-1.234,5", "-1234.5"),
        ("0.500", "0.500"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("33.335,1", "33335.1"),
        ("1234.567", "1234.567"),
    ],
)
@pytest.mark.parametrize("mark", [SPANISH, ENGLISH])
def test_both_ways_of_writing_are_understood(typed: str, meant: str, mark: str):
    assert plain_number(typed, decimal_mark=mark) == meant


@pytest.mark.parametrize(("typed", "mark"), [("1.500", SPANISH), ("1,500", ENGLISH), ("-12.345", SPANISH)])
def test_what_can_be_read_in_two_ways_is_never_guessed(typed: str, mark: str):
    with pytest.raises(AmbiguousNumberError):
        plain_number(typed, decimal_mark=mark)


@pytest.mark.parametrize(("typed", "mark"), [("1,500", SPANISH), ("1.500", ENGLISH)])
def test_the_languages_own_mark_is_always_the_decimals(typed: str, mark: str):
    assert plain_number(typed, decimal_mark=mark) == "1.500"


@pytest.mark.parametrize("typed", ["1.23,4.5", "1.2345,6", "abc", "1,,2", "12.34.56"])
def test_what_is_no_number_stays_what_it_is_and_is_refused(typed: str):
    assert plain_number(typed, decimal_mark=SPANISH) == typed
    with translation.override("es"), pytest.raises(forms.ValidationError):
        TypedDecimalField().clean(typed)


@given(
    number=st.decimals(min_value=-999_999, max_value=999_999, places=2),
    language=st.sampled_from(["es", "en"]),
    grouped=st.booleans(),
)
def test_what_the_house_writes_it_reads_back(number: Decimal, language: str, grouped: bool):
    with translation.override(language):
        written = number_format(number, decimal_pos=2, force_grouping=grouped)
        assert TypedDecimalField().clean(written) == number
