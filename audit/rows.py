"""Rows on the hot path: written and found in few, short statements.

Django's ORM builds and binds each statement anew, value by value; on the way of every issued invoice that was two
thirds of its time. Here a row travels as one JSON document, which PostgreSQL itself turns into columns, and a statement
is built once for each model. Elsewhere the ORM is right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


def insert(*rows: models.Model) -> None:
    """Insert new rows, in their order, in one round trip; neighbours of one model share a statement.

    Columns that the database fills (identities) stay empty in the objects. Raises what ``save(force_insert=True)``
    raises.
    """
    statements, documents = [], []
    for model, group in groupby(rows, key=type):
        columns = _columns(model)
        statements.append(_insertion(model))
        documents.append(_json([{name: row.__dict__[name] for name in columns} for row in group]))
    with connection.cursor() as cursor:
        cursor.execute(";".join(statements), documents)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def update(row: models.Model, *names: str) -> None:
    """Write these fields of a row that exists. Raises what ``save(update_fields=names)`` raises of the database's."""
    columns = tuple(row._meta.get_field(name).attname for name in names)  # type: ignore[union-attr]  # plain columns
    document = _json({name: row.__dict__[name] for name in columns})
    with connection.cursor() as cursor:
        cursor.execute(_change(type(row), columns), [document, row.pk])
        assert cursor.rowcount == 1, f"{row!r} is not there to be changed"


def find(model: type[Row], **equal: object) -> Row | None:
    """A row by the values of its columns, or None."""
    found = model._base_manager.raw(_selection(model, tuple(equal)), tuple(equal.values()))
    return next(iter(found), None)


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
    columns = _listed(tuple(field.attname for field in model._meta.concrete_fields))
    conditions = " AND ".join(f"{_quoted(name)} = %s" for name in names)
    return f"SELECT {columns} FROM {_quoted(model._meta.db_table)} WHERE {conditions} LIMIT 1"  # noqa: S608 - names of our models


def _key(model: type[models.Model]) -> str:
    key: Any = model._meta.pk
    return str(key.attname)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
