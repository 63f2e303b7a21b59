from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from integrations.fields import (
    DecimalStringField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDateField,
    StrictEmailField,
    StrictSerializer,
    StrictTextField,
    StrictUUIDField,
)
from integrations.parsers import JSONFloat

ID = "0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"
PRICE = DecimalStringField(max_digits=6, decimal_places=2, min_value=Decimal(0), max_value=Decimal(9000))


def code_of(field, value):
    with pytest.raises(ValidationError) as refused:
        field.run_validation(value)
    codes = refused.value.get_codes()
    assert isinstance(codes, list)
    return codes[0]


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        (PRICE, "0", Decimal(0)),
        (PRICE, "9000.00", Decimal(9000)),
        (PRICE, "007.5", Decimal("7.5")),
        (DecimalStringField(max_digits=6, decimal_places=2), "-12.50", Decimal("-12.50")),
        (StrictCharField(max_length=9), "  Peña  ", "Peña"),
        (StrictTextField(), "one\ntwo\tthree", "one\ntwo\tthree"),
        (StrictEmailField(), "compras@example.com", "compras@example.com"),
        (StrictChoiceField(choices=["es", "en"]), "es", "es"),
        (StrictBooleanField(), True, True),
        (StrictDateField(), "2024-02-29", date(2024, 2, 29)),
        (StrictUUIDField(), ID.upper(), UUID(ID)),
        (StrictCharField(allow_null=True), None, None),
        (StrictCharField(allow_blank=True), "", ""),
    ],
)
def test_a_value_as_the_contract_writes_it_is_read(field, value, read):
    assert field.run_validation(value) == read


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (PRICE, 1, "number_not_allowed"),
        (PRICE, 0, "number_not_allowed"),
        (PRICE, JSONFloat("1.50"), "number_not_allowed"),
        (PRICE, True, "string_expected"),
        (PRICE, ["1"], "string_expected"),
        (PRICE, {}, "string_expected"),
        (PRICE, None, "null"),
        (PRICE, "", "invalid_decimal"),
        (PRICE, "1e3", "invalid_decimal"),
        (PRICE, " 1", "invalid_decimal"),
        (PRICE, "1\n", "invalid_decimal"),
        (PRICE, "+1", "invalid_decimal"),
        (PRICE, "1,5", "invalid_decimal"),
        (PRICE, ".5", "invalid_decimal"),
        (PRICE, "5.", "invalid_decimal"),
        (PRICE, "NaN", "invalid_decimal"),
        (PRICE, "Infinity", "invalid_decimal"),
        (PRICE, "1_000", "invalid_decimal"),
        (PRICE, "١٢", "invalid_decimal"),
        (PRICE, "1.234", "max_decimal_places"),
        (PRICE, "1.100", "max_decimal_places"),
        (PRICE, "12345", "max_whole_digits"),
        (PRICE, "-0.01", "min_value"),
        (PRICE, "9000.01", "max_value"),
        (StrictCharField(), 7, "string_expected"),
        (StrictCharField(), JSONFloat("7.0"), "string_expected"),
        (StrictCharField(), False, "string_expected"),
        (StrictCharField(), [], "string_expected"),
        (StrictCharField(), "two\nlines", "control_character"),
        (StrictCharField(), "nul\x00", "control_character"),
        (StrictCharField(), "c1\x85", "control_character"),
        (StrictCharField(), "  ", "blank"),
        (StrictCharField(max_length=3), "four", "max_length"),
        (StrictTextField(), "bell\x07", "control_character"),
        (StrictEmailField(), "no address", "invalid"),
        (StrictEmailField(), 7, "string_expected"),
        (StrictChoiceField(choices=["True", "1"]), True, "string_expected"),
        (StrictChoiceField(choices=["True", "1"]), 1, "string_expected"),
        (StrictChoiceField(choices=["es"]), "fr", "invalid_choice"),
        (StrictBooleanField(), "true", "boolean_expected"),
        (StrictBooleanField(), 1, "boolean_expected"),
        (StrictBooleanField(), None, "null"),
        (StrictDateField(), "20261120", "invalid_date"),
        (StrictDateField(), "2026-W47-5", "invalid_date"),
        (StrictDateField(), "2026-02-30", "invalid_date"),
        (StrictDateField(), "2026-11-20T00:00:00Z", "invalid_date"),
        (StrictDateField(), 20261120, "invalid_date"),
        (StrictUUIDField(), ID.replace("-", ""), "invalid_id"),
        (StrictUUIDField(), f"urn:uuid:{ID}", "invalid_id"),
        (StrictUUIDField(), 5, "invalid_id"),
    ],
)
def test_what_merely_could_be_read_is_refused(field, value, code):
    assert code_of(field, value) == code


def test_a_negative_zero_has_no_sign():
    assert str(DecimalStringField(max_digits=4, decimal_places=2).run_validation("-0.00")) == "0.00"


@given(st.decimals(min_value=-999_999, max_value=999_999, places=4, allow_nan=False))
def test_a_decimal_comes_back_as_it_went_out(value):
    field = DecimalStringField(max_digits=10, decimal_places=4)
    assert field.run_validation(field.to_representation(value)) == value


@pytest.mark.parametrize(
    ("field", "pattern"),
    [
        (PRICE, r"^[0-9]{1,4}(\.[0-9]{1,2})?$"),
        (DecimalStringField(max_digits=3, decimal_places=0), r"^-?[0-9]{1,3}$"),
    ],
)
def test_the_pattern_says_what_is_taken(field, pattern):
    assert field.pattern == pattern


class Child(StrictSerializer):
    name = StrictCharField()


class Parent(StrictSerializer):
    id = StrictUUIDField(read_only=True)
    child = Child(required=False)

    def validate(self, attrs):
        raise ValidationError("No.", code="no")


def codes(serializer):
    assert not serializer.is_valid()
    return {
        name: [getattr(detail, "code", detail) for detail in details] for name, details in serializer.errors.items()
    }


def test_what_only_the_house_may_set_is_unknown_in_a_request():
    assert codes(Parent(data={"id": ID})) == {"id": ["unknown_field"]}


def test_an_object_is_an_object():
    assert codes(Child(data=[])) == {"non_field_errors": ["object_expected"]}
    parent = Parent(data={"child": JSONFloat("1.5")})
    assert not parent.is_valid()
    assert parent.errors["child"]["non_field_errors"][0].code == "object_expected"


def test_the_check_of_the_whole_comes_after_the_names():
    assert codes(Parent(data={})) == {"non_field_errors": ["no"]}
