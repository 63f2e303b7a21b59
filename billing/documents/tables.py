"""Tables of words and figures: columns as wide as their figures need, decimal marks in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.documents import formatting
from billing.documents.words import Words

# The type of the tables: all digits have one width, and so has the mark between them (see fonts/README.md).
TYPE_PT = Decimal("8.5")
DIGIT_PT = Decimal("5.1")
MARK_PT = Decimal("2.31")
MM_PER_PT = Decimal("0.3528")
MM_PER_CHARACTER = Decimal("1.62")
COLUMN_GAP = Decimal(5)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, set flush right; ``indent`` points keep its decimal mark under those of its column."""

    text: str
    indent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures."""

    title: str
    cells: tuple[Cell, ...]

    @property
    def width(self) -> Decimal:
        """As wide as its widest cell, in millimetres."""
        characters = max(len(text) for text in (self.title, *(cell.text for cell in self.cells)))
        indent = max((cell.indent for cell in self.cells), default=Decimal(0))
        return characters * MM_PER_CHARACTER + indent * MM_PER_PT + COLUMN_GAP


@dataclass(frozen=True, slots=True)
class Row:
    """Words on the left, figures on the right."""

    label: str
    detail: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A column's title and its width in millimetres."""

    title: str
    width: Decimal


@dataclass(frozen=True, slots=True)
class Table:
    """Words, with figures beside them, in a type that lets all of it in."""

    label: Head
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    type_size: Decimal


@dataclass(frozen=True, slots=True)
class Measure:
    """How wide a table is, and what its words need at least, in millimetres."""

    whole: Decimal
    words: Decimal


def column(title: str, cells: Iterable[str]) -> Column:
    return Column(title, tuple(Cell(text) for text in cells))


def aligned(title: str, values: Sequence[Decimal], words: Words, *, least: int = 0) -> Column:
    """Figures with as many decimals as each needs, their decimal marks in one line."""
    needed = [formatting.places_needed([value], least=least) for value in values]
    most = max(needed, default=0)
    cells = (
        Cell(formatting.number(value, words, places=places), _indent(places, most))
        for value, places in zip(values, needed, strict=True)
    )
    return Column(title, tuple(cells))


def _indent(places: int, most: int) -> Decimal:
    return (most - places) * DIGIT_PT + (MARK_PT if most and not places else 0)


def table(title: str, labels: Sequence[tuple[str, str]], columns: Sequence[Column], measure: Measure) -> Table:
    """Columns side by side; figures in the billions make the type smaller, since a figure cannot be broken."""
    natural = sum((column.width for column in columns), Decimal(0))
    scale = min(Decimal(1), (measure.whole - measure.words) / natural)
    figures = zip(*(_scaled(column.cells, scale) for column in columns), strict=True)
    return Table(
        Head(title, _hundredths(measure.whole - natural * scale)),
        tuple(Head(column.title, _hundredths(column.width * scale)) for column in columns),
        tuple(Row(label, detail, cells) for (label, detail), cells in zip(labels, figures, strict=True)),
        _hundredths(TYPE_PT * scale),
    )


def _scaled(cells: Iterable[Cell], scale: Decimal) -> list[Cell]:
    return [Cell(cell.text, _hundredths(cell.indent * scale)) for cell in cells]


def _hundredths(length: Decimal) -> Decimal:
    return length.quantize(Decimal("0.01"))
