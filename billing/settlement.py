"""How buyer and seller stand about an invoice. Pure: values in, values out; no Django, no clock, no database.

An invoice alone says little about what is owed: a correction takes part of it back, a substitution or a full invoice
in the place of a ticket (F3) stands for it, and either may have been paid. What such links hold together is settled as
one: the amounts of all that stand, less the payments on any of them.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import ZERO, plain

Id = uuid.UUID
STATUSES = ("unpaid", "partially_paid", "paid", "overpaid", "credited")


@dataclass(frozen=True, slots=True)
class Member:
    """An issued invoice, not voided, with what it corrects (by its ``method``) or replaces (without one)."""

    id: Id
    amount_due: Decimal
    paid: Decimal
    method: str = ""
    originals: Sequence[Id] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What invoices that are settled together come to, and what was paid of them."""

    due: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one of them shows: its own amount, what the others change of it, and what is left to be paid of them all."""

    amount_due: Decimal
    corrected_amount: Decimal
    paid_amount: Decimal
    status: str

    @property
    def outstanding_amount(self) -> Decimal:
        """Below nought where the seller owes: too much was paid, or less is due than was."""
        return self.amount_due + self.corrected_amount - self.paid_amount

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        amounts = ("amount_due", "corrected_amount", "paid_amount", "outstanding_amount")
        return {**{name: plain(getattr(self, name)) for name in amounts}, "status": self.status}


def settlement_of(status: str, amount_due: Decimal, *, paid: Decimal, standing: Standing | None = None) -> Settlement:
    """``status`` is the invoice's. ``standing`` is None for one by itself, of which ``paid`` was paid. What was voided
    or discarded is not due; a draft is not yet, but says what would be."""
    if status in _VOID:
        return Settlement(amount_due, -amount_due, paid, "credited")
    if status != "issued":
        return Settlement(amount_due, ZERO, ZERO, "unpaid")
    standing = standing or Standing(amount_due, paid)
    taken_back = standing == Standing(ZERO, ZERO) and amount_due != ZERO
    state = "credited" if taken_back else _status(standing.due, standing.paid)
    return Settlement(amount_due, standing.due - amount_due, standing.paid, state)


_VOID = {"voided", "discarded"}


def _status(due: Decimal, paid: Decimal) -> str:
    if due < 0:
        due, paid = -due, -paid
    if paid == due:
        return "paid"
    if paid > due:
        return "overpaid"
    return "partially_paid" if paid > 0 else "unpaid"


def standings(members: Iterable[Member]) -> dict[Id, Standing]:
    """What each of these stands in, whatever their order. Members that no link holds together do not matter to each
    other."""
    known = {member.id: member for member in members}
    superseded = _superseded(known)
    found: dict[Id, Standing] = {}
    for group in _groups(known, {one.id: one.originals for one in known.values()}):
        due = sum((known[one].amount_due for one in group if one not in superseded), ZERO)
        paid = sum((known[one].paid for one in group), ZERO)
        found |= dict.fromkeys(group, Standing(due, paid))
    return found


def _superseded(known: Mapping[Id, Member]) -> set[Id]:
    """In whose place another one stands: what was substituted; and, where tickets were replaced, they with all that
    corrected them, since the full invoice comes to what they had come to. One that was itself withdrawn stands for
    nobody."""
    withdrawn = {original for one in known.values() if one.method for original in one.originals}
    gone = {original for one in known.values() if one.method == "substitution" for original in one.originals}
    corrected = {one.id: one.originals for one in known.values() if one.method}
    family_of = {one: group for group in _groups(known, corrected) for one in group}
    for full in known.values():
        if full.originals and not full.method and full.id not in withdrawn:
            gone.update(*(family_of[ticket] for ticket in full.originals if ticket in known))
    return gone


def _groups(ids: Iterable[Id], links: Mapping[Id, Sequence[Id]]) -> list[list[Id]]:
    """What the links hold together, each once."""
    beside: dict[Id, set[Id]] = defaultdict(set)
    for one, others in links.items():
        for other in others:
            beside[one].add(other)
            beside[other].add(one)
    waiting, groups = dict.fromkeys(ids), []
    while waiting:
        group = [waiting.popitem()[0]]
        for one in group:  # it grows while it is read
            found = [other for other in beside[one] if other in waiting]
            for other in found:
                del waiting[other]
            group += found
        groups.append(group)
    return groups
