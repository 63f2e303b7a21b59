"""What the AEAT's answers mean for each record. Values in, values out."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from verifactu import literals
from verifactu.aeat import catalogue
from verifactu.aeat.answers import LineAnswer, Outcome, Registered, RegisteredState
from verifactu.aeat.catalogue import DUPLICATE
from verifactu.models import FiscalRecord, RecordKind, RecordOutcome

Key: TypeAlias = tuple[str, date]
"""An invoice as the AEAT knows it: number, trimmed, and issue date; the issuer is the chain's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one record, for good."""

    record: FiscalRecord
    outcome: RecordOutcome
    code: int | None = None
    description: str = ""


def key_of(record: FiscalRecord) -> Key:
    """The invoice of a record."""
    return literals.text(record.number), record.issue_date


def match(records: Iterable[FiscalRecord], lines: Iterable[LineAnswer]) -> dict[FiscalRecord, LineAnswer]:
    """Each record with its line of the answer: by issuer, kind, number and date, in order where there are several.

    A record without a line is left out: the AEAT has said nothing about it.
    """
    waiting: dict[tuple[str, str, str, date], deque[LineAnswer]] = defaultdict(deque)
    for line in lines:
        waiting[line.issuer_tax_id, line.kind, literals.text(line.number), line.issue_date].append(line)
    matched = {}
    for record in records:
        found = waiting[record.issuer_tax_id, record.kind, *key_of(record)]
        if found:
            matched[record] = found.popleft()
    return matched


def is_doubtful(line: LineAnswer) -> bool:
    """«Duplicate» may mean that this very record had arrived before: only its fingerprint tells."""
    return line.outcome is Outcome.REJECTED and (line.duplicate is not None or line.code == DUPLICATE)


def judge(record: FiscalRecord, line: LineAnswer) -> Verdict:
    """The verdict of a line that says all."""
    outcome = RecordOutcome(line.outcome.value)
    says_why = outcome == RecordOutcome.ACCEPTED or line.code is not None
    return Verdict(record, outcome, line.code if says_why else catalogue.NO_CODE, line.description)


def adopt(records: Sequence[FiscalRecord], held: Mapping[Key, Registered]) -> list[Verdict]:
    """What the AEAT holds tells of records whose answer was lost, given in the order of their chain. Those of which it
    tells nothing are left out, and are to be sent again.

    The AEAT shows the last accepted record of each invoice alone. Where that is one of ours, so were the ones before
    it. Where a first registration finds another record in its place, sending it again could only be a duplicate.
    """
    of_invoice: dict[Key, list[FiscalRecord]] = defaultdict(list)
    for record in records:
        of_invoice[key_of(record)].append(record)
    return [verdict for key, own in of_invoice.items() if key in held for verdict in _adopt(own, held[key])]


def _adopt(own: Sequence[FiscalRecord], held: Registered) -> Iterable[Verdict]:
    last = _last_accepted(own, held)
    for record in own[: last + 1]:
        yield _adopted(record, held) if record is own[last] else Verdict(record, RecordOutcome.ACCEPTED)
    if last < 0 and own[0].kind == RecordKind.REGISTRATION and not own[0].amendment:
        yield duplicate(own[0])


def _last_accepted(own: Sequence[FiscalRecord], held: Registered) -> int:
    """The position of the record that the AEAT shows, or -1. An annulled invoice may be shown with the fingerprint of
    the annulment or of what it annulled."""
    annulled = held.state is RegisteredState.ANNULLED
    for position in reversed(range(len(own))):
        if own[position].fingerprint == held.fingerprint or (annulled and own[position].kind == RecordKind.ANNULMENT):
            return position
    return -1


def _adopted(record: FiscalRecord, held: Registered) -> Verdict:
    if held.state is RegisteredState.ACCEPTED_WITH_ERRORS:
        return Verdict(record, RecordOutcome.ACCEPTED_WITH_ERRORS, held.code, held.description)
    return Verdict(record, RecordOutcome.ACCEPTED)


def duplicate(record: FiscalRecord) -> Verdict:
    """Another record stands in its place."""
    text = "Registro de facturación duplicado: la AEAT tiene otro registro de esta factura, con otra huella."
    return Verdict(record, RecordOutcome.REJECTED, DUPLICATE, text)
