"""What an invoice adds up to: from lines to tax subtotals and totals. Pure: no Django, no clock, no database.

RD 1619/2012 prescribes no rounding. Ours is EN 16931's: the net of each line is rounded, the tax is computed on the
summed base of each rate (or on each line, as the seller's option), halves away from zero, so that the mirror image of
an invoice cancels it to the cent. Whether a rate is lawful is not asked here (see ``billing.taxes``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import NamedTuple

from core.errors import Fault, gettext_noop
from core.money import CENT, LARGEST_AMOUNT, ZERO, round_half_up

HUNDRED = Decimal(100)
NOTHING = Decimal(0)
ONE = Decimal(1)

# Quantity (18 digits) × price (20) × discount (7) has 45 digits; Python's default of 28 would round twice.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class LineInput:
    """One line. Percentages are 0 to 100. ``unit_price`` is in the invoice's currency, before discount."""

    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    tax: str  # IVA, IGIC, IPSI, OTHER
    tax_category: str  # S1, S2, N1, N2, or E with an exemption_code
    exemption_code: str  # empty, or E1 to E8
    regime_code: str  # AEAT lists L8A and L8B; empty for OTHER
    tax_rate: Decimal
    surcharge_rate: Decimal


@dataclass(frozen=True, slots=True)
class Subtotal:
    """The lines of one tax, category, regime and rate (RD 1619/2012 art. 6.2, EN 16931 BG-23)."""

    tax: str
    tax_category: str
    exemption_code: str
    regime_code: str
    tax_rate: Decimal
    taxable_amount: Decimal
    tax_amount: Decimal
    surcharge_rate: Decimal
    surcharge_amount: Decimal
    taxable_amount_eur: Decimal
    tax_amount_eur: Decimal
    surcharge_amount_eur: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """All figures of an invoice, to the cent.

    ``gross_total`` is net + tax + surcharge; ``amount_due`` is gross − withholding. ``tax_total_eur`` includes the
    surcharge (AEAT ``CuotaTotal``); ``gross_total_eur`` leaves the withholding out (``ImporteTotal``).
    """

    line_nets: tuple[Decimal, ...]  # in the order of the lines
    subtotals: tuple[Subtotal, ...]  # in an order of their own, whatever the order of the lines
    net_total: Decimal
    tax_total: Decimal
    surcharge_total: Decimal
    gross_total: Decimal
    withholding_total: Decimal
    amount_due: Decimal
    tax_total_eur: Decimal
    gross_total_eur: Decimal


class _Kind(NamedTuple):
    """What the lines of one subtotal have in common."""

    tax: str
    tax_category: str
    exemption_code: str
    regime_code: str
    tax_rate: Decimal
    surcharge_rate: Decimal

    @property
    def rates(self) -> tuple[Decimal, Decimal]:
        """Only S1 carries tax: elsewhere the buyer owes it, or nobody does (LIVA arts. 84.Uno.2.º, 20–25, 7, 69)."""
        return (self.tax_rate, self.surcharge_rate) if self.tax_category == "S1" else (NOTHING, NOTHING)

    @property
    def order(self) -> tuple[object, ...]:
        """Taxed first, the highest rate first; no two kinds are alike in it."""
        return (
            self.tax, self.tax_category != "S1", self.tax_category, self.exemption_code, self.regime_code,
            -self.tax_rate, -self.surcharge_rate,
        )  # fmt: skip


class _Taxed(NamedTuple):
    """Lines of one kind, worked out."""

    nets: list[Decimal]
    tax: Decimal
    surcharge: Decimal


