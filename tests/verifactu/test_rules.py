from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django_verifactu.aeat.identifiers import is_natural_person_nif, is_valid_nif, is_valid_vat_number
from django_verifactu.aeat.validation import validate_invoice
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifactu.oracles import theirs
from tests.verifactu.samples import (
    AMERICAN,
    BUYER,
    FRENCH,
    ISSUER,
    TODAY,
    a_breakdown,
    a_registration,
    an_exempt_breakdown,
    following_registrations,
    registrations,
)
from verifactu import rules
from verifactu.codes import (
    CorrectionMethod,
    Exemption,
    FiscalType,
    IdType,
    IssuedBy,
    PreviousRejection,
    Regime,
    Tax,
    TaxCategory,
)
from verifactu.registration import Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.rules.identifiers import is_natural_persons_nif, is_nif, is_vat_id

NEXT_WEEK = TODAY + timedelta(days=7)
SIMPLIFIED: dict[str, Any] = {"fiscal_type": FiscalType.SIMPLIFIED, "recipients": ()}
R1: dict[str, Any] = {"fiscal_type": FiscalType.CORRECTIVE_LAW, "correction_method": CorrectionMethod.DIFFERENCES}
THIRD: dict[str, Any] = {"issued_by": IssuedBy.THIRD_PARTY}
NO_TAX: dict[str, Any] = {"tax_rate": None, "tax_amount": None}
NOT_SUBJECT: dict[str, Any] = {"tax_category": TaxCategory.NOT_SUBJECT, **NO_TAX}
BY_PLACE: dict[str, Any] = {"tax_category": TaxCategory.NOT_SUBJECT_BY_PLACE, **NO_TAX}
REVERSED: dict[str, Any] = {
    "tax_category": TaxCategory.REVERSE_CHARGE,
    "tax_rate": Decimal(0),
    "tax_amount": Decimal(0),
}
HOSPITAL = Party("Hospital", "Q2866001G")


def found(registration: Registration, *, today: date = TODAY) -> list[tuple[int, str]]:
    return [(finding.code, finding.element) for finding in rules.check(registration, today=today)]


def to(tax_id: str | OtherId) -> dict[str, Any]:
    return {"recipients": (Party("Somebody", tax_id),)}


def test_an_ordinary_invoice_has_no_findings() -> None:
    assert found(a_registration()) == []
    assert found(a_registration(**SIMPLIFIED)) == []


@given(registration=registrations())
@settings(max_examples=200)
def test_whatever_the_aeat_takes_has_no_findings(registration: Registration) -> None:
    assert found(registration) == []


@given(registration=following_registrations())
@settings(max_examples=200)
def test_corrections_and_replacements_have_no_findings_here_or_elsewhere(registration: Registration) -> None:
    """But for what the AEAT documents as refused and takes (1191, 1192)."""
    blocking = [one for one in rules.check(registration, today=TODAY) if one.severity is rules.Severity.BLOCKING]

    assert blocking == []
    assert {violation.code for violation in validate_invoice(theirs(registration), TODAY)} <= {1191, 1192}


