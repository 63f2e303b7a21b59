"""Records of every kind that the AEAT takes, for property tests: what ``samples`` draws, the regimes, and all marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from core.money import round_half_up
from tests.verifactu.samples import (
    ISSUER,
    TODAY,
    a_breakdown,
    a_registration,
    amounts,
    following_registrations,
    numbers,
    parties,
    registrations,
    texts,
)
from verifactu.codes import Exemption, GeneratedBy, IdType, PreviousRejection, Regime, Tax, TaxCategory
from verifactu.registration import Annulment, Breakdown, OtherId, Party, Registration

TAXED: Final[dict[str, Any]] = {"tax_category": TaxCategory.TAXED}
REVERSED: Final[dict[str, Any]] = {"tax_category": TaxCategory.REVERSE_CHARGE, "tax_rate": Decimal(0)}
NOT_SUBJECT: Final[dict[str, Any]] = {"tax_category": TaxCategory.NOT_SUBJECT, "tax_rate": None}
BY_PLACE: Final[dict[str, Any]] = {"tax_category": TaxCategory.NOT_SUBJECT_BY_PLACE, "tax_rate": None}
IGIC: Final[dict[str, Any]] = {"tax": Tax.IGIC, "tax_rate": Decimal(7)}
IPSI: Final[dict[str, Any]] = {"tax": Tax.IPSI, "tax_rate": Decimal(4)}


def exempt(code: Exemption) -> dict[str, Any]:
    """By this article."""
    return {"tax_category": None, "exemption_code": code, "tax_rate": None}


NATIONAL: Final = [Party("Ayuntamiento", "P2807900B"), Party("Hospital", "Q2866001G")]
FOREIGN: Final = [
    Party("Librairie Lumière", OtherId("FR", IdType.VAT_ID, "FR12345678901")),
    Party("Belfast Goods", OtherId("GB", IdType.VAT_ID, "XI123456789")),
]
NOT_REGISTERED: Final = Party("Nadie Conocido", OtherId("ES", IdType.NOT_REGISTERED, "12345678Z"))

REGIMES: Final[list[dict[str, Any]]] = [
    {"regime_code": Regime.EXPORT, **exempt(Exemption.ART_21)},
    {"regime_code": Regime.EXPORT, **exempt(Exemption.ART_22)},
    {"regime_code": Regime.USED_GOODS, **TAXED},
    {"regime_code": Regime.USED_GOODS, **exempt(Exemption.ART_20)},
    {"regime_code": Regime.INVESTMENT_GOLD, **REVERSED},
    {"regime_code": Regime.INVESTMENT_GOLD, **exempt(Exemption.OTHER)},
    {"regime_code": Regime.TRAVEL_AGENCIES, **TAXED},
    {"regime_code": Regime.ENTITY_GROUP, **TAXED, "at_cost": True},
    {"regime_code": Regime.CASH_CRITERION, **TAXED},
    {"regime_code": Regime.CASH_CRITERION, **exempt(Exemption.ART_20)},
    {"regime_code": Regime.OTHER_TERRITORY, **BY_PLACE},
    {"regime_code": Regime.TRAVEL_MEDIATION, **TAXED},
    {"regime_code": Regime.PREMISES_RENTAL, **TAXED},
    {"regime_code": Regime.R17, **TAXED},
    {"regime_code": Regime.R18, **TAXED},
    {"regime_code": Regime.R19, **NOT_SUBJECT},
    {"regime_code": Regime.R20, **TAXED},
    *[{**IGIC, "regime_code": regime, **TAXED} for regime in (Regime.R17, Regime.R18, Regime.R21)],
    {**IGIC, "regime_code": Regime.OTHER_TERRITORY, **BY_PLACE},
    {**IGIC, "regime_code": Regime.PREMISES_RENTAL, **TAXED},
    {**IGIC, "regime_code": Regime.ENTITY_GROUP, **TAXED, "at_cost": True},
    {**IGIC, "regime_code": Regime.R19, **exempt(Exemption.IGIC_7)},
    {**IGIC, "regime_code": Regime.R20, **BY_PLACE},
    *[{**IPSI, "regime_code": regime, **TAXED} for regime in (Regime.GENERAL, Regime.PREMISES_RENTAL, Regime.R18)],
    *[{**IPSI, "regime_code": regime, **TAXED} for regime in (Regime.R20, Regime.OTHER_TERRITORY)],
    {**IPSI, "regime_code": Regime.R19, **exempt(Exemption.OTHER)},
    {**IPSI, "regime_code": Regime.GENERAL, **TAXED, "at_cost": True},
    {"tax": Tax.OTHER, "regime_code": None, "tax_rate": Decimal("2.5"), **TAXED, "at_cost": True},
]


@st.composite
def _lines(draw: st.DrawFn, kinds: list[dict[str, Any]]) -> Breakdown:
    kind = dict(draw(st.sampled_from(kinds)))
    at_cost = draw(amounts) if kind.pop("at_cost", False) else None
    base = draw(amounts)
    line = a_breakdown(**kind, taxable_amount=base, taxable_amount_at_cost=at_cost)
    taxed = base if at_cost is None else at_cost
    tax = None if line.tax_rate is None else round_half_up(taxed * line.tax_rate / 100)
    return replace(line, tax_amount=tax)


@st.composite
def _of_regimes(draw: st.DrawFn) -> Registration:
    """Full invoices under every regime but those that ask for something of the whole invoice."""
    lines = draw(st.lists(_lines(REGIMES), min_size=1, max_size=12))
    return a_registration(
        *lines, number=draw(numbers), recipients=tuple(draw(st.lists(parties, min_size=1, max_size=2)))
    )


@st.composite
def _of_demanding_regimes(draw: st.DrawFn) -> Registration:
    """Regimes 10, 14 and 15, and supplies within the Union: each asks for a buyer or a date of its own."""
    later = TODAY + timedelta(days=draw(st.integers(1, 300)))
    lines, changes = draw(
        st.sampled_from(
            [
                ([{"regime_code": Regime.THIRD_PARTY_COLLECTION, **NOT_SUBJECT}], {"recipients": (NATIONAL[0],)}),
                ([{"regime_code": Regime.PENDING_PUBLIC_WORKS}], {"recipients": tuple(NATIONAL), "operation_date": later}),
                ([{**IGIC, "regime_code": Regime.PENDING_PUBLIC_WORKS}], {"recipients": (NATIONAL[1],), "operation_date": later}),
                ([{"regime_code": Regime.PENDING_SUCCESSIVE}, {}], {"operation_date": later}),
                ([{**IGIC, "regime_code": Regime.PENDING_SUCCESSIVE}], {"operation_date": later}),
                ([exempt(Exemption.ART_25)], {"recipients": tuple(FOREIGN)}),
            ]
        )
    )  # fmt: skip
    return a_registration(*[draw(_lines([line])) for line in lines], number=draw(numbers), **changes)


@st.composite
def _of_sizes(draw: st.DrawFn) -> Registration:
    """To the cent around what must be declared as large, and the largest of all, of either sign."""
    amount = Decimal(draw(st.sampled_from(["99999999.99", "100000000.00", "100000000.01", "999999999999.99", "0.00"])))
    line = a_breakdown(
        **exempt(Exemption.ART_20), tax_amount=None, taxable_amount=amount * draw(st.sampled_from([1, -1]))
    )
    return a_registration(line, number=draw(numbers))


@st.composite
def registrations_of_every_kind(draw: st.DrawFn) -> Registration:
    """Whatever may be registered, first or amended, under an agreement or not."""
    plain = draw(
        registrations() | following_registrations() | _of_regimes() | _of_demanding_regimes() | _of_sizes()
    )  # fmt: skip
    replaced = plain.corrected_amounts
    if replaced:
        replaced = replace(replaced, surcharge_amount=draw(st.none() | amounts))
    amended = draw(st.booleans())
    marks = st.sampled_from([None, *PreviousRejection]) if amended else st.sampled_from([None, PreviousRejection.NONE])
    return replace(
        plain,
        corrected_amounts=replaced,
        amendment=amended,
        previous_rejection=draw(marks),
        invoicing_agreement=draw(st.sampled_from(["", "123456789012345"])),
        system_agreement=draw(st.sampled_from(["", "1234567890123456"])),
    )


@st.composite
def annulments_of_every_kind(draw: st.DrawFn) -> Annulment:
    """With and without a record before, rejected or not, generated by whoever may."""
    generators: dict[GeneratedBy | None, list[Party | None]] = {
        None: [None],
        GeneratedBy.RECIPIENT: [*NATIONAL, *FOREIGN, NOT_REGISTERED],
        GeneratedBy.THIRD_PARTY: [*NATIONAL, *FOREIGN],
    }
    generated_by = draw(st.sampled_from(list(generators)))
    generator = draw(st.sampled_from(generators[generated_by]))
    return Annulment(
        issuer_tax_id=ISSUER.tax_id if isinstance(ISSUER.tax_id, str) else "",
        number=draw(numbers),
        issue_date=draw(st.dates(TODAY - timedelta(days=300), TODAY)),
        external_reference=draw(st.just("") | numbers),
        without_previous_record=draw(st.booleans()),
        previously_rejected=draw(st.booleans()),
        generated_by=generated_by,
        generator=replace(generator, name=draw(texts)) if generator else None,
    )