def calculate(
    lines: Sequence[LineInput],
    *,
    prices_include_tax: bool = False,
    per_line: bool = False,
    withholding_percent: Decimal = NOTHING,
    exchange_rate: Decimal = ONE,
) -> Totals:
    """Work out an invoice.

    ``per_line`` rounds the tax on each line instead of on the summed base of its rate. With ``prices_include_tax`` the
    sum of the lines is what the buyer pays, to the cent: the tax is what remains after the base.
    ``withholding_percent`` applies to the bases (RIRPF art. 95: the income without VAT). ``exchange_rate`` is in units
    of the currency for one euro, positive.
    """
    with localcontext(EXACT):
        nets: list[Decimal] = [ZERO] * len(lines)
        subtotals = []
        for kind, positions in _grouped(lines):
            amounts = [_amount(lines[position]) for position in positions]
            taxed = _tax(kind.rates, amounts, inside=prices_include_tax, per_line=per_line)
            for position, net in zip(positions, taxed.nets, strict=True):
                nets[position] = net
            subtotals.append(_subtotal(kind, taxed, exchange_rate))
        return _totals(nets, subtotals, withholding_percent)


def with_subtotals(
    totals: Totals, lines: Sequence[LineInput], subtotals: Sequence[Subtotal], *, withholding_percent: Decimal
) -> Totals:
    """The invoice with other amounts in its subtotals: what a correction takes is held to what is left, which may be a
    cent more or less than its lines come to. Where a base moves so (prices include tax), the largest of its lines does.
    """
    with localcontext(EXACT):
        nets = list(totals.line_nets)
        for (_, positions), subtotal in zip(_grouped(lines), subtotals, strict=True):
            missing = subtotal.taxable_amount - sum((nets[position] for position in positions), ZERO)
            largest = max(positions, key=lambda position: abs(nets[position]))
            nets[largest] += missing
        return _totals(nets, list(subtotals), withholding_percent)


def first_lines(lines: Sequence[LineInput]) -> list[int]:
    """The position of the first line of each subtotal, in the subtotals' order."""
    return [positions[0] for _, positions in _grouped(lines)]


def check_size(totals: Totals) -> list[Fault]:
    """Amounts that neither the AEAT's format nor the database can hold (``ImporteSgn12.2Type``)."""
    message = gettext_noop("The amount is too large: twelve digits before the point are the most.")
    faults = [
        Fault("amount_too_large", message, pointer=f"#/lines/{position}")
        for position, net in enumerate(totals.line_nets)
        if abs(net) > LARGEST_AMOUNT
    ]
    if not faults and any(abs(amount) > LARGEST_AMOUNT for amount in _figures(totals)):
        faults.append(Fault("amount_too_large", message, pointer="#/lines"))
    return faults


def _figures(totals: Totals) -> Iterable[Decimal]:
    yield from (totals.net_total, totals.tax_total, totals.surcharge_total, totals.gross_total)
    yield from (totals.amount_due, totals.withholding_total, totals.tax_total_eur, totals.gross_total_eur)
    for subtotal in totals.subtotals:
        yield from (subtotal.taxable_amount, subtotal.tax_amount, subtotal.surcharge_amount)
        yield from (subtotal.taxable_amount_eur, subtotal.tax_amount_eur, subtotal.surcharge_amount_eur)


def _grouped(lines: Sequence[LineInput]) -> list[tuple[_Kind, list[int]]]:
    """The positions of the lines of each kind (21 and 21.00 are one rate)."""
    groups: dict[_Kind, list[int]] = {}
    for position, line in enumerate(lines):
        kind = _Kind(
            line.tax, line.tax_category, line.exemption_code, line.regime_code, line.tax_rate, line.surcharge_rate
        )
        groups.setdefault(kind, []).append(position)
    return sorted(groups.items(), key=lambda group: group[0].order)


def _amount(line: LineInput) -> Decimal:
    """Quantity × price − discount (EN 16931 BT-131; gross where prices include tax)."""
    return round_half_up(line.quantity * line.unit_price * (HUNDRED - line.discount_percent) / HUNDRED)


def _tax(rates: tuple[Decimal, Decimal], amounts: list[Decimal], *, inside: bool, per_line: bool) -> _Taxed:
    method = _inside if inside else _on_top
    whole = method(rates, amounts)
    if not per_line:
        return whole
    each = _summed([method(rates, [amount]) for amount in amounts])
    return each if _has_the_sign_of_its_base(each) else whole


def _summed(parts: list[_Taxed]) -> _Taxed:
    return _Taxed(
        [net for part in parts for net in part.nets],
        sum((part.tax for part in parts), ZERO),
        sum((part.surcharge for part in parts), ZERO),
    )


