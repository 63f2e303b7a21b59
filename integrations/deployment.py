"""The fence: a database that was copied, or restored from an older copy, neither issues nor speaks to anybody outside
until an operator has confirmed it (docs/adr/0021).

The database holds the deployment's key, and so does the machine, outside of it. A copy that was carried elsewhere finds
another key there, or none. The machine also keeps how far each chain had come: a database that lacks what had been
committed is an older one.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.db import connection

from core.errors import Conflict, gettext_noop
from integrations import deployment_file
from integrations.deployment_file import BrokenFileError, Mark, Outside
from integrations.models import Deployment

logger = logging.getLogger(__name__)


class State(StrEnum):
    OPEN = "open"
    COPIED = "copied"
    """The machine knows another deployment, or none: this database comes from elsewhere."""

    BEHIND = "behind"
    """It lacks records that had been committed here: it is an older copy."""

    CLOSED = "closed"
    """INSTALLATION_NUMBER is one that was given up after its chains had lost records."""


_TOLD: Final = {
    State.COPIED: gettext_noop(
        "This database comes from elsewhere: its deployment key is not this machine's. Nothing is issued or sent until "
        "an operator runs: manage.py deployment status"
    ),
    State.BEHIND: gettext_noop(
        "This database is an older copy: it lacks records that had been made here. Nothing is issued or sent until an "
        "operator runs: manage.py deployment status"
    ),
    State.CLOSED: gettext_noop(
        "This INSTALLATION_NUMBER was given up when its chains lost records, and is never used again. Nothing is "
        "issued or sent until another one is set."
    ),
}


@dataclass(frozen=True, slots=True)
class Lack:
    """A chain that had come further than the database knows. ``found`` is its last record here, 0 where the chain is
    unknown; where it is not below the mark, the record there is another one."""

    chain_id: str
    mark: Mark
    found: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where this database stands to this machine."""

    state: State
    lacks: tuple[Lack, ...] = ()
    problem: str = ""

    @property
    def is_fenced(self) -> bool:
        return self.state is not State.OPEN

    @property
    def message(self) -> str:
        """What to tell people: an English template without places; empty when all is well."""
        return _TOLD.get(self.state, "")

    @property
    def lost(self) -> int:
        """How many records are known to be missing."""
        return sum(max(lack.mark.sequence - lack.found, 0) for lack in self.lacks)


def standing() -> Standing:
    """Look at everything: the keys, the marks of all chains, the installation number. Two queries."""
    row = Deployment.objects.first()
    if row is None:
        return Standing(State.OPEN)  # nobody has laid claim to it yet: see claim()
    try:
        outside = deployment_file.read()
    except BrokenFileError as error:
        return Standing(State.COPIED, problem=str(error))
    if outside.key != row.key:
        return Standing(State.COPIED)
    lacks = _lacks(outside)
    if lacks or row.is_behind:
        return Standing(State.BEHIND, lacks)
    if settings.BILLING_SYSTEM["installation_number"] in row.closed_installations:
        return Standing(State.CLOSED)
    return Standing(State.OPEN)


def refuse_if_fenced(
    *,
    key: str | None,
    is_behind: bool | None,
    is_closed: bool | None,
    chain_id: object,
    sequence: int,
    fingerprint: str,
) -> None:
    """The same for one chain, from what a statement that locks it brings along: no query of its own.

    ``key`` is None before anybody laid claim to the database. Raises Conflict ``fenced``.
    """
    if key is None:
        return
    try:
        outside = deployment_file.read()
    except BrokenFileError as error:
        logger.exception("the deployment file is broken")
        raise _fenced(State.COPIED) from error
    if outside.key != key:
        raise _fenced(State.COPIED)
    mark = outside.marks.get(str(chain_id))
    if is_behind or (mark and _is_ahead(mark, sequence, fingerprint)):
        raise _fenced(State.BEHIND)
    if is_closed:
        raise _fenced(State.CLOSED)


def has_lost_records() -> bool:
    """Whether records of this database are known to be lost for good: an installation number was given up for it."""
    row = Deployment.objects.first()
    return row is not None and bool(row.closed_installations)


def claim() -> None:
    """The first time: give the database this machine's key, making one where there is none. Later it does nothing."""
    if Deployment.objects.exists():
        return
    with deployment_file.turn():
        outside = deployment_file.read()
        if not outside.key:
            outside = replace(outside, key=new_key())
            deployment_file.write(outside)
    Deployment.objects.bulk_create([Deployment(key=outside.key)], ignore_conflicts=True)


def keep_marks() -> bool:
    """Write down outside how far each chain has come, if that has changed and all is well; say whether all is well.

    Marks never go back. What is told to the AEAT is marked first, so that a database that forgets it is found out.
    """
    with deployment_file.turn():
        if standing().is_fenced:
            return False
        outside = deployment_file.read()
        marks = {**outside.marks, **_heads()}
        if outside.key and marks != outside.marks:
            deployment_file.write(replace(outside, marks=marks))
    return True


def new_key() -> str:
    """The key of a deployment that has none yet: the environment's, where machines share one."""
    return settings.DEPLOYMENT_KEY or secrets.token_hex(16)


def _is_ahead(mark: Mark, sequence: int, fingerprint: str) -> bool:
    return mark.sequence > sequence or (mark.sequence == sequence and mark.fingerprint != fingerprint)


def _fenced(state: State) -> Conflict:
    return Conflict("fenced", _TOLD[state], extra={"state": state.value})


# The chains are of the storey above: they are asked by the names of their tables.
_LACKING: Final = """
    SELECT mark.chain_id, coalesce(chain.last_sequence, 0)
    FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS mark (chain_id, sequence, fingerprint)
    LEFT JOIN verifactu_chain AS chain ON chain.id = mark.chain_id
    LEFT JOIN verifactu_fiscalrecord AS record ON record.chain_id = mark.chain_id AND record.sequence = mark.sequence
    WHERE record.fingerprint IS DISTINCT FROM mark.fingerprint
    ORDER BY mark.chain_id
"""
_HEADS: Final = """
    SELECT id, installation_number, last_sequence, last_fingerprint FROM verifactu_chain WHERE last_sequence > 0
"""

_BEGUN: Final = "SELECT DISTINCT installation_number FROM verifactu_chain WHERE last_sequence > 0"


def _lacks(outside: Outside) -> tuple[Lack, ...]:
    if not outside.marks:
        return ()
    marks = outside.marks
    values: list[Any] = [
        [*marks],
        [mark.sequence for mark in marks.values()],
        [mark.fingerprint for mark in marks.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_LACKING, values)
        return tuple(Lack(str(chain_id), marks[str(chain_id)], found) for chain_id, found in cursor.fetchall())


def _heads() -> dict[str, Mark]:
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        return {str(chain_id): Mark(*mark) for chain_id, *mark in cursor.fetchall()}


def begun_installations() -> set[str]:
    """The installation numbers under which records were made."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGUN)
        return {number for (number,) in cursor.fetchall()}
