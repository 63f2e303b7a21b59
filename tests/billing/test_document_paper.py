"""What stands on the paper, in which words and columns."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth

from billing.documents import formatting
from billing.documents.countries import country_name
from billing.documents.fonts import REGULAR
from billing.documents.paper import Paper, paper_of
from billing.documents.tables import DIGIT_PT, MARK_PT, TYPE_PT, Table
from billing.documents.view import DocumentView
from billing.documents.words import ENGLISH, SPANISH
from tests.billing.papers import BUYER, SELLER, a_draft_view, a_line, a_view


def column(table: Table, title: str) -> list[str]:
    """The cells under a title."""
    index = [head.title for head in table.heads].index(title)
    return [row.cells[index].text for row in table.rows]


def totals(view: DocumentView) -> dict[str, str]:
    return {fact.label: fact.value for fact in paper_of(view).totals}


def facts(paper: Paper) -> dict[str, str]:
    return {fact.label: fact.value for fact in paper.facts}


@pytest.mark.parametrize(
    ("value", "spanish", "english"),
    [
        ("0", "0,00 €", "€0.00"),
        ("-0.001", "0,00 €", "€0.00"),
        ("1234.5", "1.234,50 €", "€1,234.50"),
        ("-1234567.89", "−1.234.567,89 €", "−€1,234,567.89"),
        ("999999999999.99", "999.999.999.999,99 €", "€999,999,999,999.99"),
    ],
)
def test_money_is_written_as_people_write_it(value, spanish, english):
    assert formatting.money(Decimal(value), SPANISH, "EUR") == spanish
    assert formatting.money(Decimal(value), ENGLISH, "EUR") == english


def test_other_currencies_go_by_their_code():
    assert formatting.money(Decimal("1234.50"), SPANISH, "USD") == "1.234,50 USD"
    assert formatting.money(Decimal("-1.5"), ENGLISH, "CHF") == "−CHF 1.50"


@pytest.mark.parametrize(
    ("value", "text"), [("21.00", "21 %"), ("5.20", "5,2 %"), ("0.00", "0 %"), ("33.3333", "33,3333 %")]
)
def test_percentages_have_no_idle_noughts(value, text):
    assert formatting.percent(Decimal(value), SPANISH) == text


def test_dates_cannot_be_misread():
    assert formatting.day(date(2026, 3, 2), SPANISH) == "02/03/2026"
    assert formatting.day(date(2026, 3, 2), ENGLISH) == "2 Mar 2026"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_can_be_read_back(value):
    text = formatting.amount(value, SPANISH)

    assert Decimal(text.replace(".", "").replace(",", ".").replace(formatting.MINUS, "-")) == value


def test_everything_that_the_law_asks_for_is_there():
    """RD 1619/2012 art. 6.1, letter by letter."""
    paper = paper_of(
        a_view(a_line("Silla", price="33.335", quantity="3", discount=10), operation_date=date(2026, 11, 20))
    )

    assert paper.number == "A-2026-00001"  # a
    assert facts(paper)["Fecha de expedición"] == "23/11/2026"  # b
    assert SELLER.name in paper.seller.lines  # c: the legal name under the trade name
    assert paper.buyer is not None
    assert paper.buyer.name == BUYER.name
    assert "NIF 89890001K" in paper.seller.lines  # d
    assert "NIF 99999910G" in paper.buyer.lines
    assert "28005 Madrid" in paper.seller.lines  # e: province and city of one name are said once
    assert "46012 València, Valencia" in paper.buyer.lines
    assert paper.lines.rows[0].label == "Silla"  # f
    assert column(paper.lines, "Cantidad") == ["3"]
    assert column(paper.lines, "Precio") == ["33,335"]
    assert column(paper.lines, "Dto.") == ["10 %"]
    assert column(paper.lines, "Importe") == ["90,00"]
    assert column(paper.lines, "IVA") == ["21 %"]  # g
    assert [row.label for row in paper.taxes.rows] == ["IVA 21 %"]
    assert column(paper.taxes, "Base") == ["90,00"]
    assert column(paper.taxes, "Cuota") == ["18,90"]  # h
    assert facts(paper)["Fecha de operación"] == "20/11/2026"  # i


def test_an_operation_of_the_same_day_is_not_dated_twice():
    paper = paper_of(a_view(operation_date=date(2026, 11, 23)))

    assert list(facts(paper)) == ["Fecha de expedición"]


def test_figures_of_a_column_keep_their_decimal_marks_in_line():
    lines = (a_line(quantity="3"), a_line(quantity="12.5"), a_line(quantity="1.25"))
    rows = paper_of(a_view(*lines)).lines.rows

    indents = [row.cells[0].indent for row in rows]

    assert [row.cells[0].text for row in rows] == ["3", "12,5", "1,25"]
    assert indents[0] > indents[1] > indents[2] == 0


def test_digits_are_as_wide_as_the_columns_believe():
    """In another face the figures would no longer line up."""
    widths = [stringWidth(digit, REGULAR, float(TYPE_PT)) for digit in "0123456789−"]

    assert widths == pytest.approx([float(DIGIT_PT)] * len(widths))
    assert stringWidth(",", REGULAR, float(TYPE_PT)) == pytest.approx(float(MARK_PT), abs=0.01)


def test_no_discount_no_column():
    assert "Dto." not in [head.title for head in paper_of(a_view()).lines.heads]


def test_prices_with_tax_are_shown_without_it_too():
    """RD 1619/2012 art. 6.1.f: the unit price without tax."""
    paper = paper_of(a_view(a_line(price="12.10", line_net=Decimal("10.00")), prices_include_tax=True))

    assert column(paper.lines, "Precio con IVA") == ["12,10"]
    assert column(paper.lines, "Precio sin IVA") == ["10,00"]


def test_the_withholding_lowers_what_is_paid_and_not_the_total():
    rows = totals(a_view(a_line(price="1000"), withholding=15))

    assert rows == {
        "Base imponible": "1.000,00 €",
        "IVA": "210,00 €",
        "Total factura": "1.210,00 €",
        "Retención IRPF 15 %": "−150,00 €",
        "Total a pagar": "1.060,00 €",
    }


def test_the_surcharge_stands_apart_from_the_tax():
    """LIVA art. 158: two rates, two amounts."""
    view = a_view(a_line(price="100", surcharge_rate=Decimal("5.2")))
    taxes = paper_of(view).taxes

    assert [cell.text for cell in taxes.rows[0].cells] == ["100,00", "21,00", "5,2 %", "5,20"]
    assert totals(view)["Recargo de equivalencia"] == "5,20 €"


def test_in_another_currency_the_tax_is_stated_in_euro():
    """RD 1619/2012 art. 12.1."""
    view = a_view(
        currency="USD",
        exchange_rate=Decimal("1.082300"),
        tax_total_eur=Decimal("19.40"),
        gross_total_eur=Decimal("111.80"),
    )

    assert totals(view) == {
        "Base imponible": "100,00 USD",
        "IVA": "21,00 USD",
        "Total factura": "121,00 USD",
        "IVA en euros": "19,40 €",
        "Total factura en euros": "111,80 €",
        "Tipo de cambio": "1 EUR = 1,0823 USD",
    }


@pytest.mark.parametrize(
    ("category", "spanish", "english"),
    [("E", "exento", "exempt"), ("S2", "inv. sujeto pasivo", "reverse charge"), ("N2", "no sujeto", "not subject")],
)
def test_what_bears_no_tax_is_named_and_never_a_rate_of_nought(category, spanish, english):
    view = a_view(a_line(rate="0", tax_category=category))

    assert paper_of(view).taxes.rows[0].label == f"IVA {spanish}"
    assert paper_of(replace(view, language="en")).taxes.rows[0].label == f"VAT {english}"


def test_mixed_taxes_are_named_on_every_line():
    paper = paper_of(a_view(a_line(), a_line(tax="IGIC", rate="7"), a_line(tax="OTHER", rate="5")))

    assert column(paper.lines, "Impuesto") == ["IVA 21 %", "IGIC 7 %", "Impuesto 5 %"]


@pytest.mark.parametrize(
    ("fiscal_type", "spanish", "english"),
    [
        ("F1", "Factura", "Invoice"),
        ("F2", "Factura simplificada", "Simplified invoice"),
        ("F3", "Factura en sustitución de simplificadas", "Invoice replacing simplified ones"),
        ("R1", "Factura rectificativa", "Corrective invoice"),
        ("R5", "Factura rectificativa", "Corrective invoice"),
    ],
)
def test_the_kind_of_invoice_is_said(fiscal_type, spanish, english):
    view = a_view(fiscal_type=fiscal_type)

    assert paper_of(view).heading == spanish
    assert paper_of(replace(view, language="en")).heading == english


def test_a_draft_says_so_and_has_no_number():
    paper = paper_of(a_draft_view(is_test=True))

    assert (paper.number, paper.banner, paper.mark) == ("Borrador", "BORRADOR – sin validez fiscal", "borrador")
    assert "Fecha de expedición" not in facts(paper)


def test_only_a_test_and_a_draft_are_marked():
    assert (paper_of(a_view()).banner, paper_of(a_view()).mark) == ("", "")
    assert paper_of(a_view(is_test=True)).mark == "sin-validez"
    assert paper_of(a_view(is_test=True, language="en")).banner.startswith("SIN VALIDEZ")


def test_abroad_the_country_is_part_of_the_address():
    buyer = replace(BUYER, country="DE", tax_id="DE136695976", tax_id_kind="eu_vat", city="Berlin", province="")
    spanish, english = paper_of(a_view(buyer=buyer)), paper_of(a_view(buyer=buyer, language="en"))

    assert spanish.buyer is not None
    assert english.buyer is not None
    assert (spanish.buyer.lines[0], spanish.buyer.lines[-1]) == ("NIF-IVA DE136695976", "Alemania")
    assert (english.buyer.lines[0], english.buyer.lines[-1]) == ("VAT no. DE136695976", "Germany")
    assert "España" in spanish.seller.lines


def test_every_country_has_a_name():
    assert country_name("FR", "es") == "Francia"
    assert country_name("GB", "en") == "United Kingdom"
    assert country_name("VU", "es") == "Vanuatu"
    assert country_name("QQ", "es") == "QQ"


def test_a_simplified_invoice_may_have_no_buyer():
    assert paper_of(a_view(fiscal_type="F2", buyer=None)).buyer is None


def test_the_invoices_terms_come_before_the_sellers():
    paper = paper_of(a_view(payment_terms="Al contado"))

    assert [(fact.label, fact.value) for fact in paper.payment] == [
        ("Forma de pago", "Al contado"),
        ("IBAN", "ES91 2100 0418 4502 0005 1332"),
    ]


def test_figures_in_the_billions_make_the_type_smaller():
    amount = Decimal("999999999999.99")
    huge = a_line(price=str(amount), discount="33.3333", quantity="-999999999999.123456", line_net=-amount)
    lines = paper_of(replace(a_view(), lines=(huge,))).lines

    assert lines.type_size < paper_of(a_view()).lines.type_size
    assert lines.label.width == Decimal(45)
    assert sum(head.width for head in (lines.label, *lines.heads)) == pytest.approx(Decimal(174), abs=Decimal("0.05"))
