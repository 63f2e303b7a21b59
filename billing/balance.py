"""What is left of an invoice after its corrections. Pure: values in, values out; no Django, no clock, no database.

A *family* is what corrections hold together: originals, their corrections, and the corrections of those. In effect is
each member that no substitution has put itself in the place of; the *balance* is the sum of what is in effect, kept
apart by tax, category, regime and rate as on the invoices themselves.

A correction by differences may take what is left and no more: no part of the balance ever crosses nought. Its tax
follows from its base, so that the roundings of many partial corrections could add up to a cent too much or too little;
whoever takes the rest of a base therefore takes the rest of its tax, and nobody takes more of it than there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from decimal import Decimal
from typing import NamedTuple, Protocol

from billing.calculation import Subtotal
from core.money import ZERO


class Group(NamedTuple):
    """What the amounts of one subtotal have in common."""

    tax: str
    tax_category: str
    exemption_code: str
    regime_code: str
    tax_rate: Decimal
    surcharge_rate: Decimal


@dataclass(frozen=True, slots=True)
class Amounts:
    """Base, tax and surcharge of a group, in the invoice's currency and in euro."""

    taxable_amount: Decimal = ZERO
    tax_amount: Decimal = ZERO
    surcharge_amount: Decimal = ZERO
    taxable_amount_eur: Decimal = ZERO
    tax_amount_eur: Decimal = ZERO
    surcharge_amount_eur: Decimal = ZERO

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __neg__(self) -> Amounts:
        return Amounts(*(-amount or ZERO for amount in astuple(self)))

    @property
    def gross(self) -> Decimal:
        """What the buyer owes for it."""
        return self.taxable_amount + self.tax_amount + self.surcharge_amount

    @property
    def gross_eur(self) -> Decimal:
        return self.taxable_amount_eur + self.tax_amount_eur + self.surcharge_amount_eur


