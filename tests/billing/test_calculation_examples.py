"""The law's cases, worked out by hand: tests/examples/*.json. Each must be lawful, come out to the cent, and say what it must."""

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.calculation import LineInput, Subtotal, Totals, calculate
from billing.taxes import check_line_tax, check_withholding, mentions_for

EXAMPLES = Path(__file__).parent.parent / "examples"
CASES = [(path.stem, case) for path in sorted(EXAMPLES.glob("*.json")) for case in json.loads(path.read_text())]
ORDINARY = {"tax": "IVA", "tax_category": "S1", "exemption_code": "", "regime_code": "01"}
TOTALS = ["net_total", "tax_total", "surcharge_total", "gross_total", "withholding_total", "amount_due"]

every_example = pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{stem}: {case['name']}") for stem, case in CASES]
)


def parsed(values: dict[str, str]) -> dict[str, Any]:
    """Words stay words; the rest are decimals."""
    return {key: value if key in ORDINARY else Decimal(value) for key, value in values.items()}


def line_of(given: dict[str, str]) -> LineInput:
    numbers = {"quantity": "1", "discount_percent": "0", "tax_rate": "0", "surcharge_rate": "0"} | given
    return LineInput(**parsed(ORDINARY | numbers))


def worked_out(case: dict) -> Totals:
    given = case["input"]
    return calculate(
        [line_of(line) for line in given["lines"]],
        prices_include_tax=given.get("prices_include_tax", False),
        per_line=given.get("per_line", False),
        withholding_percent=Decimal(given.get("withholding_percent", 0)),
        exchange_rate=Decimal(given.get("exchange_rate", 1)),
    )


def subtotal_of(expected: dict[str, str]) -> Subtotal:
    """What the example leaves out: the ordinary tax, no surcharge, and in euro the same figures."""
    values = ORDINARY | {"surcharge_rate": "0", "surcharge_amount": "0"} | expected
    for name in ("taxable_amount", "tax_amount", "surcharge_amount"):
        values.setdefault(f"{name}_eur", values[name])
    return Subtotal(**parsed(values))


@every_example
def test_an_example_of_the_law_comes_out_to_the_cent(case):
    totals, expected = worked_out(case), case["expected"]
    assert [str(net) for net in totals.line_nets] == expected["line_nets"]
    assert [asdict(subtotal) for subtotal in totals.subtotals] == [
        asdict(subtotal_of(subtotal)) for subtotal in expected["subtotals"]
    ]
    assert {name: str(getattr(totals, name)) for name in TOTALS} == {name: expected[name] for name in TOTALS}
    tax = Decimal(expected["tax_total"]) + Decimal(expected["surcharge_total"])
    assert totals.tax_total_eur == Decimal(expected.get("tax_total_eur", tax))
    assert totals.gross_total_eur == Decimal(expected.get("gross_total_eur", expected["gross_total"]))


@every_example
def test_an_example_of_the_law_is_lawful(case):
    given = case["input"]
    on, territory = date.fromisoformat(given["operation_date"]), given.get("territory", "mainland")
    for line in map(line_of, given["lines"]):
        names = [*ORDINARY, "tax_rate", "surcharge_rate"]
        assert check_line_tax(**{name: getattr(line, name) for name in names}, on=on) == []
    assert check_withholding(Decimal(given.get("withholding_percent", 0)), territory=territory, on=on) == []


@every_example
def test_an_example_of_the_law_says_what_it_must(case):
    mentions = mentions_for(worked_out(case).subtotals, buyer_tax_id_kind=case["input"].get("buyer_tax_id_kind", ""))
    assert [mention.es for mention in mentions] == case["expected"].get("mentions", [])


def test_the_examples_cover_every_tax_category_exemption_and_way_of_pricing():
    lines = [line_of(line) for _, case in CASES for line in case["input"]["lines"]]
    assert {line.tax for line in lines} == {"IVA", "IGIC", "IPSI", "OTHER"}
    assert {line.tax_category for line in lines} == {"S1", "S2", "N1", "N2", "E"}
    assert {line.exemption_code for line in lines} >= {"E1", "E2", "E3", "E4", "E5", "E6", "E7"}
    options = {name for _, case in CASES for name in case["input"]}
    assert options >= {"prices_include_tax", "per_line", "withholding_percent", "exchange_rate"}
