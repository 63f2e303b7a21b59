from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django_verifactu.aeat.identifiers import is_natural_person_nif, is_valid_nif, is_valid_vat_number
from django_verifactu.aeat.validation import validate_cancellation, validate_invoice
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifactu.objections import (
    HOSPITAL,
    REJECTED,
    REJECTED_ANNULMENTS,
    SIMPLIFIED,
    TAKEN,
    TAKEN_ANNULMENTS,
    WARNED,
    an_annulment,
    generated,
)
from tests.verifactu.oracles import their_annulment, theirs
from tests.verifactu.samples import (
    AMERICAN,
    BUYER,
    FRENCH,
    ISSUER,
    TODAY,
    a_breakdown,
    a_registration,
    following_registrations,
    registrations,
)
from verifactu import rules
from verifactu.codes import (
    CorrectionMethod,
    Exemption,
    FiscalType,
    GeneratedBy,
    IdType,
    IssuedBy,
    PreviousRejection,
    Regime,
    Tax,
    TaxCategory,
)
from verifactu.registration import Annulment, Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.rules.identifiers import is_natural_persons_nif, is_nif, is_vat_id


def found(registration: Registration, *, today: date = TODAY) -> list[tuple[int, str]]:
    return [(finding.code, finding.element) for finding in rules.check(registration, today=today)]


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


@pytest.mark.parametrize(("code", "element", "registration"), REJECTED)
def test_what_the_aeat_rejects_is_blocked_with_its_number_and_place(
    code: int, element: str, registration: Registration
) -> None:
    findings = rules.check(registration, today=TODAY)

    assert (code, element) in {
        (finding.code, finding.element) for finding in findings if finding.severity is rules.Severity.BLOCKING
    }
    assert all(str(finding) for finding in findings), "every template can be filled"


@pytest.mark.parametrize(("code", "element", "registration"), WARNED)
def test_what_the_aeat_stores_with_errors_is_only_a_warning(
    code: int, element: str, registration: Registration
) -> None:
    [finding] = rules.check(registration, today=TODAY)

    assert (finding.code, finding.element, finding.severity) == (code, element, rules.Severity.WARNING)


@pytest.mark.parametrize(("code", "element", "annulment"), REJECTED_ANNULMENTS)
def test_what_the_aeat_rejects_of_an_annulment_is_blocked(code: int, element: str, annulment: Annulment) -> None:
    findings = rules.check_annulment(annulment)

    assert (code, element, rules.Severity.BLOCKING) in {(one.code, one.element, one.severity) for one in findings}
    others = [violation.code for violation in validate_cancellation(their_annulment(annulment))]
    assert others or code == 1100, "they refuse it too (an empty name by the schema)"


@pytest.mark.parametrize("annulment", TAKEN_ANNULMENTS)
def test_what_the_aeat_takes_of_an_annulment_is_not_objected_to(annulment: Annulment) -> None:
    assert rules.check_annulment(annulment) == []
    assert validate_cancellation(their_annulment(annulment)) == []


def test_an_issuer_who_names_itself_as_generator_is_warned_only() -> None:
    """The AEAT's text forbids it (1259), its list of generators has it; django-verifactu follows the text."""
    itself = an_annulment(**generated(GeneratedBy.ISSUER, "89890001K"))

    [finding] = rules.check_annulment(itself)

    assert (finding.code, finding.severity) == (1259, rules.Severity.WARNING)
    assert [violation.code for violation in validate_cancellation(their_annulment(itself))] == [1259]


@pytest.mark.parametrize("registration", TAKEN)
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


# One fault, several numbers: no rate with or without a base at cost; another type than 01 with regime 14's recipients.
SAME = {1209: 1208}
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


# What they call by another number: the block's, where we give the identification's, and a third party's absence.
OURS_FOR_THEIRS = {
    1239: {1103, 1131, 1239, 1290},
    1178: {1103, 1178},
    1158: {1158, 1186},
    1159: {1158, 1159},  # where they stop at the first
}
# What they leave to their schema (1100, 1101, 1103), or do not ask: the recipient is not the issuer (1193), and the NIF
# and number of the invoices that a record names (1104, 1130, 1154, 1287). The AEAT documents each of these.
OURS_ALONE = {1100, 1101, 1103, 1154, 1193, 1130, 1287, 1104}
any_party = st.sampled_from(
    [
        BUYER,
        ISSUER,
        HOSPITAL,
        FRENCH,
        AMERICAN,
        *(
            Party("Somebody", tax_id)
            for tax_id in (
                "12345678Z",
                "12345678A",
                OtherId("ES", IdType.NOT_REGISTERED, "12345678Z"),
                OtherId("ES", IdType.NOT_REGISTERED, "12345678A"),
                OtherId("ES", IdType.NOT_REGISTERED, "B12345674"),
                OtherId("FR", IdType.NOT_REGISTERED, "12345678Z"),
                OtherId("ES", IdType.PASSPORT, "AAA1"),
                OtherId("ES", IdType.OTHER, "AAA1"),
                OtherId("ZZ", IdType.OTHER, "1"),
                OtherId("GB", IdType.VAT_ID, "GB123456789"),
                OtherId("GB", IdType.VAT_ID, "XI123456789"),
                OtherId("DE", IdType.VAT_ID, "DE1"),
                OtherId("US", IdType.RESIDENCE_CERTIFICATE, "1" * 21),
            )
        ),
    ]
)
any_reference = st.builds(
    Reference, st.sampled_from(["89890001K", "X"]), st.sampled_from(["A-1", "A<1"]), st.just(TODAY)
)


@given(
    changes=st.fixed_dictionaries(
        {
            "fiscal_type": st.sampled_from(FiscalType),
            "recipients": st.lists(any_party, max_size=2).map(tuple),
            "issue_date": st.sampled_from([TODAY, date(2023, 12, 31), date(2024, 1, 1), date(2026, 11, 24)]),
        },
        optional={
            "number": st.sampled_from(["", "A 1", "A-1 ", "Ñ", "A=1", "1" * 61]),
            "correction_method": st.sampled_from([None, *CorrectionMethod]),
            "corrected": st.lists(any_reference, max_size=2).map(tuple),
            "replaced": st.lists(any_reference, max_size=2).map(tuple),
            "corrected_amounts": st.sampled_from([None, CorrectedAmounts(Decimal(1), Decimal(1))]),
            "simplified_art_7273": st.booleans(),
            "no_recipient_art_61d": st.booleans(),
            "coupon": st.booleans(),
            "issued_by": st.sampled_from([None, *IssuedBy]),
            "third_party": st.none() | any_party,
            "amendment": st.booleans(),
            "previous_rejection": st.sampled_from([None, *PreviousRejection]),
        },
    )
)
@settings(max_examples=600)
def test_others_judge_any_invoice_alike(changes: dict[str, Any]) -> None:
    registration = a_registration(**changes)

    blocking = [one for one in rules.check(registration, today=TODAY) if one.severity is rules.Severity.BLOCKING]
    ours = {finding.code for finding in blocking}
    others = {violation.code for violation in validate_invoice(theirs(registration), TODAY)}

    assert [code for code in others if not OURS_FOR_THEIRS.get(code, {code}) & ours] == [], "we overlook nothing"
    named = {code for theirs_ in others for code in OURS_FOR_THEIRS.get(theirs_, {theirs_})}
    assert ours - named <= OURS_ALONE, "and object to nothing else, but for what is listed"


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