class Row(Protocol):
    """A tax subtotal, calculated or stored."""

    @property
    def tax(self) -> str: ...
    @property
    def tax_category(self) -> str: ...
    @property
    def exemption_code(self) -> str: ...
    @property
    def regime_code(self) -> str: ...
    @property
    def tax_rate(self) -> Decimal: ...
    @property
    def surcharge_rate(self) -> Decimal: ...
    @property
    def taxable_amount(self) -> Decimal: ...
    @property
    def tax_amount(self) -> Decimal: ...
    @property
    def surcharge_amount(self) -> Decimal: ...
    @property
    def taxable_amount_eur(self) -> Decimal: ...
    @property
    def tax_amount_eur(self) -> Decimal: ...
    @property
    def surcharge_amount_eur(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Share:
    """What one invoice in effect brings to the balance. Only what is not a difference says which sign a group has."""

    by_differences: bool
    groups: Mapping[Group, Amounts]
    withholding: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left. ``signs`` are those that the groups have for good, as long as nothing is substituted."""

    groups: Mapping[Group, Amounts]
    signs: Mapping[Group, int]
    withholding: Decimal = ZERO

    @property
    def total(self) -> Amounts:
        return sum(self.groups.values(), Amounts())

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left of any group."""
        return all(amounts == Amounts() for amounts in self.groups.values())

    def left_of(self, group: Group) -> Amounts:
        return self.groups.get(group, Amounts())

    def sign_of(self, group: Group) -> int:
        """1 or −1: on which side of nought the group stays. One that the invoices did not have stays above."""
        return self.signs.get(group, 1)


def group_of(row: Row) -> Group:
    return Group(
        row.tax, row.tax_category, row.exemption_code, row.regime_code, row.tax_rate, row.surcharge_rate
    )  # fmt: skip


def amounts_of(row: Row) -> Amounts:
    return Amounts(*(getattr(row, field.name) for field in fields(Amounts)))


def share_of(rows: Iterable[Row], *, by_differences: bool, withholding: Decimal = ZERO) -> Share:
    """An invoice's part in the balance, from its tax subtotals."""
    return Share(by_differences, {group_of(row): amounts_of(row) for row in rows}, withholding)


def balance_of(shares: Iterable[Share]) -> Balance:
    """The sum of what is in effect, in whatever order."""
    listed = list(shares)
    groups: dict[Group, Amounts] = {}
    bases: dict[Group, Decimal] = {}
    for share in listed:
        for group, amounts in share.groups.items():
            groups[group] = groups.get(group, Amounts()) + amounts
            if not share.by_differences:
                bases[group] = bases.get(group, ZERO) + amounts.gross
    signs = {group: -1 if base < 0 else 1 for group, base in bases.items()}
    return Balance(groups, signs, sum((share.withholding for share in listed), ZERO))


def crossed(balance: Balance) -> list[Group]:
    """The groups of which more was taken than there was."""
    return [
        group
        for group, amounts in balance.groups.items()
        if any(balance.sign_of(group) * amount < 0 for amount in _parts(amounts))
    ]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The subtotals of a correction by differences as they must be; ``beyond`` are the groups that take too much."""

    subtotals: tuple[Subtotal, ...]
    beyond: tuple[Group, ...]


def fit(left: Balance, subtotals: Iterable[Subtotal], *, inside: bool) -> Fitted:
    """The calculated subtotals of a correction by differences, held to what is ``left``.

    ``inside`` says that prices include tax: then a group's total is what was asked for and never moves, else its base.
    """
    fitted, beyond = [], []
    for subtotal in subtotals:
        group = group_of(subtotal)
        amounts = _fit(left.left_of(group), amounts_of(subtotal), left.sign_of(group), inside=inside)
        if amounts is None:
            beyond.append(group)
        fitted.append(subtotal if amounts is None else _with(subtotal, amounts))
    return Fitted(tuple(fitted), tuple(beyond))


def _fit(left: Amounts, asked: Amounts, sign: int, *, inside: bool) -> Amounts | None:
    """None where more is asked than is left."""
    asks, has = (asked.gross, left.gross) if inside else (asked.taxable_amount, left.taxable_amount)
    takes = sign * asks < 0
    if takes and asks == -has:
        return -left  # the rest, to the cent
    if sign * (has + asks) < 0:
        return None
    return _within_cents(left, asked, sign, inside=inside) if takes else asked


def _within_cents(left: Amounts, asked: Amounts, sign: int, *, inside: bool) -> Amounts:
    """``asked`` without the cents by which rounding would take more tax (or, inside, base) than is left."""
    base, tax, surcharge = (
        amount if sign * (rest + amount) >= 0 else -rest
        for rest, amount in zip(_parts(left), _parts(asked), strict=True)
    )
    if inside:  # the total stays: what one part cannot give, another does
        missing = asked.gross - base - tax - surcharge
        base, tax, surcharge = _spread(_parts(left), (base, tax, surcharge), missing, sign)
    return _in_both(asked, base, tax, surcharge)


def _spread(
    left: tuple[Decimal, ...], taken: tuple[Decimal, ...], missing: Decimal, sign: int
) -> tuple[Decimal, Decimal, Decimal]:
    parts = list(taken)
    for index, rest in enumerate(left):
        room = rest + parts[index]
        share = missing if sign * (room + missing) >= 0 else -room
        parts[index], missing = parts[index] + share, missing - share
    base, tax, surcharge = parts
    return base, tax, surcharge


def _in_both(asked: Amounts, base: Decimal, tax: Decimal, surcharge: Decimal) -> Amounts:
    """The amounts in the invoice's currency, and in euro those that were calculated unless they had to give way."""
    if (base, tax, surcharge) == _parts(asked):
        return asked
    moved = replace(asked, taxable_amount=base, tax_amount=tax, surcharge_amount=surcharge)
    in_euro = asked.taxable_amount_eur == asked.taxable_amount and asked.tax_amount_eur == asked.tax_amount
    if not in_euro:
        return moved
    return replace(moved, taxable_amount_eur=base, tax_amount_eur=tax, surcharge_amount_eur=surcharge)


def _parts(amounts: Amounts) -> tuple[Decimal, Decimal, Decimal]:
    return amounts.taxable_amount, amounts.tax_amount, amounts.surcharge_amount


def _with(subtotal: Subtotal, amounts: Amounts) -> Subtotal:
    return replace(subtotal, **{field.name: getattr(amounts, field.name) for field in fields(Amounts)})
