"""The AEAT's business rules that can be checked without asking anybody: «Validaciones y errores» 1.2.2, section 3.1.

Nothing is issued that the AEAT is certain to reject. The census (errors 1109, 1110, 1239) and VIES are the AEAT's
alone; what depends on the record's history or on its chain is not a rule about what it declares.
"""

from __future__ import annotations

from datetime import date

from verifactu.registration import Annulment, Registration
from verifactu.rules import annulments, breakdowns, identification, parties, rates, totals, types
from verifactu.rules.finding import Finding, Severity

__all__ = ["Finding", "Severity", "check", "check_annulment"]


def check(registration: Registration, *, today: date) -> list[Finding]:
    """What the AEAT would say of it, were it sent on ``today`` (the issuer's date). Empty when it has nothing to say.

    With a ``BLOCKING`` finding it would be rejected and must not be issued; with a ``WARNING`` it would be stored.
    """
    return [
        *identification.check(registration, today=today),
        *types.check(registration),
        *parties.check(registration),
        *breakdowns.check(registration, today=today),
        *rates.check(registration),
        *totals.check(registration),
    ]


def check_annulment(annulment: Annulment) -> list[Finding]:
    """The same of an annulment."""
    return [*annulments.check(annulment)]
