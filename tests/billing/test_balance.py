"""What is left of an invoice, whatever is taken back of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.balance import Amounts, Balance, Group, Share, _in_both, balance_of, crossed, fit, share_of
from billing.calculation import LineInput, Subtotal, calculate

RATES = [("21", "0"), ("21", "5.2"), ("10", "1.4"), ("4", "0"), ("0", "0")]


def a_line(price: Decimal, quantity: Decimal = Decimal(1), *, rate: str = "21", surcharge: str = "0") -> LineInput:
    return LineInput(quantity, price, Decimal(0), "IVA", "S1", "", "01", Decimal(rate), Decimal(surcharge))


def subtotals_of(*lines: LineInput, inside: bool = False, exchange_rate: str = "1") -> tuple[Subtotal, ...]:
    return calculate(list(lines), prices_include_tax=inside, exchange_rate=Decimal(exchange_rate)).subtotals


def an_original(*lines: LineInput, inside: bool = False) -> Share:
    return share_of(subtotals_of(*lines, inside=inside), by_differences=False)


def taken(subtotals: tuple[Subtotal, ...]) -> Share:
    return share_of(subtotals, by_differences=True)


cents = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(3000), places=2)
kinds = st.sampled_from(RATES)


@st.composite
def line_inputs(draw: st.DrawFn, *, sign: int = 1, largest: str = "3000") -> LineInput:
    rate, surcharge = draw(kinds)
    price = draw(st.decimals(min_value=Decimal("0.01"), max_value=Decimal(largest), places=2))
    return a_line(price, Decimal(sign), rate=rate, surcharge=surcharge)


def take(shares: list[Share], lines: list[LineInput], *, inside: bool) -> bool:
    """One more correction by differences, if there is enough left for it."""
    fitted = fit(balance_of(shares), subtotals_of(*lines, inside=inside), inside=inside)
    if not fitted.beyond:
        shares.append(taken(fitted.subtotals))
    return not fitted.beyond


def rest_of(balance: Balance, *, inside: bool) -> list[LineInput]:
    """Lines that take back all that is left."""
    return [
        a_line(
            abs(amounts.gross if inside else amounts.taxable_amount),
            Decimal(-balance.sign_of(group)),
            rate=str(group.tax_rate),
            surcharge=str(group.surcharge_rate),
        )
        for group, amounts in balance.groups.items()
        if amounts != Amounts()
    ]


@given(
    original=st.lists(line_inputs(), min_size=1, max_size=5),
    corrections=st.lists(st.lists(line_inputs(sign=-1, largest="900"), min_size=1, max_size=3), max_size=12),
    inside=st.booleans(),
)
def test_whatever_is_taken_nothing_crosses_nought_and_the_rest_closes_to_the_cent(original, corrections, inside):
    shares = [an_original(*original, inside=inside)]

    for lines in corrections:
        take(shares, lines, inside=inside)
        assert crossed(balance_of(shares)) == []

    rest = rest_of(balance_of(shares), inside=inside)
    assert not rest or take(shares, rest, inside=inside)
    assert balance_of(shares).is_used_up


@given(parts=st.lists(cents, min_size=1, max_size=20), rate=kinds, inside=st.booleans())
def test_an_invoice_taken_back_in_any_parts_is_taken_back_to_the_cent(parts, rate, inside):
    """The same lines, one correction each: nothing remains, not even a cent of tax."""
    shares = [an_original(*(a_line(part, rate=rate[0], surcharge=rate[1]) for part in parts), inside=inside)]

    for part in parts:
        assert take(shares, [a_line(part, Decimal(-1), rate=rate[0], surcharge=rate[1])], inside=inside)
        assert crossed(balance_of(shares)) == []

    assert balance_of(shares).is_used_up


@given(price=cents, cent=st.integers(1, 500), inside=st.booleans())
def test_a_cent_more_than_is_left_is_too_much(price, cent, inside):
    balance = balance_of([an_original(a_line(price), inside=inside)])

    more = subtotals_of(a_line(price + Decimal(cent) / 100, Decimal(-1)), inside=inside)

    assert fit(balance, more, inside=inside).beyond


@given(price=cents, returned=cents)
def test_a_group_that_was_a_return_stays_one(price, returned):
    """Below nought is where it belongs, and above is where it may not go."""
    balance = balance_of([an_original(a_line(price), a_line(returned, Decimal(-1), rate="10"))])

    exactly, more = (subtotals_of(a_line(returned + extra, rate="10")) for extra in (Decimal(0), Decimal("0.01")))

    assert not fit(balance, exactly, inside=False).beyond
    assert [group.tax_rate for group in fit(balance, more, inside=False).beyond] == [10]


def test_a_rate_that_the_invoice_did_not_have_may_be_added_and_not_taken():
    balance = balance_of([an_original(a_line(Decimal(100)))])

    assert not fit(balance, subtotals_of(a_line(Decimal(50), rate="10")), inside=False).beyond
    assert fit(balance, subtotals_of(a_line(Decimal("0.01"), Decimal(-1), rate="10")), inside=False).beyond


def test_who_takes_the_rest_of_a_base_takes_the_rest_of_its_tax():
    shares = [an_original(a_line(Decimal("25.00")))]
    for _ in range(2):
        assert take(shares, [a_line(Decimal("12.50"), Decimal(-1))], inside=False)

    taxes = [amounts.tax_amount for share in shares[1:] for amounts in share.groups.values()]

    assert taxes == [Decimal("-2.63"), Decimal("-2.62")]


def test_what_a_closing_correction_takes_in_euro_is_what_is_left_in_euro():
    first = share_of(subtotals_of(a_line(Decimal("10.00")), exchange_rate="1.37"), by_differences=False)
    half = subtotals_of(a_line(Decimal("5.00"), Decimal(-1)), exchange_rate="1.37")
    shares = [first, taken(half)]

    shares.append(taken(fit(balance_of(shares), half, inside=False).subtotals))

    assert balance_of(shares).total == Amounts()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_order_of_the_shares_does_not_matter(order):
    shares = [
        an_original(a_line(Decimal(100))),
        taken(subtotals_of(a_line(Decimal(30), Decimal(-1)))),
        an_original(a_line(Decimal(7), rate="4")),
    ]

    assert balance_of(shares[place] for place in order).total == balance_of(shares).total


def test_a_group_is_named_by_all_that_keeps_it_apart():
    group = Group("IVA", "S1", "", "01", Decimal("21.00"), Decimal(0))

    assert balance_of([an_original(a_line(Decimal(100)))]).left_of(group).gross == Decimal("121.00")


@pytest.mark.parametrize(("euros", "stays"), [("10", False), ("8", True)])
def test_what_gives_way_gives_way_in_euro_where_that_is_the_currency(euros: str, stays: bool) -> None:
    amounts = Amounts(Decimal(10), Decimal(2), Decimal(0), Decimal(euros), Decimal(2), Decimal(0))
    assert _in_both(amounts, Decimal(10), Decimal(2), Decimal(0)) is amounts
    moved = _in_both(amounts, Decimal(9), Decimal(3), Decimal(0))
    assert (moved.taxable_amount, moved.tax_amount) == (Decimal(9), Decimal(3))
    assert moved.taxable_amount_eur == (Decimal(euros) if stays else Decimal(9)), "what was calculated in euro stands"
