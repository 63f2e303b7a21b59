"""What always holds of an invoice's figures, whatever is on it. The oracle computes with fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.calculation import LineInput, Totals, calculate, check_size
from core.money import LARGEST_AMOUNT

KINDS = [
    ("IVA", "S1", "", "01", "21", "0"),
    ("IVA", "S1", "", "01", "21", "5.2"),
    ("IVA", "S1", "", "01", "21", "1.75"),
    ("IVA", "S1", "", "01", "10", "1.4"),
    ("IVA", "S1", "", "01", "4", "0.5"),
    ("IVA", "S1", "", "01", "5", "0.62"),
    ("IVA", "S1", "", "07", "21", "0"),
    ("IVA", "S1", "", "01", "0", "0"),
    ("IVA", "S2", "", "01", "0", "0"),
    ("IVA", "N1", "", "01", "0", "0"),
    ("IVA", "N2", "", "01", "0", "0"),
    ("IVA", "E", "E1", "01", "0", "0"),
    ("IVA", "E", "E2", "02", "0", "0"),
    ("IGIC", "S1", "", "01", "9.5", "0"),
    ("IPSI", "S1", "", "01", "0.5", "0"),
    ("OTHER", "S1", "", "", "99.99", "0"),
]
CENT = Fraction(1, 100)


def line(quantity="1", unit_price="0", discount_percent="0", kind=KINDS[0]) -> LineInput:
    tax, category, exemption, regime, rate, surcharge = kind
    return LineInput(
        Decimal(quantity), Decimal(unit_price), Decimal(discount_percent), tax, category, exemption, regime,
        Decimal(rate), Decimal(surcharge),
    )  # fmt: skip


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


lines = st.builds(
    line,
    quantity=st.one_of(st.integers(-9, 9).map(Decimal), decimals("-99999", "99999", 6)),
    unit_price=st.one_of(decimals("0", "99", 2), decimals("0", "9999", 8)),
    discount_percent=st.one_of(st.just(Decimal(0)), decimals("0", "100", 4)),
    kind=st.sampled_from(KINDS),
)
invoices = st.lists(lines, min_size=1, max_size=25)
options = st.fixed_dictionaries(
    {
        "prices_include_tax": st.booleans(),
        "per_line": st.booleans(),
        "withholding_percent": st.sampled_from([Decimal(0), Decimal(15), Decimal(7), Decimal("2.8")]),
        "exchange_rate": st.one_of(st.just(Decimal(1)), decimals("0.000001", "99999", 6)),
    }
)


def rounded(amount: Fraction) -> Fraction:
    """To the cent, halves away from zero: not one line in common with what is tested."""
    cents = abs(amount) / CENT
    whole = cents.numerator // cents.denominator + (2 * (cents.numerator % cents.denominator) >= cents.denominator)
    return whole * CENT * (-1 if amount < 0 else 1)


def asked(one: LineInput) -> Fraction:
    """Quantity × price − discount, to the cent."""
    return rounded(Fraction(one.quantity) * Fraction(one.unit_price) * (100 - Fraction(one.discount_percent)) / 100)


def figures(totals: Totals) -> list[Decimal]:
    names = "net_total tax_total surcharge_total gross_total withholding_total amount_due tax_total_eur gross_total_eur"
    parts = "taxable_amount tax_amount surcharge_amount taxable_amount_eur tax_amount_eur surcharge_amount_eur"
    found = [getattr(totals, name) for name in names.split()]
    return found + [getattr(subtotal, name) for subtotal in totals.subtotals for name in parts.split()]


def without_line_nets(totals: Totals) -> list[object]:
    return [totals.subtotals, *figures(totals)]


@given(invoices, options)
def test_the_parts_add_up(invoice, how):
    totals = calculate(invoice, **how)
    subtotals = totals.subtotals
    assert sum(totals.line_nets) == totals.net_total == sum(one.taxable_amount for one in subtotals)
    assert totals.tax_total == sum(one.tax_amount for one in subtotals)
    assert totals.surcharge_total == sum(one.surcharge_amount for one in subtotals)
    assert totals.gross_total == totals.net_total + totals.tax_total + totals.surcharge_total
    assert totals.amount_due == totals.gross_total - totals.withholding_total
    assert totals.tax_total_eur == sum(one.tax_amount_eur + one.surcharge_amount_eur for one in subtotals)
    assert totals.gross_total_eur == totals.tax_total_eur + sum(one.taxable_amount_eur for one in subtotals)


@given(invoices, options)
def test_the_nets_of_the_lines_of_a_rate_add_up_to_its_base(invoice, how):
    totals = calculate(invoice, **how)
    for subtotal in totals.subtotals:
        key = (subtotal.tax, subtotal.tax_category, subtotal.exemption_code, subtotal.regime_code)
        assert subtotal.taxable_amount == sum(
            net
            for one, net in zip(invoice, totals.line_nets, strict=True)
            if (one.tax, one.tax_category, one.exemption_code, one.regime_code) == key
            and (one.tax_rate, one.surcharge_rate) == (subtotal.tax_rate, subtotal.surcharge_rate)
        )


@given(invoices, options)
def test_every_figure_has_exactly_two_decimals_and_no_negative_zero(invoice, how):
    totals = calculate(invoice, **how)
    for amount in [*totals.line_nets, *figures(totals)]:
        assert amount.as_tuple().exponent == -2
        assert not (amount.is_zero() and amount.is_signed())


@given(invoices, options)
def test_an_invoice_and_its_full_correction_sum_to_zero(invoice, how):
    mirror = [line(-one.quantity, one.unit_price, one.discount_percent, kind_of(one)) for one in invoice]
    totals, mirrored = calculate(invoice, **how), calculate(mirror, **how)
    assert [-net for net in totals.line_nets] == list(mirrored.line_nets)
    assert [-amount for amount in figures(totals)] == figures(mirrored)


def kind_of(one: LineInput) -> tuple:
    return (one.tax, one.tax_category, one.exemption_code, one.regime_code, one.tax_rate, one.surcharge_rate)


@given(st.data(), invoices, options)
def test_the_order_of_the_lines_does_not_matter(data, invoice, how):
    shuffled = data.draw(st.permutations(invoice))
    totals, other = calculate(invoice, **how), calculate(shuffled, **how)
    assert without_line_nets(totals) == without_line_nets(other)
    assert sorted(zip(map(asked, invoice), map(kind_of, invoice), totals.line_nets, strict=True)) == sorted(
        zip(map(asked, shuffled), map(kind_of, shuffled), other.line_nets, strict=True)
    )


@given(invoices, options)
def test_with_tax_in_the_prices_the_buyer_pays_the_sum_of_the_lines(invoice, how):
    totals = calculate(invoice, **{**how, "prices_include_tax": True})
    assert Fraction(totals.gross_total) == sum(map(asked, invoice))


@given(invoices, options)
def test_with_tax_in_the_prices_no_line_is_further_than_a_cent_from_its_share(invoice, how):
    totals = calculate(invoice, **{**how, "prices_include_tax": True})
    for one, net in zip(invoice, totals.line_nets, strict=True):
        percent = Fraction(one.tax_rate) + Fraction(one.surcharge_rate) if one.tax_category == "S1" else 0
        assert abs(Fraction(net) - asked(one) / (1 + percent / 100)) <= 3 * CENT / 2


@given(invoices)
def test_without_tax_in_the_prices_every_line_and_rate_is_what_fractions_say(invoice):
    totals = calculate(invoice)
    assert [Fraction(net) for net in totals.line_nets] == [asked(one) for one in invoice]
    for subtotal in totals.subtotals:
        base = Fraction(subtotal.taxable_amount)
        taxed = subtotal.tax_category == "S1"
        assert Fraction(subtotal.tax_amount) == (rounded(base * Fraction(subtotal.tax_rate) / 100) if taxed else 0)
        expected = rounded(base * Fraction(subtotal.surcharge_rate) / 100) if taxed else 0
        assert Fraction(subtotal.surcharge_amount) == expected


@given(invoices)
def test_tax_per_rate_and_per_line_differ_by_half_a_cent_a_line_at_most(invoice):
    per_rate, per_line = calculate(invoice), calculate(invoice, per_line=True)
    bound = Decimal("0.005") * (len(invoice) + len(per_rate.subtotals))
    assert per_rate.line_nets == per_line.line_nets
    assert abs(per_rate.tax_total - per_line.tax_total) <= bound
    assert abs(per_rate.surcharge_total - per_line.surcharge_total) <= bound


@given(invoices, options)
def test_the_aeat_would_accept_the_tax_of_every_rate(invoice, how):
    """Tolerance of 10.00 € for each breakdown, of the same sign (AEAT 1142, 1143); ours is far inside."""
    for subtotal in calculate(invoice, **how).subtotals:
        exact = subtotal.taxable_amount * subtotal.tax_rate / 100 if subtotal.tax_category == "S1" else Decimal(0)
        assert abs(subtotal.tax_amount - exact) <= Decimal("0.01") * (len(invoice) + 1)
        for tax in (subtotal.tax_amount, subtotal.surcharge_amount):
            assert tax == 0 or tax * subtotal.taxable_amount > 0


@given(invoices, options)
def test_only_taxed_lines_carry_tax(invoice, how):
    for subtotal in calculate(invoice, **how).subtotals:
        if subtotal.tax_category != "S1":
            assert subtotal.tax_amount == 0 == subtotal.surcharge_amount


@given(invoices, options)
def test_euro_figures_are_the_others_divided_by_the_exchange_rate(invoice, how):
    for subtotal in calculate(invoice, **how).subtotals:
        for name in ("taxable_amount", "tax_amount", "surcharge_amount"):
            exact = Fraction(getattr(subtotal, name)) / Fraction(how["exchange_rate"])
            assert Fraction(getattr(subtotal, f"{name}_eur")) == rounded(exact)


@given(invoices, options)
def test_the_withholding_is_taken_of_the_bases(invoice, how):
    totals = calculate(invoice, **how)
    exact = Fraction(totals.net_total) * Fraction(how["withholding_percent"]) / 100
    assert Fraction(totals.withholding_total) == rounded(exact)


def test_the_longest_numbers_that_fit_are_rounded_once():
    """504605470394.03499999999999999999: in Python's ordinary 28 digits it would first become …035, and then …04."""
    (net,) = calculate([line("99.000001", "5097029999.02000001", "0.0001")]).line_nets
    assert str(net) == "504605470394.03"


