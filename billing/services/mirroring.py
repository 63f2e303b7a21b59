"""The lines of what is left of invoices: taken back in a credit, or carried into a replacement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.balance import Amounts, Group
from billing.drafts import LineDraft
from billing.families import Family
from billing.models import CorrectionMethod, Invoice, InvoiceLine

ONE = Decimal(1)
MOST_COPIED = 1_000
LONGEST_DESCRIPTION = 500


@dataclass(frozen=True, slots=True)
class Mirror:
    """Lines, and whether their prices include tax."""

    lines: tuple[LineDraft, ...]
    prices_include_tax: bool


def mirror(family: Family, *, sign: int, caption: str) -> Mirror:
    """What is left of a family, with sign −1 to take it back or 1 to carry it on.

    While nothing was taken by differences these are the invoices' own lines; after that, one line for what is left of
    each rate, described by ``caption``.
    """
    members = family.in_effect
    lines = [line for member in members for line in member.lines.order_by("position")]
    inside = {member.prices_include_tax for member in members}
    is_plain = all(member.correction_method != CorrectionMethod.DIFFERENCES for member in members)
    if is_plain and len(inside) == 1 and len(lines) <= MOST_COPIED:
        return Mirror(tuple(_copied(line, sign) for line in lines), inside.pop())
    left = family.balance.groups.items()
    return Mirror(
        tuple(_summed(group, amounts, sign, caption) for group, amounts in left if amounts != Amounts()), False
    )


def caption_of(members: Iterable[Invoice], *, language: str) -> str:
    """What a summed line says: of which invoices it is the rest."""
    numbers = ", ".join(member.display_number or "" for member in members)
    return (f"Balance of {numbers}" if language == "en" else f"Resto de {numbers}")[:LONGEST_DESCRIPTION]


def copied_lines(lines: Sequence[InvoiceLine]) -> tuple[LineDraft, ...]:
    """The same lines again."""
    return tuple(_copied(line, 1) for line in lines)


def _copied(line: InvoiceLine, sign: int) -> LineDraft:
    return LineDraft(
        description=line.description,
        unit_price=line.unit_price,
        quantity=sign * line.quantity,
        discount_percent=line.discount_percent,
        tax_rate=line.tax_rate,
        tax=line.tax,
        tax_category=line.tax_category,
        exemption_code=line.exemption_code,
        regime_code=line.regime_code or None,
        surcharge_rate=line.surcharge_rate,
        product_code=line.product_code,
    )


def _summed(group: Group, left: Amounts, sign: int, caption: str) -> LineDraft:
    """One unit at what is left; a price is never negative (EN 16931 BR-27), so the quantity bears the sign."""
    base = sign * left.taxable_amount
    return LineDraft(
        description=caption,
        unit_price=abs(base),
        quantity=-ONE if base < 0 else ONE,
        tax_rate=group.tax_rate,
        tax=group.tax,
        tax_category=group.tax_category,
        exemption_code=group.exemption_code,
        regime_code=group.regime_code or None,
        surcharge_rate=group.surcharge_rate,
    )
