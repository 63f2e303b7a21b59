"""Rows on the hot path: written and found in few, short statements.

Django's ORM builds and binds each statement anew, value by value; on the way of every issued invoice that was two
thirds of its time. Here a row travels as one JSON document, which PostgreSQL itself turns into columns, and a statement
is built once for each model. Elsewhere the ORM is right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Change:
    """These fields of a row that exists are to be written."""

    row: models.Model
    names: tuple[str, ...]


def changed(row: models.Model, *names: str) -> Change:
    """For ``write``: these fields of ``row``."""
    return Change(row, names)


def write(*rows: models.Model | Change) -> None:
    """Insert new rows and write changed ones, in their order, in one round trip; neighbours of one model share a
    statement.

    Columns that the database fills (identities) stay empty in the objects. Raises what ``save`` raises of the
    database's, and AssertionError where a changed row is not there.
    """
    statements = list(_statements(rows))
    with connection.cursor() as cursor:
        cursor.execute(";".join(sql for sql, _ in statements), [value for _, values in statements for value in values])
        for _ in statements:
            assert cursor.rowcount > 0, "a row that was to be changed is not there"
            cursor.nextset()
    for row in rows:
        if isinstance(row, models.Model):
            row._state.adding, row._state.db = False, connection.alias


def _statements(rows: Iterable[models.Model | Change]) -> Iterator[tuple[str, list[Any]]]:
    for _, group in groupby(rows, key=type):
        same = list(group)
        if isinstance(same[0], Change):
            yield from (_changing(change) for change in same if isinstance(change, Change))
        else:
            model = type(same[0])
            yield _insertion(model), [_json([{name: row.__dict__[name] for name in _columns(model)} for row in same])]


def _changing(change: Change) -> tuple[str, list[Any]]:
    row, model = change.row, type(change.row)
    columns = tuple(_column(model, name) for name in change.names)
    return _change(model, columns), [_json({name: row.__dict__[name] for name in columns}), row.pk]


def find(model: type[Row], **equal: Any) -> Row | None:
    """A row by the values of its columns, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_selection(model, tuple(equal)), tuple(equal.values()))
        values = cursor.fetchone()
    return None if values is None else model.from_db(connection.alias, _all_columns(model), values)


def _json(document: object) -> str:
    return json.dumps(document, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """What JSON has no form for, as PostgreSQL reads it back into the column's type."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


@cache
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    """Every column but the identity; ours are named as their fields."""
    return tuple(field.attname for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))


@cache
def _insertion(model: type[models.Model]) -> str:
    table, columns = _quoted(model._meta.db_table), _listed(_columns(model))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)"  # noqa: S608 - names of our models


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> str:
    table, columns = _quoted(model._meta.db_table), _listed(names)
    return (
        f"UPDATE {table} SET ({columns}) = (SELECT {columns} FROM json_populate_record(NULL::{table}, %s))"  # noqa: S608 - names of our models
        f" WHERE {_quoted(_key(model))} = %s"
    )


@cache
def _selection(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = _listed(_all_columns(model))
    conditions = " AND ".join(f"{_quoted(name)} = %s" for name in names)
    return f"SELECT {columns} FROM {_quoted(model._meta.db_table)} WHERE {conditions} LIMIT 1"  # noqa: S608 - names of our models


@cache
def _all_columns(model: type[models.Model]) -> tuple[str, ...]:
    fields = model._meta.concrete_fields
    assert not any(isinstance(field, models.JSONField) for field in fields), "its values would need converting"
    return tuple(field.attname for field in fields)


@cache
def _column(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.attname)


def _key(model: type[models.Model]) -> str:
    key: Any = model._meta.pk
    return str(key.attname)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
