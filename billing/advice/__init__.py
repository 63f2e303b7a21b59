"""What to do when something is wrong: one table. Pure: no Django, no clock, no database.

The law leaves four acts (RD 1619/2012 art. 15; RD 1007/2023 art. 11; AEAT, FAQ 17): edit what is not issued yet,
correct by another invoice what the invoice itself gets wrong, amend the record where only the record is wrong, annul
what should never have been; and, for simplified invoices that were right, replace. «Nothing» is what the law does not
ask an invoice to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date

from billing.advice.situations import QUESTIONS, Facts, Situation
from billing.advice.table import TABLE, TABLE_VERSION, Act, Row
from billing.deadlines import Deadline, deadlines_of

__all__ = ["QUESTIONS", "TABLE", "TABLE_VERSION", "Act", "Advice", "Facts", "Row", "Situation", "advise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The answer. ``why`` is an English template; ``reasons`` are the fiscal types that a correction may have, the
    fitting one first."""

    what: Situation
    act: Act
    basis: str
    why: str
    reasons: tuple[str, ...] = ()
    method: str = ""
    deadlines: tuple[Deadline, ...] = ()
    table_version: str = TABLE_VERSION

    def to_json(self, say: Callable[[str], str] = str) -> dict[str, object]:
        """For a problem's ``advice`` and the API; ``say`` turns a template into the caller's language."""
        return {
            "what": self.what.value,
            "act": self.act.value,
            "method": self.method or None,
            "reasons": list(self.reasons),
            "basis": self.basis,
            "why": say(self.why),
            "deadlines": [
                {**asdict(deadline), "on": deadline.on.isoformat(), "message": say(deadline.message)}
                for deadline in self.deadlines
            ],
            "table_version": self.table_version,
        }


def advise(
    what: Situation,
    facts: Facts,
    *,
    accrual_date: date | None = None,
    event_date: date | None = None,
    today: date | None = None,
) -> Advice:
    """The first row that fits, with the days that matter where the invoice has a date."""
    row = next(row for row in TABLE if _fits(row, what, facts))
    reasons = tuple(reason for reason in row.reasons if _of_kind(reason, facts.kind)) or row.reasons
    deadlines: tuple[Deadline, ...] = ()
    if row.act is Act.CORRECT and accrual_date:
        kind = {Situation.CUSTOMER_INSOLVENT: "R2", Situation.BAD_DEBT: "R3"}.get(what, reasons[0])
        deadlines = tuple(deadlines_of(kind, accrual_date=accrual_date, event_date=event_date, issue_date=today))
    return Advice(
        what=what,
        act=row.act,
        basis=row.basis,
        why=row.why,
        reasons=reasons,
        method=row.method,
        deadlines=deadlines,
    )


def _fits(row: Row, what: Situation, facts: Facts) -> bool:
    if row.what not in {None, what}:
        return False
    return all(getattr(facts, name) == value for name, value in row.facts.items())


def _of_kind(reason: str, kind: str) -> bool:
    """Each kind has its own: R5 simplified invoices, F3 replacements, the others full ones."""
    return {"R5": "simplified", "F3": "replacement"}.get(reason, "full") == kind
