"""Many rows to PostgreSQL in one statement: an array for each column, for ``unnest``.

Written here, as text: psycopg looks at each element twice to find out how it is to be written, which takes longer than
all else about a row that a worker writes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

Cell = str | int | uuid.UUID | datetime | None


def columns(rows: Iterable[tuple[Cell, ...]]) -> list[str]:
    """An array literal of each column: pass it for ``%s::int[]`` and the like. There must be rows."""
    return [array(column) for column in zip(*rows, strict=True)]


def array(cells: Iterable[Cell]) -> str:
    """``{"a","b",NULL}``: elements in quotes, which all types take (PostgreSQL 8.15.2, input syntax)."""
    return "{" + ",".join(map(_element, cells)) + "}"


def bytea(value: bytes) -> str:
    """A cell of bytes (PostgreSQL 8.4.1)."""
    return "\\x" + value.hex()


def _element(cell: Cell) -> str:
    if cell is None:
        return "NULL"
    text = str(cell)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
