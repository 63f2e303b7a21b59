"""Decimals as people type them, in Spanish or English, never guessed at."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

_BLANKS = re.compile(r"[\s\u00a0\u202f]")


class AmbiguousNumberError(ValueError):
    """It can be read in two ways: 1.500 is 1500 to one and 1,5 to another."""


class TypedDecimalField(forms.DecimalField):
    """Takes 1234,5, 1234.5, 1.234,50 and 1,234.50. A lone separator that is not the language's own, followed by three
    digits, is refused: it may be a thousand or a unit and a half."""

    default_error_messages = {"ambiguous": _("“%(text)s” can be read in two ways: write it without thousands.")}
    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "co-input co-number"}
        super().__init__(**{"localize": True, "widget": forms.TextInput(attrs=attrs), **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = plain_number(value, decimal_mark=str(get_format("DECIMAL_SEPARATOR")))
            except AmbiguousNumberError as error:
                message = self.error_messages["ambiguous"]
                raise forms.ValidationError(message, code="ambiguous", params={"text": value}) from error
        return super().to_python(value)


def plain_number(text: str, *, decimal_mark: str) -> str:
    """``text`` with a point for its decimals and nothing between thousands; what is no number stays as it is.

    Raises AmbiguousNumberError.
    """
    text = _BLANKS.sub("", text)
    marks = re.findall("[.,]", text)
    if not marks:
        return text
    last, other = marks[-1], "," if marks[-1] == "." else "."
    if len(set(marks)) == 2:
        return text.replace(other, "").replace(last, ".") if _groups(text.rpartition(last)[0], other) else text
    if len(marks) > 1:
        return text.replace(last, "") if _groups(text, last) else text
    if last != decimal_mark and re.fullmatch(r"-?[1-9]\d{0,2}[.,]\d{3}", text):
        raise AmbiguousNumberError(text)
    return text.replace(last, ".")


def _groups(text: str, mark: str) -> bool:
    return re.fullmatch(rf"-?\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", text) is not None