def test_the_line_that_gives_up_a_cent_is_the_largest_wherever_it_stands():
    """9.99 / 1.21 and 11.20 / 1.21 end alike (…62); together they are a cent over their base of 25.77."""
    small, large = line("1", "9.99"), line("1", "11.20")
    orders = [[small, small, large], [large, small, small], [small, large, small]]
    nets = [calculate(order, prices_include_tax=True).line_nets for order in orders]
    assert [[str(net) for net in found] for found in nets] == [
        ["8.26", "8.26", "9.25"],
        ["9.25", "8.26", "8.26"],
        ["8.26", "9.25", "8.26"],
    ]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("category", ["S2", "N1", "N2", "E"])
def test_a_rate_on_an_untaxed_line_is_not_charged(category, inside):
    """It is a fault elsewhere (``tax_rate_must_be_zero``), and would be one here too."""
    untaxed = line("1", "100.00", kind=("IVA", category, "", "01", "21", "5.2"))
    totals = calculate([untaxed], prices_include_tax=inside)
    assert str(totals.gross_total) == str(totals.net_total) == "100.00"


def test_a_thousand_lines_stay_inside_the_aeats_tolerance_even_when_every_rounding_goes_one_way():
    worst = [line("1", "0.12")] * 1000  # 0.0252 of tax each: rounded on each line it loses nothing but gains 0.0048
    per_rate, per_line = calculate(worst), calculate(worst, per_line=True)
    assert per_rate.tax_total == Decimal("25.20")
    assert per_line.tax_total == Decimal("30.00")
    assert per_line.tax_total - per_rate.tax_total < 10


