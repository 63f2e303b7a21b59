"""Array literals against PostgreSQL itself, which must read what was meant."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from integrations.arrays import array, bytea, columns

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


def read(literal: str, kind: str) -> list:
    with connection.cursor() as cursor:
        return cursor.execute(f"SELECT %s::{kind}[]", [literal]).fetchone()[0]


@pytest.mark.django_db
@given(st.lists(st.none() | texts | st.sampled_from(["NULL", "", " ", '"', "\\", '\\"', "{a,b}", "%s"])))
def test_any_text_arrives_as_it_is(said: list) -> None:
    assert read(array(said), "text") == said


@pytest.mark.django_db
@given(st.lists(st.none() | st.binary()))
def test_any_bytes_arrive_as_they_are(said: list) -> None:
    found = read(array(None if one is None else bytea(one) for one in said), "bytea")
    assert [None if one is None else bytes(one) for one in found] == said


@pytest.mark.django_db
@given(st.lists(st.tuples(st.uuids(), st.none() | st.integers(-(2**31), 2**31 - 1), st.none() | moments), min_size=1))
def test_rows_arrive_as_columns(rows: list[tuple[uuid.UUID, int | None, datetime | None]]) -> None:
    ids, numbers, times = columns(rows)
    assert list(zip(read(ids, "uuid"), read(numbers, "int"), read(times, "timestamptz"), strict=True)) == rows
