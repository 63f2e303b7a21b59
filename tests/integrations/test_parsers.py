import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unreadable
from integrations.parsers import MAX_DEPTH, JSONFloat, parse_object


def code_of(body):
    with pytest.raises(Unreadable) as refused:
        parse_object(body if isinstance(body, bytes) else body.encode())
    return refused.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "body_not_json"),
        ("{", "body_not_json"),
        ("{'a': 1}", "body_not_json"),
        ('{"a": 1,}', "body_not_json"),
        ('{"a": NaN}', "body_not_json"),
        ('{"a": Infinity}', "body_not_json"),
        ('{"a": -Infinity}', "body_not_json"),
        ('{"a": "\n"}', "body_not_json"),
        ('\ufeff{"a": 1}', "body_not_json"),
        (b'{"a": "\xf1"}', "body_not_utf8"),
        ("[]", "body_not_an_object"),
        ("null", "body_not_an_object"),
        ('"x"', "body_not_an_object"),
        ('{"a": 1, "a": 1}', "duplicate_name"),
        ('{"a": [{"b": 1, "c": 2, "b": 3}]}', "duplicate_name"),
        (r'{"a": 1, "\u0061": 2}', "duplicate_name"),
        (r'{"a": "x\u0000y"}', "character_not_allowed"),
        (r'{"a\u0000": 1}', "character_not_allowed"),
        (r'{"a": ["\ud83d"]}', "character_not_allowed"),
        (r'{"a": "\uDE00\uD83D"}', "character_not_allowed"),
        ('{"a": ' + "9" * 5000 + "}", "number_too_long"),
        ('{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "body_too_deep"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "body_too_deep"),
        ('{"a":' * MAX_DEPTH + "{}" + "}" * MAX_DEPTH, "body_too_deep"),
    ],
    ids=range(24),
)
def test_what_cannot_be_read_one_way_only_is_refused(body, code):
    assert code_of(body) == code


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (r'{"a": "\ud83d\ude00"}', {"a": "😀"}),
        (r'{"a": "\\u0000"}', {"a": r"\u0000"}),
        (r'{"a": "\\\\ud83d"}', {"a": r"\\ud83d"}),
        ('{"a": ' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}", None),
        ("{}", {}),
    ],
)
def test_what_only_looks_suspicious_is_read(body, value):
    assert parse_object(body.encode()) == (json.loads(body) if value is None else value)


@pytest.mark.parametrize("literal", ["1.0", "1.00", "-0.5", "1e3", "1E-2"])
def test_numbers_with_a_fraction_keep_their_text_and_are_told_from_strings(literal):
    (value,) = parse_object(f'{{"a": {literal}}}'.encode()).values()
    assert isinstance(value, JSONFloat)
    assert value == literal


def test_a_fault_says_where_the_body_breaks():
    with pytest.raises(Unreadable, match="line 2, column 8"):
        parse_object(b'{\n  "a": ?}')


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4), st.booleans())
def test_all_other_json_is_read_as_it_is(value, ascii_only):
    assert parse_object(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60))
def test_no_bytes_make_the_parser_fail(body):
    value = None
    with contextlib.suppress(Unreadable):
        value = parse_object(body)
    assert value is None or isinstance(value, dict)
