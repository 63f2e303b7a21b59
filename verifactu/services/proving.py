"""The verbs of proof: go through a chain and say what is wrong, record by record."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import chain as chain_of
from itertools import count, islice
from typing import Any, Final

from core.errors import NotFound, gettext_noop
from verifactu.models import Chain
from verifactu.verification import ChainFacts, Flaw, Kept, flaws_of

AT_A_TIME: Final = 1_000
"""Records held in memory at once, however long the chain is."""

MOST_TOLD: Final = 200
"""Flaws that a report names; all of them are counted."""

_CHAIN: Final = [field.name for field in fields(ChainFacts)]
_COLUMNS: Final = [field.name for field in fields(Kept)]
_RECORD: Final = [f"records__{name}" for name in _COLUMNS]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of verifying a chain: how many records were read, how many flaws there are, and the first of them."""

    chain: Chain
    records: int
    found: int
    flaws: tuple[Flaw, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing at all is wrong."""
        return self.found == 0

    def also(self, flaws: Iterable[Flaw]) -> Report:
        """With flaws that somebody else found: counted all, named as far as there is room."""
        stream = iter(flaws)
        told = (*self.flaws, *islice(stream, MOST_TOLD - len(self.flaws)))
        return replace(self, flaws=told, found=self.found + len(told) - len(self.flaws) + sum(1 for _ in stream))


def read_chain(*, chain_id: uuid.UUID) -> Report:
    """Recompute everything that a chain's rows can prove, without believing any of them.

    One statement reads the chain's head and its records, so that what is appended meanwhile is not taken for a flaw.
    Raises NotFound.
    """
    chain = Chain.objects.select_related("seller").filter(id=chain_id).first()
    if chain is None:
        raise NotFound("chain_not_found", gettext_noop("There is no such chain of fiscal records."))
    rows = _rows(chain_id)
    facts, first = next(rows)
    counted = count(1)
    records = (kept for _facts, kept in chain_of([(facts, first)], rows) if kept is not None and next(counted))
    report = Report(chain, 0, 0, ()).also(flaws_of(facts, records))
    return replace(report, records=next(counted) - 1)


def _rows(chain_id: uuid.UUID) -> Iterator[tuple[ChainFacts, Kept | None]]:
    """The chain's facts with each of its records in order; once with None where there are no records."""
    rows: Any = Chain.objects.filter(id=chain_id).order_by("records__sequence").values_list(*_CHAIN, *_RECORD)
    facts: ChainFacts | None = None
    for row in rows.iterator(chunk_size=AT_A_TIME):
        facts = facts or ChainFacts(*row[: len(_CHAIN)])
        values = row[len(_CHAIN) :]
        yield facts, None if values[0] is None else _kept(values)


def _kept(values: tuple[Any, ...]) -> Kept:
    named = dict(zip(_COLUMNS, values, strict=True))
    return Kept(**{**named, "xml": bytes(named["xml"])})