@pytest.mark.parametrize(
    ("code", "element", "registration"),
    [
        # Identification
        (1123, "issuer/tax_id", a_registration(issuer=Party("X", "89890001A"))),
        (1123, "issuer/tax_id", a_registration(issuer=AMERICAN)),
        (1100, "issuer/name", a_registration(issuer=Party(" ", "89890001K"))),
        (1100, "issuer/name", a_registration(issuer=Party("x" * 121, "89890001K"))),
        (1100, "description", a_registration(description=" ")),
        (1100, "description", a_registration(description="bell\x07")),
        (1104, "number", a_registration(number="1" * 61)),
        (1104, "number", a_registration(number="A-1 ")),
        (1130, "number", a_registration(number="Ñ-1")),
        (1287, "number", a_registration(number="A<1")),
        (1253, "external_reference", a_registration(external_reference="x" * 61)),
        (1100, "external_reference", a_registration(external_reference="\x01")),
        (1112, "issue_date", a_registration(issue_date=NEXT_WEEK)),
        (1152, "issue_date", a_registration(issue_date=date(2024, 10, 27))),
        (1134, "operation_date", a_registration(operation_date=date(2006, 11, 22))),
        (1146, "operation_date", a_registration(issue_date=date(2026, 11, 20), operation_date=TODAY)),
        # Types
        (1114, "correction_method", a_registration(fiscal_type=FiscalType.CORRECTIVE_LAW)),
        (1115, "correction_method", a_registration(correction_method=CorrectionMethod.DIFFERENCES)),
        (1116, "replaced", a_registration(replaced=(Reference("89890001K", "S-1", TODAY),))),
        (1117, "corrected", a_registration(corrected=(Reference("89890001K", "A-1", TODAY),))),
        (1118, "corrected_amounts", a_registration(**{**R1, "correction_method": CorrectionMethod.SUBSTITUTION})),
        (1119, "corrected_amounts", a_registration(**R1, corrected_amounts=CorrectedAmounts(Decimal(1), Decimal(1)))),
        (1154, "corrected/1/issuer_tax_id", a_registration(**R1, corrected=(Reference("89890001K", "A", TODAY), Reference("X", "B", TODAY)))),
        (1130, "corrected/0/number", a_registration(**R1, corrected=(Reference("89890001K", "Ñ", TODAY),))),
        (1157, "coupon", a_registration(coupon=True)),
        (1183, "simplified_art_7273", a_registration(**SIMPLIFIED, simplified_art_7273=True)),
        (1185, "no_recipient_art_61d", a_registration(no_recipient_art_61d=True)),
        (1153, "previous_rejection", a_registration(previous_rejection=PreviousRejection.NOT_REGISTERED)),
        (1161, "previous_rejection", a_registration(previous_rejection=PreviousRejection.AMENDMENT_REJECTED)),
        (1150, "gross_total", a_registration(a_breakdown(taxable_amount=Decimal(2500), tax_amount=Decimal(525)), **SIMPLIFIED)),
        # Parties
        (1189, "recipients", a_registration(recipients=())),
        (1190, "recipients", a_registration(fiscal_type=FiscalType.SIMPLIFIED)),
        (4113, "recipients", a_registration(recipients=(BUYER,) * 1001)),
        (1193, "recipients/1/tax_id", a_registration(recipients=(BUYER, ISSUER))),
        (1239, "recipients/0/tax_id", a_registration(**to("99999910A"))),
        (1100, "recipients/0/name", a_registration(recipients=(Party("", "99999910G"),))),
        (1101, "recipients/0/tax_id", a_registration(**to(OtherId("ZZ", IdType.PASSPORT, "1")))),
        (1103, "recipients/0/tax_id", a_registration(**to(OtherId("US", IdType.PASSPORT, "1" * 21)))),
        (1103, "recipients/0/tax_id", a_registration(**to(OtherId("FR", IdType.VAT_ID, "FR1")))),
        (1111, "recipients/0/tax_id", a_registration(**to(OtherId("", IdType.PASSPORT, "1")))),
        (1126, "recipients/0/tax_id", a_registration(**to(OtherId("ES", IdType.NATIONAL_ID, "1")))),
        (1126, "recipients/0/tax_id", a_registration(**to(OtherId("FR", IdType.NOT_REGISTERED, "12345678Z")))),
        (1131, "recipients/0/tax_id", a_registration(**to(OtherId("ES", IdType.NOT_REGISTERED, "B12345674")))),
        (1254, "recipients/0/tax_id", a_registration(**to(OtherId("XI", IdType.VAT_ID, "XI123456789")), operation_date=date(2020, 12, 31))),
        (1255, "recipients/0/tax_id", a_registration(**to(OtherId("GB", IdType.VAT_ID, "GB123456789")))),
        (1158, "recipients", a_registration(**SIMPLIFIED, issued_by=IssuedBy.RECIPIENT)),
        (1186, "third_party", a_registration(**THIRD)),
        (1187, "third_party", a_registration(third_party=BUYER)),
        (1178, "third_party/tax_id", a_registration(**THIRD, third_party=Party("X", "1"))),
        (1188, "third_party/tax_id", a_registration(**THIRD, third_party=ISSUER)),
        (1211, "third_party/tax_id", a_registration(**THIRD, third_party=Party("X", OtherId("ES", IdType.NOT_REGISTERED, "12345678Z")))),
        # Breakdown: classification
        (4102, "breakdowns", replace(a_registration(), breakdowns=(a_breakdown(taxable_amount=Decimal(1), tax_amount=Decimal("0.21")),) * 13)),
        (1195, "breakdowns/0/tax_category", a_registration(a_breakdown(tax_category=None))),
        (1196, "breakdowns/0/exemption_code", a_registration(a_breakdown(**BY_PLACE, exemption_code=Exemption.ART_20))),
        (1197, "breakdowns/0/tax_category", a_registration(a_breakdown(**REVERSED), **SIMPLIFIED)),
        (1198, "breakdowns/0/tax_rate", a_registration(a_breakdown(**{**REVERSED, "tax_rate": None}))),
        (1198, "breakdowns/0/tax_rate", a_registration(a_breakdown(**{**REVERSED, "tax_amount": Decimal(1)}))),
        (1207, "breakdowns/0/tax_amount", a_registration(a_breakdown(tax=Tax.IGIC, **{**NOT_SUBJECT, "tax_amount": Decimal(1)}))),
        (1208, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax_rate=None))),
        (1209, "breakdowns/0/tax_rate", a_registration(a_breakdown(**NO_TAX, regime_code=Regime.ENTITY_GROUP, taxable_amount_at_cost=Decimal(1)))),
        (1237, "breakdowns/0/tax_rate", a_registration(a_breakdown(**{**NOT_SUBJECT, "tax_rate": Decimal(0)}))),
        (1238, "breakdowns/0/tax_rate", a_registration(an_exempt_breakdown(Exemption.ART_20, tax_rate=Decimal(0)))),
        (1182, "breakdowns/0/exemption_code", a_registration(an_exempt_breakdown(Exemption.IGIC_7))),
        (1289, "breakdowns/0/exemption_code", a_registration(an_exempt_breakdown(Exemption.ART_25))),
        # Breakdown: regimes
        (1245, "breakdowns/0/regime_code", a_registration(a_breakdown(regime_code=None))),
        (1246, "breakdowns/0/regime_code", a_registration(a_breakdown(regime_code=Regime.R21))),
        (1246, "breakdowns/0/regime_code", a_registration(a_breakdown(tax=Tax.IPSI, regime_code=Regime.CASH_CRITERION))),
        (1260, "breakdowns/0/regime_code", a_registration(a_breakdown(tax=Tax.OTHER))),
        (1257, "breakdowns/0/taxable_amount_at_cost", a_registration(a_breakdown(taxable_amount_at_cost=Decimal(100)))),
        (1199, "breakdowns/0/exemption_code", a_registration(an_exempt_breakdown(Exemption.ART_21))),
        (1286, "breakdowns/0/tax_category", a_registration(a_breakdown(regime_code=Regime.EXPORT))),
        (1200, "breakdowns/0/tax_category", a_registration(a_breakdown(**BY_PLACE, regime_code=Regime.USED_GOODS))),
        (1201, "breakdowns/0/tax_category", a_registration(a_breakdown(regime_code=Regime.INVESTMENT_GOLD))),
        (1202, "breakdowns/0/regime_code", a_registration(a_breakdown(regime_code=Regime.ENTITY_GROUP))),
        (1203, "breakdowns/0/regime_code", a_registration(a_breakdown(**BY_PLACE, regime_code=Regime.CASH_CRITERION))),
        (1203, "breakdowns/0/regime_code", a_registration(an_exempt_breakdown(Exemption.ART_21, regime_code=Regime.CASH_CRITERION))),
        (1252, "breakdowns/0/tax_category", a_registration(a_breakdown(regime_code=Regime.OTHER_TERRITORY))),
        (1205, "breakdowns/0/regime_code", a_registration(a_breakdown(**NOT_SUBJECT, regime_code=Regime.THIRD_PARTY_COLLECTION), recipients=(FRENCH,))),
        (1206, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax_rate=Decimal(10), tax_amount=Decimal(10), regime_code=Regime.PREMISES_RENTAL))),
        (1147, "breakdowns/0/regime_code", a_registration(a_breakdown(regime_code=Regime.PENDING_PUBLIC_WORKS), recipients=(HOSPITAL,))),
        (1148, "breakdowns/0/regime_code", a_registration(a_breakdown(regime_code=Regime.PENDING_PUBLIC_WORKS), operation_date=NEXT_WEEK, **SIMPLIFIED)),
        (1149, "breakdowns/0/regime_code", a_registration(a_breakdown(regime_code=Regime.PENDING_PUBLIC_WORKS), operation_date=NEXT_WEEK)),
        (1293, "breakdowns/0/tax_category", a_registration(a_breakdown(tax=Tax.IGIC, regime_code=Regime.R20))),
        # Rates and amounts
        (1100, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax=Tax.IGIC, tax_rate=Decimal(-7), tax_amount=Decimal(-7)))),
        (1124, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax_rate=Decimal(19), tax_amount=Decimal(19)))),
        (1194, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax_rate=Decimal(5), tax_amount=Decimal(5)))),
        (1235, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax_rate=Decimal(2), tax_amount=Decimal(2)))),
        (1236, "breakdowns/0/tax_rate", a_registration(a_breakdown(tax_rate=Decimal("7.5"), tax_amount=Decimal("7.5")))),
        (1142, "breakdowns/0/tax_amount", a_registration(a_breakdown(tax_amount=Decimal("31.01")))),
        (1143, "breakdowns/0/tax_amount", a_registration(a_breakdown(taxable_amount=Decimal(10), tax_amount=Decimal(-2)))),
        (1144, "breakdowns/0/tax_amount", a_registration(a_breakdown(regime_code=Regime.ENTITY_GROUP, taxable_amount_at_cost=Decimal(1)))),
        (1140, "breakdowns/0/tax_amount", a_registration(a_breakdown(regime_code=Regime.ENTITY_GROUP, taxable_amount_at_cost=Decimal(1), tax_amount=Decimal(-1)))),
        (1284, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(surcharge_rate=Decimal("5.2")))),
        (1281, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(tax=Tax.IGIC, **NOT_SUBJECT, surcharge_rate=Decimal(1), surcharge_amount=Decimal(1)))),
        (1162, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(surcharge_rate=Decimal("1.4"), surcharge_amount=Decimal("1.4")))),
        (1163, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(tax_rate=Decimal(10), tax_amount=Decimal(10), surcharge_rate=Decimal("5.2"), surcharge_amount=Decimal("5.2")))),
        (1164, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(tax_rate=Decimal(4), tax_amount=Decimal(4), surcharge_rate=Decimal("1.4"), surcharge_amount=Decimal("1.4")))),
        (1165, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(tax_rate=Decimal(0), tax_amount=Decimal(0), surcharge_rate=Decimal(0), surcharge_amount=Decimal(0)))),
        # Totals
        (1267, "gross_total", a_registration(gross_total=Decimal(10**12))),
    ],
)  # fmt: skip
def test_what_the_aeat_rejects_is_blocked_with_its_number_and_place(
    code: int, element: str, registration: Registration
) -> None:
    findings = rules.check(registration, today=TODAY)

    assert (code, element) in {
        (finding.code, finding.element) for finding in findings if finding.severity is rules.Severity.BLOCKING
    }
    assert all(str(finding) for finding in findings), "every template can be filled"