@pytest.mark.parametrize("inside", [False, True])
def test_sales_and_returns_that_nearly_cancel_leave_no_tax_against_their_base(inside):
    """Line by line: four times 0.02 of tax, less 0.09, on a base of 0.01 (AEAT 1142: the same sign)."""
    invoice = [*[line("1", "0.11")] * 4, line("-1", "0.43")]
    (subtotal,) = calculate(invoice, per_line=True, prices_include_tax=inside).subtotals
    assert (subtotal.taxable_amount, subtotal.tax_amount) == (Decimal("0.01"), Decimal("0.00"))


def test_no_lines_are_nothing():
    totals = calculate([])
    assert totals.subtotals == ()
    assert {str(amount) for amount in figures(totals)} == {"0.00"}


def test_subtotals_come_taxed_first_and_highest_first():
    found = calculate([line(unit_price="1", kind=kind) for kind in KINDS]).subtotals
    iva = [one for one in found if one.tax == "IVA"]
    assert [(str(one.tax_rate), str(one.surcharge_rate)) for one in iva if one.regime_code == "01"][:4] == [
        ("21", "5.2"),
        ("21", "1.75"),
        ("21", "0"),
        ("10", "1.4"),
    ]
    categories = [one.tax_category for one in iva]
    assert categories == sorted(categories, key=lambda category: (category != "S1", category))


def test_an_amount_that_fits_is_no_fault():
    assert check_size(calculate([line("1", str(LARGEST_AMOUNT), kind=KINDS[11])])) == []


def test_a_line_that_is_too_large_is_told_by_its_place():
    totals = calculate([line("1", "1.00"), line("1000000", "1000000.00")])
    assert [(fault.code, fault.pointer) for fault in check_size(totals)] == [("amount_too_large", "#/lines/1")]


@pytest.mark.parametrize(
    "how",
    [{}, {"exchange_rate": Decimal("0.000001")}],
    ids=["the total", "the total in euro"],
)
def test_totals_that_are_too_large_are_a_fault_of_the_lines(how):
    price = "900000000000.00" if not how else "1000000.00"
    totals = calculate([line("1", price)], **how)
    assert [(fault.code, fault.pointer) for fault in check_size(totals)] == [("amount_too_large", "#/lines")]
