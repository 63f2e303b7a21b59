"""Rates, surcharges, regimes, exemptions and withholdings by date, as the law and the AEAT have them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product

import pytest

from billing.taxes import (
    CATEGORIES,
    EXEMPTIONS,
    RATES,
    REGIMES,
    TAXES,
    WITHHOLDINGS,
    LineTax,
    check_line_tax,
    check_withholding,
    complete_line_tax,
    ordinary_tax,
    rates_in_force,
    surcharge_for,
    withholdings_in_force,
)
from core.errors import Fault

TODAY = date(2026, 11, 23)
TREATMENTS = ["S1", "S2", "N1", "N2", *EXEMPTIONS]


def codes(faults: list[Fault]) -> list[tuple[str, str | None]]:
    """Code and place of each; its text must be complete too."""
    assert all(str(fault) and "%(" not in str(fault) for fault in faults)
    return [(fault.code, fault.pointer) for fault in faults]


def check(  # one argument for each thing that a line may say of its tax
    *,
    tax: str = "IVA",
    category: str = "S1",
    exemption: str = "",
    regime: str = "01",
    rate: str | None = None,
    surcharge: str = "0",
    on: date = TODAY,
) -> list[tuple[str, str | None]]:
    ordinary = {"IVA": "21", "IGIC": "7", "IPSI": "4"}.get(tax, "1")
    return codes(
        check_line_tax(
            tax=tax,
            tax_category=category,
            exemption_code=exemption,
            regime_code=regime,
            tax_rate=Decimal(rate or (ordinary if category == "S1" else "0")),
            surcharge_rate=Decimal(surcharge),
            on=on,
        )
    )


# Rates


@pytest.mark.parametrize(
    ("rate", "first", "last"),
    [
        ("5", "2022-07-01", "2024-09-30"),  # AEAT 1194
        ("7.5", "2024-10-01", "2024-12-31"),  # AEAT 1235
        ("2", "2024-10-01", "2024-12-31"),  # AEAT 1236
    ],
)
def test_a_temporary_rate_holds_from_its_first_day_to_its_last(rate, first, last):
    days = date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()
    refused = [("tax_rate_not_in_force", "#/tax_rate")]
    assert [check(rate=rate, on=date.fromordinal(day)) for day in days] == [[], []]
    assert [check(rate=rate, on=date.fromordinal(day)) for day in (days[0] - 1, days[1] + 1)] == [refused, refused]


@pytest.mark.parametrize("rate", ["21", "10", "4", "0", "21.00"])
def test_the_standing_rates_hold_today(rate):
    assert check(rate=rate) == []


@pytest.mark.parametrize("rate", ["19", "5", "7.5", "2", "18", "21.01", "-21", "100"])
def test_what_is_no_rate_of_today_is_refused_and_the_right_ones_are_told(rate):
    faults = check_line_tax(
        tax="IVA", tax_category="S1", exemption_code="", regime_code="01",
        tax_rate=Decimal(rate), surcharge_rate=Decimal(0), on=TODAY,
    )  # fmt: skip
    assert codes(faults) == [("tax_rate_not_in_force", "#/tax_rate")]
    assert str(faults[0]) == f"IVA has no rate of {rate} % on 2026-11-23. In force: 21, 10, 4, 0."


@pytest.mark.parametrize(("rate", "lawful"), [("7", True), ("9.5", True), ("6.5", False), ("21", False), ("0", True)])
def test_igic_has_rates_of_its_own(rate, lawful):
    assert (check(tax="IGIC", rate=rate) == []) is lawful


@pytest.mark.parametrize(
    ("rate", "lawful"),
    [("0.5", True), ("3.75", True), ("10", True), ("0.49", False), ("10.01", False), ("1.125", False)],
)
def test_ipsi_is_whatever_the_cities_set_between_a_half_and_ten_per_cent(rate, lawful):
    assert (check(tax="IPSI", rate=rate) == []) is lawful


def test_another_tax_may_have_any_percentage_and_no_regime():
    assert check(tax="OTHER", rate="33.33", regime="") == []
    assert check(tax="OTHER", rate="101", regime="01") == [
        ("regime_code_unknown", "#/regime_code"),
        ("tax_rate_not_in_force", "#/tax_rate"),
    ]


def test_before_there_was_a_tax_no_rate_is_in_force():
    assert rates_in_force("IGIC", date(1980, 1, 1)) == ()
    assert check(tax="IGIC", on=date(1980, 1, 1)) == [("tax_rate_not_in_force", "#/tax_rate")]


def test_rates_are_told_highest_first():
    assert [str(row.rate) for row in rates_in_force("IVA", TODAY)] == ["21", "10", "4", "0"]
    assert [str(row.rate) for row in rates_in_force("IVA", date(2024, 11, 1))] == ["21", "10", "7.5", "4", "2", "0"]


@pytest.mark.parametrize("table", [RATES, WITHHOLDINGS], ids=["rates", "withholdings"])
def test_no_row_ends_before_it_begins(table):
    assert all(row.valid_to is None or row.valid_from <= row.valid_to for row in table)


def test_no_two_rows_of_a_rate_hold_on_one_day():
    for one, other in combinations(RATES, 2):
        if (one.tax, one.rate) == (other.tax, other.rate):
            assert not one.holds(other.valid_from)
            assert not other.holds(one.valid_from)


# Equivalence surcharge


@pytest.mark.parametrize(
    ("rate", "on", "ordinary"),
    [
        ("21", "2026-11-23", "5.2"),
        ("10", "2026-11-23", "1.4"),
        ("4", "2026-11-23", "0.5"),
        ("0", "2023-05-05", "0"),
        ("5", "2022-12-31", "0.5"),  # AEAT 1167
        ("5", "2023-01-01", "0.62"),  # AEAT 1168
        ("7.5", "2024-10-01", "1"),  # AEAT 1169
        ("2", "2024-12-31", "0.26"),  # AEAT 1166
    ],
)
def test_each_rate_has_its_ordinary_surcharge_on_its_days(rate, on, ordinary):
    day = date.fromisoformat(on)
    assert surcharge_for("IVA", Decimal(rate), day) == Decimal(ordinary)
    assert check(rate=rate, surcharge=ordinary, on=day) == []


@pytest.mark.parametrize(("tax", "rate"), [("IVA", "19"), ("IVA", "5"), ("IGIC", "7"), ("IPSI", "4"), ("OTHER", "1")])
def test_there_is_no_surcharge_where_the_law_names_none(tax, rate):
    assert surcharge_for(tax, Decimal(rate), TODAY) is None


def test_tobacco_has_a_surcharge_of_its_own():
    assert check(rate="21", surcharge="1.75") == []
    assert check(rate="10", surcharge="1.75") == [("surcharge_not_for_rate", "#/surcharge_rate")]


@pytest.mark.parametrize(
    ("tax", "rate", "surcharge", "on"),
    [
        ("IVA", "21", "1.4", TODAY),  # AEAT 1162
        ("IVA", "4", "5.2", TODAY),  # AEAT 1164
        ("IVA", "5", "0.62", date(2022, 12, 31)),
        ("IVA", "5", "0.5", date(2023, 1, 1)),
        ("IVA", "0", "0.5", TODAY),  # AEAT 1165
        ("IGIC", "7", "0.7", TODAY),  # on imports only
    ],
)
def test_a_surcharge_that_does_not_go_with_its_rate_is_refused(tax, rate, surcharge, on):
    assert check(tax=tax, rate=rate, surcharge=surcharge, on=on) == [("surcharge_not_for_rate", "#/surcharge_rate")]


@pytest.mark.parametrize(("category", "exemption"), [("S2", ""), ("N1", ""), ("N2", ""), ("E", "E1")])
def test_only_taxed_lines_carry_a_rate_or_a_surcharge(category, exemption):
    """AEAT 1198, 1237, 1238, 1281."""
    assert check(category=category, exemption=exemption) == []
    assert check(category=category, exemption=exemption, rate="21", surcharge="5.2") == [
        ("tax_rate_must_be_zero", "#/tax_rate"),
        ("surcharge_only_with_s1", "#/surcharge_rate"),
    ]


# Categories, exemptions and regimes


def test_an_unknown_tax_is_the_only_thing_said_of_its_line():
    assert check(tax="VAT", category="?", regime="?") == [("tax_unknown", "#/tax")]


def test_every_other_fault_of_a_line_is_told_at_once():
    assert check(category="X", exemption="E9", regime="99") == [
        ("tax_category_unknown", "#/tax_category"),
        ("exemption_code_unknown", "#/exemption_code"),
        ("regime_code_unknown", "#/regime_code"),
    ]


def test_an_exempt_line_says_why():
    """RD 1619/2012 art. 6.1.j."""
    assert check(category="E") == [("exemption_code_missing", "#/exemption_code")]


@pytest.mark.parametrize("category", ["S1", "S2", "N1", "N2"])
def test_a_cause_of_exemption_and_another_category_exclude_each_other(category):
    assert check(category=category, exemption="E1") == [("exemption_only_with_e", "#/tax_category")]  # AEAT 1196


@pytest.mark.parametrize("exemption", ["E7", "E8"])
def test_two_causes_of_exemption_belong_to_igic(exemption):
    assert check(tax="IGIC", category="E", exemption=exemption) == []
    assert check(tax="IVA", category="E", exemption=exemption) == [("exemption_not_for_tax", "#/exemption_code")]


# What the AEAT's validations allow (verifactu rules, 1199–1206, 1252, 1286, 1293), written down a second time.
EXEMPT = set(EXEMPTIONS)
ALLOWED = {
    ("IVA", "01"): set(TREATMENTS) - {"E2", "E3"},
    ("IVA", "02"): EXEMPT,
    ("IVA", "03"): EXEMPT | {"S1"},
    ("IVA", "04"): EXEMPT | {"S2"},
    ("IVA", "07"): {"S1", "E1", "E6"},
    ("IVA", "08"): {"N2"},
    ("IVA", "10"): {"N1"},
    ("IVA", "11"): {"S1"},
    ("IGIC", "01"): set(TREATMENTS) - {"E2", "E3"},
    ("IGIC", "02"): EXEMPT,
    ("IGIC", "03"): EXEMPT | {"S1"},
    ("IGIC", "04"): EXEMPT | {"S2"},
    ("IGIC", "07"): {"S1", "E1", "E6", "E7", "E8"},
    ("IGIC", "08"): {"N2"},
    ("IGIC", "10"): {"N1"},
    ("IGIC", "20"): {"N2"},
    ("IPSI", "08"): {"N2"},
}
EVERY_REGIME = [(tax, code) for tax, regimes in REGIMES.items() for code in regimes]


@pytest.mark.parametrize(("tax", "regime"), EVERY_REGIME)
def test_a_regime_takes_what_the_aeat_lets_it(tax, regime):
    taken = set()
    for treatment in TREATMENTS:
        exempt = treatment.startswith("E")
        found = check(
            tax=tax, category="E" if exempt else treatment, exemption=treatment if exempt else "", regime=regime
        )
        if ("regime_forbids_category", "#/regime_code") not in found:
            assert found in ([], [("exemption_not_for_tax", "#/exemption_code")])
            taken.add(treatment)
    igic_only = set() if tax == "IGIC" else {"E7", "E8"}
    assert taken - igic_only == ALLOWED.get((tax, regime), set(TREATMENTS)) - igic_only


def test_the_regimes_are_the_aeats_lists():
    common = {"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "14", "15"}
    assert set(REGIMES["IVA"]) == common | {"17", "18", "19", "20"}  # L8A
    assert set(REGIMES["IGIC"]) == common | {"17", "18", "19", "20", "21"}  # L8B
    assert set(REGIMES["IPSI"]) == {"01", "08", "11", "18", "19", "20"}
    assert all(code == regime.code for regimes in REGIMES.values() for code, regime in regimes.items())


@pytest.mark.parametrize(("tax", "regime"), [("IVA", "12"), ("IVA", "21"), ("IVA", ""), ("IPSI", "02"), ("IGIC", "16")])
def test_a_regime_of_another_tax_is_unknown(tax, regime):
    assert check(tax=tax, regime=regime) == [("regime_code_unknown", "#/regime_code")]


def test_a_lease_of_business_premises_takes_only_the_general_rate():
    assert check(regime="11", rate="10") == [("regime_forbids_rate", "#/tax_rate")]  # AEAT 1206
    assert check(tax="IGIC", regime="11", rate="3") == []


def test_every_label_is_in_both_languages():
    tables = [*TAXES.values(), *CATEGORIES.values(), *EXEMPTIONS.values()]
    tables += [regime.label for regimes in REGIMES.values() for regime in regimes.values()]
    assert all(label.es and label.en and label.es != label.en for label in tables)


# Completing a line


def complete(**said: object) -> tuple[LineTax | None, list[Fault]]:
    nothing = {"tax": None, "tax_rate": None, "tax_category": None, "exemption_code": "", "regime_code": None}
    return complete_line_tax(**{"territory": "mainland", **nothing, **said})


ORDINARY = LineTax("IVA", "S1", "", "01", Decimal(21))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"tax_rate": Decimal(21)}, ORDINARY),
        ({"tax_rate": Decimal(0)}, replace(ORDINARY, tax_rate=Decimal(0))),
        ({"tax_rate": Decimal(21), "regime_code": "07"}, replace(ORDINARY, regime_code="07")),
        ({"exemption_code": "E1"}, LineTax("IVA", "E", "E1", "01", Decimal(0))),
        ({"exemption_code": "E2"}, LineTax("IVA", "E", "E2", "02", Decimal(0))),
        ({"exemption_code": "E3", "tax": "IGIC"}, LineTax("IGIC", "E", "E3", "02", Decimal(0))),
        ({"exemption_code": "E2", "tax": "IPSI"}, LineTax("IPSI", "E", "E2", "01", Decimal(0))),
        ({"tax_category": "S2"}, LineTax("IVA", "S2", "", "01", Decimal(0))),
        ({"tax_category": "N1"}, LineTax("IVA", "N1", "", "01", Decimal(0))),
        ({"tax_category": "N2"}, LineTax("IVA", "N2", "", "01", Decimal(0))),
        ({"tax": "OTHER", "tax_rate": Decimal(3)}, LineTax("OTHER", "S1", "", "", Decimal(3))),
        ({"territory": "canary", "tax_rate": Decimal(7)}, LineTax("IGIC", "S1", "", "01", Decimal(7))),
        ({"territory": "ceuta", "tax_rate": Decimal(4)}, LineTax("IPSI", "S1", "", "01", Decimal(4))),
    ],
)
def test_what_a_line_leaves_out_is_filled_in_and_lawful(said, expected):
    completed, faults = complete(**said)
    assert (completed, faults) == (expected, [])
    assert check_line_tax(
        tax=expected.tax,
        tax_category=expected.tax_category,
        exemption_code=expected.exemption_code,
        regime_code=expected.regime_code,
        tax_rate=expected.tax_rate,
        surcharge_rate=Decimal(0),
        on=TODAY,
    ) == []  # fmt: skip


@pytest.mark.parametrize("said", [{}, {"tax_category": "S1"}, {"tax_category": "S1", "exemption_code": "E1"}])
def test_a_rate_is_never_guessed(said):
    completed, faults = complete(**said)
    assert completed is None
    assert codes(faults) == [("tax_rate_missing", "#/tax_rate")]


def test_what_a_line_says_is_kept_even_when_it_is_wrong():
    completed, _ = complete(exemption_code="E1", tax_rate=Decimal(21), regime_code="99")
    assert completed == LineTax("IVA", "E", "E1", "99", Decimal(21))


def test_each_territory_has_its_ordinary_tax():
    territories = ["mainland", "canary", "ceuta", "melilla"]
    assert [ordinary_tax(territory) for territory in territories] == ["IVA", "IGIC", "IPSI", "IPSI"]


# Withholding


@pytest.mark.parametrize("percent", ["0", "1", "2", "7", "15", "19", "24", "15.00"])
def test_the_withholdings_of_the_regulation_hold_everywhere(percent):
    for territory in ("mainland", "canary", "ceuta", "melilla"):
        assert check_withholding(Decimal(percent), territory=territory, on=TODAY) == []


@pytest.mark.parametrize(
    ("percent", "territory"), list(product(["6", "2.8", "7.6"], ["mainland", "canary", "ceuta", "melilla"]))
)
def test_the_reduced_ones_hold_in_ceuta_and_melilla(percent, territory):
    lawful = check_withholding(Decimal(percent), territory=territory, on=TODAY) == []
    assert lawful is (territory in {"ceuta", "melilla"})


def test_the_reduced_ones_held_in_la_palma_for_some_years():
    found = [
        check_withholding(Decimal(6), territory="canary", on=date(year, 6, 1)) for year in (2021, 2022, 2025, 2026)
    ]
    assert [faults == [] for faults in found] == [False, True, True, False]


@pytest.mark.parametrize("percent", ["9", "18", "21", "-15", "100"])
def test_another_withholding_is_refused_and_the_right_ones_are_told(percent):
    faults = check_withholding(Decimal(percent), territory="mainland", on=TODAY)
    assert codes(faults) == [("withholding_not_in_force", "#/withholding_percent")]
    assert str(faults[0]).endswith("24, 19, 15, 7, 2, 1.")


def test_the_reduced_withholdings_are_forty_per_cent_of_the_ordinary_ones():
    ordinary = {row.percent for row in withholdings_in_force("mainland", TODAY)}
    reduced = {row.percent for row in withholdings_in_force("melilla", TODAY)} - ordinary
    assert reduced == {percent * Decimal("0.4") for percent in (Decimal(19), Decimal(15), Decimal(7))}