@pytest.mark.parametrize(
    ("code", "element", "registration"),
    [
        (2001, "recipients/0/tax_id", a_registration(**to(OtherId("ES", IdType.NOT_REGISTERED, "12345678Z")))),
        (2005, "gross_total", a_registration(gross_total=Decimal("131.01"))),
        (2006, "tax_total", a_registration(tax_total=Decimal("31.01"))),
        (2009, "breakdowns/0/regime_code", a_registration(a_breakdown(tax=Tax.IPSI, regime_code=None))),
        (1191, "recipients/0/tax_id", a_registration(**{**R1, "fiscal_type": FiscalType.CORRECTIVE_BAD_DEBT}, recipients=(FRENCH,))),
        (1192, "recipients/0/tax_id", a_registration(**{**R1, "fiscal_type": FiscalType.CORRECTIVE_INSOLVENCY}, recipients=(AMERICAN,))),
    ],
)  # fmt: skip
def test_what_the_aeat_stores_with_errors_is_only_a_warning(
    code: int, element: str, registration: Registration
) -> None:
    [finding] = rules.check(registration, today=TODAY)

    assert (finding.code, finding.element, finding.severity) == (code, element, rules.Severity.WARNING)


@pytest.mark.parametrize(
    "registration",
    [
        a_registration(gross_total=Decimal("131.00")),  # ten euro are tolerated
        a_registration(a_breakdown(tax_amount=Decimal("31.00")), tax_total=Decimal(31)),
        a_registration(a_breakdown(taxable_amount=Decimal(2480), tax_amount=Decimal("520.80")), **SIMPLIFIED),
        a_registration(a_breakdown(taxable_amount=Decimal(9000), tax_amount=Decimal(1890)), **SIMPLIFIED, no_recipient_art_61d=True),
        a_registration(a_breakdown(taxable_amount=Decimal(9000), tax_amount=Decimal(1890)), **SIMPLIFIED, invoicing_agreement="1"),
        a_registration(a_breakdown(regime_code=Regime.USED_GOODS), gross_total=Decimal(1000)),  # totals not compared
        a_registration(a_breakdown(taxable_amount=Decimal(0), tax_amount=Decimal(50)), **R1),  # differences may be of tax alone
        a_registration(operation_date=date(2006, 11, 23)),
        a_registration(a_breakdown(regime_code=Regime.PENDING_PUBLIC_WORKS), operation_date=NEXT_WEEK, recipients=(HOSPITAL,)),
        a_registration(a_breakdown(regime_code=Regime.PENDING_SUCCESSIVE), operation_date=NEXT_WEEK),
        a_registration(a_breakdown(tax_rate=Decimal(5), tax_amount=Decimal(5)), operation_date=date(2024, 9, 30)),
        a_registration(a_breakdown(tax_rate=Decimal(5), tax_amount=Decimal(5), surcharge_rate=Decimal("0.62"), surcharge_amount=Decimal("0.62")), operation_date=date(2024, 9, 30)),
        a_registration(an_exempt_breakdown(Exemption.ART_25), recipients=(FRENCH,)),
        a_registration(**SIMPLIFIED | R1 | {"fiscal_type": FiscalType.CORRECTIVE_SIMPLIFIED}, coupon=True),
        a_registration(amendment=True, previous_rejection=PreviousRejection.NOT_REGISTERED),
        a_registration(**THIRD, third_party=AMERICAN),
        a_registration(issued_by=IssuedBy.RECIPIENT),
        a_registration(**to(OtherId("XI", IdType.VAT_ID, "XI123456789"))),
        a_registration(a_breakdown(**NOT_SUBJECT, regime_code=Regime.THIRD_PARTY_COLLECTION)),
        a_registration(a_breakdown(**BY_PLACE, regime_code=Regime.OTHER_TERRITORY)),
        a_registration(a_breakdown(**REVERSED, regime_code=Regime.INVESTMENT_GOLD)),
        a_registration(a_breakdown(regime_code=Regime.PREMISES_RENTAL)),
    ],
)  # fmt: skip
def test_what_the_aeat_takes_is_not_objected_to(registration: Registration) -> None:
    assert found(registration) == []


