"""Why the next record of an invoice carries the marks that it carries, in plain words (Validaciones 1.2.2, section 6).

``history`` derives the marks; here each of its answers has its sentence. Sentences are English templates, translated at
the edge. Pure: an inspector reads the table, and a test sees that none is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import gettext_noop
from verifactu.aeat import catalogue
from verifactu.codes import PreviousRejection
from verifactu.history import Kind, Past, State, amendment_marks, annulment_marks, state_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """``marks`` are the AEAT's own names and values, as they stand in the XML; ``why`` is their reason."""

    marks: str
    why: str


class Last(StrEnum):
    """What became of the invoice's last record."""

    NOTHING = "nothing"  # there is none
    PENDING = "pending"
    ACCEPTED = "accepted"
    REGISTRATION_REJECTED = "registration_rejected"
    AMENDMENT_REJECTED = "amendment_rejected"
    ANNULMENT_REJECTED = "annulment_rejected"
    DUPLICATE = "duplicate"
    NOT_REGISTERED = "not_registered"


HOLDS: Final = {
    State.NONE: gettext_noop("The AEAT holds nothing of this invoice."),
    State.REGISTERED: gettext_noop("The AEAT holds this invoice as registered."),
    State.ANNULLED: gettext_noop("The AEAT holds this invoice as annulled."),
}

HAPPENED: Final = {
    Last.NOTHING: gettext_noop("No record has been made of it yet."),
    Last.PENDING: gettext_noop(
        "The AEAT has not answered yet to the last record: wait for its answer before you do anything."
    ),
    Last.ACCEPTED: gettext_noop("It accepted the last record."),
    Last.REGISTRATION_REJECTED: gettext_noop("It rejected the registration, and stored nothing of it."),
    Last.AMENDMENT_REJECTED: gettext_noop("It rejected the last amendment: what it held before is still there."),
    Last.ANNULMENT_REJECTED: gettext_noop("It rejected the annulment: what it held before is still there."),
    Last.DUPLICATE: gettext_noop("It says that it has another record of the same number and date."),
    Last.NOT_REGISTERED: gettext_noop("It says that it has no record of this number and date to amend or to annul."),
}

_S, _X = PreviousRejection.AMENDMENT_REJECTED, PreviousRejection.NOT_REGISTERED

AMENDMENTS: Final = {
    (State.NONE, _X): Explanation(
        "Subsanacion S · RechazoPrevio X",
        gettext_noop(
            "Amendment with «previous rejection X», because the AEAT does not have this invoice: it stored nothing of "
            "what it rejected. That is how it takes an invoice that it did not take the first time."
        ),
    ),
    (State.REGISTERED, None): Explanation(
        "Subsanacion S",
        gettext_noop(
            "Plain amendment, because the AEAT has this invoice: the new record replaces all that it holds of it."
        ),
    ),
    (State.REGISTERED, _S): Explanation(
        "Subsanacion S · RechazoPrevio S",
        gettext_noop(
            "Amendment with «previous rejection S», because the AEAT has this invoice but rejected the last amendment "
            "of it. The new record replaces all that it holds."
        ),
    ),
    (State.ANNULLED, None): Explanation(
        "Subsanacion S",
        gettext_noop(
            "Plain amendment, which registers again what was annulled. It is right only if the annulment was a mistake."
        ),
    ),
    (State.ANNULLED, _S): Explanation(
        "Subsanacion S · RechazoPrevio S",
        gettext_noop(
            "Amendment with «previous rejection S», because the AEAT rejected the last one; it registers again what "
            "was annulled. It is right only if the annulment was a mistake."
        ),
    ),
}
"""By what the AEAT holds and by ``RechazoPrevio``."""

ANNULMENTS: Final = {
    (State.NONE, False): Explanation(
        "SinRegistroPrevio S",
        gettext_noop("Annulment «without previous record», because the AEAT does not have this invoice."),
    ),
    (State.NONE, True): Explanation(
        "SinRegistroPrevio S · RechazoPrevio S",
        gettext_noop(
            "Annulment «without previous record», because the AEAT does not have this invoice, and with «previous "
            "rejection», because it has rejected an annulment of it before."
        ),
    ),
    (State.REGISTERED, False): Explanation(
        "–", gettext_noop("Plain annulment, because the AEAT has this invoice: it withdraws what it holds.")
    ),
    (State.REGISTERED, True): Explanation(
        "RechazoPrevio S",
        gettext_noop(
            "Annulment with «previous rejection», because the AEAT has this invoice and has rejected an annulment of "
            "it before."
        ),
    ),
    (State.ANNULLED, False): Explanation(
        "–", gettext_noop("The AEAT holds it as annulled already: another annulment changes nothing.")
    ),
    (State.ANNULLED, True): Explanation(
        "RechazoPrevio S", gettext_noop("The AEAT holds it as annulled already: another annulment changes nothing.")
    ),
}
"""By what the AEAT holds and by whether it has rejected an annulment before."""

MARKS: Final = {
    "PrimerRegistro S": gettext_noop("the first record of its chain"),
    "Subsanacion S": gettext_noop("amendment: it takes the place of the invoice’s earlier record"),
    "RechazoPrevio X": gettext_noop("the AEAT does not have the invoice, since it rejected the earlier record"),
    "RechazoPrevio S": gettext_noop("the AEAT rejected the one before it"),
    "SinRegistroPrevio S": gettext_noop("annulment of an invoice that the AEAT does not have"),
}
"""What a mark in a record's XML says."""


def last_of(past: Iterable[Past]) -> Last:
    """What became of the last record."""
    records = list(past)
    if not records:
        return Last.NOTHING
    last = records[-1]
    if last.accepted is None:
        return Last.PENDING
    if last.accepted:
        return Last.ACCEPTED
    if last.code in _NAMED:
        return _NAMED[last.code]
    if last.kind is Kind.ANNULMENT:
        return Last.ANNULMENT_REJECTED
    return Last.AMENDMENT_REJECTED if last.amendment else Last.REGISTRATION_REJECTED


_NAMED: Final = {catalogue.DUPLICATE: Last.DUPLICATE, catalogue.NOT_REGISTERED: Last.NOT_REGISTERED}


def situation(past: Iterable[Past]) -> list[str]:
    """What the AEAT holds, and what happened last. Of what it has not answered, only that."""
    records = list(past)
    if any(record.accepted is None for record in records):
        return [HAPPENED[Last.PENDING]]
    return [HOLDS[state_of(records)], HAPPENED[last_of(records)]]


def next_amendment(past: Iterable[Past]) -> Explanation:
    """The marks of the next registration of the invoice, and why."""
    records = list(past)
    return AMENDMENTS[state_of(records), amendment_marks(records).previous_rejection]


def next_annulment(past: Iterable[Past]) -> Explanation:
    """The marks of an annulment of the invoice, and why."""
    records = list(past)
    return ANNULMENTS[state_of(records), annulment_marks(records).previously_rejected]


def marks_of(
    *, is_first: bool, amendment: bool, previous_rejection: str, without_previous_record: bool
) -> list[tuple[str, str]]:
    """The marks that a record carries, each with what it says."""
    carried = [
        "PrimerRegistro S" if is_first else "",
        "Subsanacion S" if amendment else "",
        f"RechazoPrevio {previous_rejection}" if previous_rejection else "",
        "SinRegistroPrevio S" if without_previous_record else "",
    ]
    return [(mark, MARKS[mark]) for mark in carried if mark]
