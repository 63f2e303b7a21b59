"""What may follow what: the AEAT's table of admissible operations (Validaciones 1.2.2, section 6), read from the end.

Which marks the next record of an invoice needs depends on what became of the earlier ones. It is derived here, and
never typed by a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from verifactu.aeat import catalogue
from verifactu.codes import PreviousRejection


class Kind(StrEnum):
    REGISTRATION = "registration"
    ANNULMENT = "annulment"


class State(StrEnum):
    """What the AEAT holds of an invoice."""

    NONE = "none"
    REGISTERED = "registered"
    ANNULLED = "annulled"


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier record of the invoice. ``accepted`` is None while the AEAT has not answered."""

    kind: Kind
    accepted: bool | None
    amendment: bool = False
    code: int | None = None


@dataclass(frozen=True, slots=True)
class AmendmentMarks:
    """``Subsanacion`` is always S; this is its ``RechazoPrevio``."""

    previous_rejection: PreviousRejection | None


@dataclass(frozen=True, slots=True)
class AnnulmentMarks:
    """``SinRegistroPrevio`` and ``RechazoPrevio`` of an annulment."""

    without_previous_record: bool
    previously_rejected: bool


def state_of(past: Iterable[Past]) -> State:
    """What the AEAT holds after these records, in their order. What it has not answered yet counts as accepted: records
    arrive in order, and the house sends nothing that is certain to be rejected."""
    state = State.NONE
    for record in past:
        if record.accepted is not False:
            state = State.ANNULLED if record.kind is Kind.ANNULMENT else State.REGISTERED
        elif record.code == catalogue.NOT_REGISTERED:
            state = State.NONE
        elif record.code == catalogue.ALREADY_ANNULLED:
            state = State.ANNULLED
        elif record.code == catalogue.DUPLICATE and state is State.NONE:
            state = State.REGISTERED
    return state


def amendment_marks(past: Iterable[Past]) -> AmendmentMarks:
    """How a registration is sent again: S+X where the AEAT has nothing of the invoice, S+S after a rejected amendment
    of what it has, else S alone (which also brings an annulled invoice back)."""
    records = list(past)
    if state_of(records) is State.NONE:
        return AmendmentMarks(PreviousRejection.NOT_REGISTERED)
    last = _last(records, Kind.REGISTRATION)
    if last is not None and last.accepted is False and last.amendment:
        return AmendmentMarks(PreviousRejection.AMENDMENT_REJECTED)
    return AmendmentMarks(None)


def annulment_marks(past: Iterable[Past]) -> AnnulmentMarks:
    """How an annulment is sent: «without previous record» where the AEAT has nothing of the invoice, and «previously
    rejected» where it has rejected an annulment before."""
    records = list(past)
    last = _last(records, Kind.ANNULMENT)
    return AnnulmentMarks(
        without_previous_record=state_of(records) is State.NONE,
        previously_rejected=last is not None and last.accepted is False,
    )


def wants_another_annulment(past: Iterable[Past]) -> bool:
    """Whether the AEAT rejected the annulment that came last, and does not hold the invoice as annulled anyway."""
    records = list(past)
    last = records[-1] if records else None
    rejected = last is not None and last.kind is Kind.ANNULMENT and last.accepted is False
    return rejected and state_of(records) is not State.ANNULLED


def _last(records: list[Past], kind: Kind) -> Past | None:
    return next((record for record in reversed(records) if record.kind is kind), None)
