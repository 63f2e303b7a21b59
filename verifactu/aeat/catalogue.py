"""The AEAT's codes: its own text for each, and what we do about it.

The texts are the AEAT's (``codes.json``, from its ``errores.properties``). The treatment is ours, after «Validaciones
y errores» 1.2.2 §4.3 and «Descripción del servicio web» 1.0.3 §5.1: a code refuses the whole message (3500 to 3503 and
from 4000), rejects one record (1000s and 3000s), or is admissible, with the record stored (2000s).
"""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final


class Treatment(StrEnum):
    """What is to be done. Of the first four nothing was stored, and the same records are sent again, in order."""

    RETRY = "retry"  # the AEAT's trouble: later
    CONFIGURATION = "configuration"  # header, certificate or permission, the same for every record: somebody mends it
    MESSAGE = "message"  # our program wrote something wrong: find the record and set it aside
    STOP = "stop"  # access suspended: stop sending, and write to the AEAT
    RECORD = "record"  # this record was rejected and is not stored; another one must take its place
    ADMISSIBLE = "admissible"  # this record is stored, with errors


_MESSAGE: Final = frozenset({4102, 4106, 4113, 4114, 4119, 4136, 4137, 4138})
_CONFIGURATION: Final = frozenset({
    *(4104, 4105, 4107, 4109, 4112, 4115, 4116, 4117, 4118, 4123, 4124, 4127, 4132, 4135, 4139, 4140),
    # The header is ours to write, but no record is to blame: setting records aside would not help.
    *(3502, 3503, 4120, 4121, 4122, 4125, 4126, 4129, 4130, 4131, 4133),
})  # fmt: skip
_STOP: Final = frozenset({4141})
_OF_WHOLE_MESSAGES: Final = (range(3500, 3600), range(4000, 10_000))
_ADMISSIBLE: Final = range(2000, 3000)
NEED_NO_AMENDMENT: Final = frozenset({2004, 2009})

NO_CODE: Final = 0
"""Ours, for a record that was objected to without a word why."""

DUPLICATE: Final = 3000
ALREADY_ANNULLED: Final = 3001
NOT_REGISTERED: Final = 3002


def treatment_of(code: int | None) -> Treatment:
    """What to do about a code. One that is new to us is treated as its family; no code at all, as the AEAT's trouble:
    sending again is what the AEAT asks for when it cannot be understood."""
    if code is None:
        return Treatment.RETRY
    if code in _STOP:
        return Treatment.STOP
    if code in _CONFIGURATION:
        return Treatment.CONFIGURATION
    if code in _MESSAGE:
        return Treatment.MESSAGE
    if any(code in family for family in _OF_WHOLE_MESSAGES):
        return Treatment.RETRY
    return Treatment.ADMISSIBLE if is_admissible(code) else Treatment.RECORD


def is_admissible(code: int | None) -> bool:
    """Whether the AEAT stored the record all the same."""
    return code in _ADMISSIBLE


def needs_amendment(code: int | None) -> bool:
    """Whether what was stored with this code must be amended («Validaciones» 4.3.1: all but a late clock, 2004, and
    IPSI without regime, 2009)."""
    return is_admissible(code) and code not in NEED_NO_AMENDMENT


def text_of(code: int | None) -> str:
    """The AEAT's own text, in Spanish; nothing for a code it has not published."""
    return texts().get(code, "") if code is not None else ""


@cache
def texts() -> dict[int, str]:
    """Every code that the AEAT has published, with its text."""
    published = json.loads(Path(__file__).with_name("codes.json").read_text(encoding="utf-8"))
    return {int(code): text for code, text in published["texts"].items()}
