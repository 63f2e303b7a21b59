"""Serializer fields that take a value as the contract writes it, and nothing that merely could be read as one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NoReturn

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.settings import api_settings

from core.money import plain
from integrations.parsers import JSONFloat

_NUMBER = _('Send a decimal string such as "12.50": JSON numbers are refused, since programs read them as floats.')
_STRING = _("Must be a string.")


class DecimalStringField(serializers.Field[Decimal, str, str, Decimal]):
    """A decimal written as a string: ``"1234.50"``, ``"-3"``. ``min_value`` and ``max_value`` are inclusive.

    Refuses JSON numbers, signs other than a leading minus, exponents, spaces and more digits than the column has.
    """

    default_error_messages = {
        "number_not_allowed": _NUMBER,
        "string_expected": _STRING,
        "invalid_decimal": _('Must be a decimal such as "1234.50" or "-3".'),
        "max_whole_digits": _("At most {limit} digits before the point."),
        "max_decimal_places": _("At most {limit} decimals."),
        "min_value": _("Must be at least {limit}."),
        "max_value": _("Must be at most {limit}."),
    }

    def __init__(
        self,
        *,
        max_digits: int,
        decimal_places: int,
        min_value: Decimal | None = None,
        max_value: Decimal | None = None,
        **kwargs: Any,
    ) -> None:
        self.whole_digits, self.decimal_places = max_digits - decimal_places, decimal_places
        self.min_value, self.max_value = min_value, max_value
        super().__init__(**kwargs)

    @property
    def pattern(self) -> str:
        """What the schema shows."""
        sign = "" if self.min_value is not None and self.min_value >= 0 else "-?"
        decimals = rf"(\.[0-9]{{1,{self.decimal_places}}})?" if self.decimal_places else ""
        return rf"^{sign}[0-9]{{1,{self.whole_digits}}}{decimals}$"

    def to_internal_value(self, data: object) -> Decimal:
        value = self._decimal(data)
        self._check_digits(str(data))
        if self.min_value is not None and value < self.min_value:
            self.fail("min_value", limit=plain(self.min_value))
        if self.max_value is not None and value > self.max_value:
            self.fail("max_value", limit=plain(self.max_value))
        return value

    def to_representation(self, value: Decimal) -> str:
        return plain(value)

    def _decimal(self, data: object) -> Decimal:
        if isinstance(data, JSONFloat) or (isinstance(data, int) and not isinstance(data, bool)):
            self.fail("number_not_allowed")
        if not isinstance(data, str):
            self.fail("string_expected")
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", data):
            self.fail("invalid_decimal")
        return abs(Decimal(data)) if not Decimal(data) else Decimal(data)

    def _check_digits(self, text: str) -> None:
        whole, _point, decimals = text.lstrip("-").partition(".")
        if len(whole) > self.whole_digits:
            self.fail("max_whole_digits", limit=self.whole_digits)
        if len(decimals) > self.decimal_places:
            self.fail("max_decimal_places", limit=self.decimal_places)


class TextOnlyField(serializers.CharField):
    """Text of printable characters: Django REST framework's own field makes strings of numbers and booleans."""

    default_error_messages = {
        "string_expected": _STRING,
        "control_character": _("Control characters are not allowed."),
    }
    forbidden = r"\u0000-\u001f\u007f-\u009f"

    @property
    def pattern(self) -> str:
        """What the schema shows."""
        return f"^[^{self.forbidden}]*$"

    def run_validation(self, data: object = serializers.empty) -> Any:
        # The parent's checks of blanks come first there, and would take a number for its text.
        if data not in (serializers.empty, None) and (isinstance(data, JSONFloat) or not isinstance(data, str)):
            self.fail("string_expected")
        return super().run_validation(data)

    def to_internal_value(self, data: str) -> str:
        if re.search(f"[{self.forbidden}]", data):
            self.fail("control_character")
        return super().to_internal_value(data)


class StrictCharField(TextOnlyField):
    """One line of text, trimmed."""


class StrictTextField(TextOnlyField):
    """Text of several lines, trimmed: tabs and line ends are allowed."""

    forbidden = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"


class StrictEmailField(TextOnlyField, serializers.EmailField):
    """An e-mail address."""


class StrictChoiceField(serializers.ChoiceField):
    """One of the named strings, written exactly so."""

    default_error_messages = {"string_expected": _STRING}

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str) or isinstance(data, JSONFloat):
            self.fail("string_expected")
        return str(super().to_internal_value(data))


class StrictBooleanField(serializers.BooleanField):
    """``true`` or ``false``; not ``"true"``, ``1`` or ``"yes"``."""

    default_error_messages = {"boolean_expected": _("Must be true or false.")}

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("boolean_expected")
        return data


class StrictDateField(serializers.DateField):
    """``YYYY-MM-DD``; not the week or basic forms of ISO 8601, nor an instant."""

    default_error_messages = {"invalid_date": _("Must be a date: YYYY-MM-DD.")}

    def to_internal_value(self, data: object) -> date:
        if not isinstance(data, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", data):
            self.fail("invalid_date")
        try:
            return date.fromisoformat(data)
        except ValueError:
            self.fail("invalid_date")


class StrictInstantField(serializers.DateTimeField):
    """An instant with its offset, RFC 3339: ``2026-12-31T23:59:30+01:00``."""

    default_error_messages = {"invalid_instant": _("Must be an instant with its offset: 2026-12-31T23:59:30+01:00.")}

    def to_internal_value(self, data: object) -> datetime:
        form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
        if not isinstance(data, str) or not re.fullmatch(form, data):
            self.fail("invalid_instant")
        try:
            return datetime.fromisoformat(data).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid_instant")


class StrictIntegerField(serializers.IntegerField):
    """A whole number of JSON; not ``"3"``, ``3.0`` or ``true``."""

    default_error_messages = {"integer_expected": _("Must be a whole number.")}

    def to_internal_value(self, data: object) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("integer_expected")
        return data


class StrictUUIDField(serializers.UUIDField):
    """An identifier in its usual form of 36 characters."""

    default_error_messages = {"invalid_id": _("Must be an identifier such as 0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70.")}

    def to_internal_value(self, data: object) -> uuid.UUID:
        if not isinstance(data, str) or not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", data):
            self.fail("invalid_id")
        return uuid.UUID(data)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer for which unknown names are faults; they are listed together with all others."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            self._refuse_other_types()
        faults: dict[str, Any] = dict(self._unknown(data))
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**faults, **_as_dict(error)}) from error
        if faults:
            raise ValidationError(faults)
        return value

    def _refuse_other_types(self) -> NoReturn:
        detail = ErrorDetail(gettext("Must be an object."), code="object_expected")
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [detail]})

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(field.field_name or "" for field in self._writable_fields)

    def _unknown(self, data: Mapping[str, object]) -> dict[str, list[ErrorDetail]]:
        detail = ErrorDetail(gettext("There is no such field."), code="unknown_field")
        return {name: [detail] for name in data if name not in self._known}


class EmptyRequest(StrictSerializer):
    """No content."""


def _as_dict(error: ValidationError) -> dict[str, Any]:
    detail = error.detail
    return detail if isinstance(detail, dict) else {api_settings.NON_FIELD_ERRORS_KEY: detail}