def test_the_ipsi_needs_its_regime_from_2027_on() -> None:
    registration = a_registration(a_breakdown(tax=Tax.IPSI, regime_code=None))

    assert found(registration, today=date(2026, 12, 31)) == [(2009, "breakdowns/0/regime_code")]
    assert found(registration, today=date(2027, 1, 1)) == [(1245, "breakdowns/0/regime_code")]


def test_an_operation_of_the_year_after_next_is_too_far() -> None:
    registration = a_registration(
        a_breakdown(regime_code=Regime.PENDING_SUCCESSIVE), operation_date=date(2028, 1, 1)
    )  # fmt: skip

    assert found(registration) == [(1125, "operation_date")]


# One fault, several numbers: no rate with or without a base at cost; a surcharge that does not go with 0 % or 5 %.
SAME = {1209: 1208, 1277: 1165, 1167: 1160, 1168: 1160}
optional_amounts = st.none() | st.sampled_from([Decimal(0), Decimal(21), Decimal(-21), Decimal("5.2")])
any_breakdown = st.builds(
    Breakdown,
    tax=st.sampled_from(Tax),
    regime_code=st.none() | st.sampled_from(Regime),
    tax_category=st.none() | st.sampled_from(TaxCategory),
    exemption_code=st.none() | st.sampled_from(Exemption),
    tax_rate=st.none()
    | st.sampled_from([Decimal(0), Decimal(5), Decimal("7.5"), Decimal(10), Decimal(19), Decimal(21)]),
    taxable_amount=st.sampled_from([Decimal(0), Decimal(100), Decimal(-100), Decimal(2980)]),
    taxable_amount_at_cost=st.none() | st.just(Decimal(100)),
    tax_amount=optional_amounts,
    surcharge_rate=st.none() | st.sampled_from([Decimal(0), Decimal("1.4"), Decimal("5.2")]),
    surcharge_amount=optional_amounts,
)