def _has_the_sign_of_its_base(taxed: _Taxed) -> bool:
    """Sales and returns that nearly cancel may leave a cent of tax against its base, which the AEAT refuses (1142)."""
    base = sum(taxed.nets, ZERO)
    return all(not tax or base * tax > 0 for tax in (taxed.tax, taxed.surcharge))


def _on_top(rates: tuple[Decimal, Decimal], nets: list[Decimal]) -> _Taxed:
    """Prices without tax: base × rate."""
    base = sum(nets, ZERO)
    return _Taxed(nets, *(round_half_up(base * rate / HUNDRED) for rate in rates))


def _inside(rates: tuple[Decimal, Decimal], grosses: list[Decimal]) -> _Taxed:
    """Prices with tax: the tax is gross − base, so that the buyer's total never moves.

    Tax and surcharge share that remainder in the proportion of their rates; the odd cent goes to the tax.
    """
    percent = sum(rates)
    factor = 1 + percent / HUNDRED
    gross = sum(grosses, ZERO)
    base = round_half_up(gross / factor)
    rest = gross - base
    surcharge = round_half_up(rest * rates[1] / percent) if rates[1] else ZERO
    return _Taxed(_apportion(base, [gross / factor for gross in grosses]), rest - surcharge, surcharge)


def _apportion(total: Decimal, exact: list[Decimal]) -> list[Decimal]:
    """``exact`` to the cent so that it adds up to ``total``: the missing cents go where rounding took most.

    Never more than one cent a line, and none to a line that rounding left as it was: n roundings and the total's own
    lose at most (n + 1) / 2 cents.
    """
    shares = [round_half_up(amount) for amount in exact]
    missing = total - sum(shares, ZERO)
    if not missing:
        return shares
    cent = CENT.copy_sign(missing)
    neediest = sorted(range(len(exact)), key=lambda i: (cent * (shares[i] - exact[i]), -abs(exact[i]), i))
    for i in neediest[: int(missing / cent)]:
        shares[i] += cent
    return shares


def _subtotal(kind: _Kind, taxed: _Taxed, exchange_rate: Decimal) -> Subtotal:
    base = sum(taxed.nets, ZERO)
    return Subtotal(
        tax=kind.tax,
        tax_category=kind.tax_category,
        exemption_code=kind.exemption_code,
        regime_code=kind.regime_code,
        tax_rate=kind.tax_rate,
        taxable_amount=base,
        tax_amount=taxed.tax,
        surcharge_rate=kind.surcharge_rate,
        surcharge_amount=taxed.surcharge,
        taxable_amount_eur=_in_euro(base, exchange_rate),
        tax_amount_eur=_in_euro(taxed.tax, exchange_rate),
        surcharge_amount_eur=_in_euro(taxed.surcharge, exchange_rate),
    )


def _in_euro(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """RD 1619/2012 art. 12.1: whatever the currency, the tax is stated in euro."""
    return amount if exchange_rate == ONE else round_half_up(amount / exchange_rate)


def _totals(nets: list[Decimal], subtotals: list[Subtotal], withholding_percent: Decimal) -> Totals:
    net = sum((subtotal.taxable_amount for subtotal in subtotals), ZERO)
    tax = sum((subtotal.tax_amount for subtotal in subtotals), ZERO)
    surcharge = sum((subtotal.surcharge_amount for subtotal in subtotals), ZERO)
    tax_eur = sum((subtotal.tax_amount_eur + subtotal.surcharge_amount_eur for subtotal in subtotals), ZERO)
    net_eur = sum((subtotal.taxable_amount_eur for subtotal in subtotals), ZERO)
    withholding = round_half_up(net * withholding_percent / HUNDRED)
    gross = net + tax + surcharge
    return Totals(
        line_nets=tuple(nets),
        subtotals=tuple(subtotals),
        net_total=net,
        tax_total=tax,
        surcharge_total=surcharge,
        gross_total=gross,
        withholding_total=withholding,
        amount_due=gross - withholding,
        tax_total_eur=tax_eur,
        gross_total_eur=net_eur + tax_eur,
    )
