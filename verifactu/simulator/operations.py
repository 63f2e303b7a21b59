"""Which operations the AEAT admits, by what it holds of the invoice (Validaciones 1.2.2, section 6).

The tables give OK or error without its code; 3000 and 3002 were observed in the AEAT's test service, and 3001 is what
its text says: nobody has seen it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from verifactu.codes import PreviousRejection
from verifactu.registration import Annulment, Registration

DUPLICATE: Final = 3000
ALREADY_ANNULLED: Final = 3001
NOT_FOUND: Final = 3002


class Held(StrEnum):
    """What the AEAT holds of an invoice."""

    NOTHING = "nothing"
    REGISTERED = "registered"
    ANNULLED = "annulled"


_ONLY_WHAT_IS_NOT: Final = {Held.NOTHING: None, Held.REGISTERED: DUPLICATE, Held.ANNULLED: DUPLICATE}
_ONLY_WHAT_IS_HELD: Final = {Held.NOTHING: NOT_FOUND, Held.REGISTERED: None, Held.ANNULLED: None}
_ANNULMENT_OF_NOTHING: Final = {Held.NOTHING: None, Held.REGISTERED: DUPLICATE, Held.ANNULLED: ALREADY_ANNULLED}


def refusal(content: Registration | Annulment, held: Held) -> int | None:
    """The code with which this record is refused, or None where it is admitted."""
    if isinstance(content, Annulment):
        return (_ANNULMENT_OF_NOTHING if content.without_previous_record else _ONLY_WHAT_IS_HELD)[held]
    expects_nothing = not content.amendment or content.previous_rejection is PreviousRejection.NOT_REGISTERED
    return (_ONLY_WHAT_IS_NOT if expects_nothing else _ONLY_WHAT_IS_HELD)[held]