@given(
    lines=st.lists(any_breakdown, min_size=1, max_size=3),
    fiscal_type=st.sampled_from([FiscalType.FULL, FiscalType.SIMPLIFIED]),
    recipients=st.sampled_from([(), (BUYER,), (FRENCH,), (HOSPITAL, AMERICAN)]),
    operation_date=st.none() | st.dates(date(2020, 1, 1), date(2029, 1, 1)),
)
@settings(max_examples=600)
def test_others_judge_any_breakdown_alike(
    lines: list[Breakdown], fiscal_type: FiscalType, recipients: tuple[Party, ...], operation_date: date | None
) -> None:
    registration = a_registration(
        *lines, fiscal_type=fiscal_type, recipients=recipients, operation_date=operation_date
    )  # fmt: skip

    ours = {SAME.get(code, code) for code, _ in found(registration)} - {
        2005,
        2006,
    }  # they compute the totals themselves
    others = {SAME.get(violation.code, violation.code) for violation in validate_invoice(theirs(registration), TODAY)}

    assert others <= ours, "they see nothing that we overlook"
    assert bool(others) == bool(ours), "we object to nothing that they let pass"


nif_like = st.from_regex(r"[0-9A-Z][0-9]{7}[0-9A-Z]", fullmatch=True)


@given(value=nif_like)
@settings(max_examples=500)
def test_others_judge_any_nif_alike(value: str) -> None:
    assert is_nif(value) == is_valid_nif(value)
    assert is_natural_persons_nif(value) == is_natural_person_nif(value)


@pytest.mark.parametrize("value", ["00000000T", "X0000000T", "A00000000", "", "89890001k", "89890001-K", " 89890001K"])
def test_a_nif_is_written_plainly_and_is_not_nought(value: str) -> None:
    assert not is_nif(value)
    assert not is_valid_nif(value)


@given(value=st.from_regex(r"(AT|BE|DE|EL|ES|FR|GB|GR|IE|NL|RO|XI|US)[0-9A-Z]{5,12}", fullmatch=True))
@settings(max_examples=500)
def test_others_judge_any_vat_id_alike(value: str) -> None:
    assert is_vat_id(value) == is_valid_vat_number(value)
