"""Registrations that the AEAT objects to, one for each of its codes and places, and such as come close."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.verifactu.samples import (
    AMERICAN,
    BUYER,
    FRENCH,
    ISSUER,
    TODAY,
    a_breakdown,
    a_registration,
    an_exempt_breakdown,
)
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


def to(tax_id: str | OtherId) -> dict[str, Any]:
    return {"recipients": (Party("Somebody", tax_id),)}


def at_rate(rate: str, surcharge: str) -> Breakdown:
    """100 € at so many percent, and the equivalence surcharge."""
    rates = {"tax_rate": Decimal(rate), "surcharge_rate": Decimal(surcharge)}
    return a_breakdown(**rates, tax_amount=Decimal(rate), surcharge_amount=Decimal(surcharge))


Objection = tuple[int, str, Registration]

REJECTED: Final[list[Objection]] = [
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
    (1100, "invoicing_agreement", a_registration(invoicing_agreement="1" * 16)),
    (1100, "system_agreement", a_registration(system_agreement="1" * 17)),
    (1112, "issue_date", a_registration(issue_date=NEXT_WEEK)),
    (1152, "issue_date", a_registration(issue_date=date(2023, 12, 31))),
    (1173, "operation_date", a_registration(operation_date=NEXT_WEEK)),
    (1125, "operation_date", a_registration(a_breakdown(regime_code=Regime.PENDING_SUCCESSIVE), operation_date=date(2028, 1, 1))),
    (1134, "operation_date", a_registration(operation_date=date(2006, 11, 22))),
    (1146, "operation_date", a_registration(issue_date=date(2026, 11, 20), operation_date=TODAY)),
    # Types
    (1114, "correction_method", a_registration(fiscal_type=FiscalType.CORRECTIVE_LAW)),
    (1115, "correction_method", a_registration(correction_method=CorrectionMethod.DIFFERENCES)),
    (1116, "replaced", a_registration(replaced=(Reference("89890001K", "S-1", TODAY),))),
    (1117, "corrected", a_registration(corrected=(Reference("89890001K", "A-1", TODAY),))),
    (1118, "corrected_amounts", a_registration(**{**R1, "correction_method": CorrectionMethod.SUBSTITUTION})),
    (1119, "corrected_amounts", a_registration(**R1, corrected_amounts=CorrectedAmounts(Decimal(1), Decimal(1)))),
    (1100, "corrected_amounts", a_registration(**{**R1, "correction_method": CorrectionMethod.SUBSTITUTION}, corrected_amounts=CorrectedAmounts(Decimal(10**12), Decimal(1)))),
    (4113, "corrected", a_registration(**R1, corrected=(Reference("89890001K", "A", TODAY),) * 1001)),
    (4113, "replaced", a_registration(fiscal_type=FiscalType.REPLACEMENT, replaced=(Reference("89890001K", "A", TODAY),) * 1001)),
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
    (1290, "recipients/0/tax_id", a_registration(**to(OtherId("ES", IdType.NOT_REGISTERED, "12345678A")))),
    (1254, "recipients/0/tax_id", a_registration(**to(OtherId("XI", IdType.VAT_ID, "XI123456789")), operation_date=date(2020, 12, 31))),
    (1255, "recipients/0/tax_id", a_registration(**to(OtherId("GB", IdType.VAT_ID, "GB123456789")))),
    (1158, "recipients", a_registration(**SIMPLIFIED, issued_by=IssuedBy.RECIPIENT)),
    (1186, "third_party", a_registration(**THIRD)),
    (1155, "third_party", a_registration(third_party=BUYER)),
    (1159, "third_party", a_registration(issued_by=IssuedBy.RECIPIENT, third_party=BUYER)),
    (1178, "third_party/tax_id", a_registration(**THIRD, third_party=Party("X", "1"))),
    (1188, "third_party/tax_id", a_registration(**THIRD, third_party=ISSUER)),
    (1211, "third_party/tax_id", a_registration(**THIRD, third_party=Party("X", OtherId("ES", IdType.NOT_REGISTERED, "12345678Z")))),
    # Breakdown: classification
    (4102, "breakdowns", replace(a_registration(), breakdowns=())),
    (4113, "breakdowns", replace(a_registration(), breakdowns=(a_breakdown(taxable_amount=Decimal(1), tax_amount=Decimal("0.21")),) * 13)),
    (1100, "breakdowns/0/taxable_amount", a_registration(a_breakdown(taxable_amount=Decimal(10**12), tax_amount=Decimal(21 * 10**10)))),
    (1100, "breakdowns/0/surcharge_rate", a_registration(a_breakdown(tax=Tax.IGIC, surcharge_rate=Decimal(101), surcharge_amount=Decimal(101)))),
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
    (1165, "breakdowns/0/surcharge_rate", a_registration(at_rate("0", "0"))),
    (1277, "breakdowns/0/surcharge_rate", a_registration(at_rate("0", "0.26"))),
    (1127, "breakdowns/0/surcharge_rate", a_registration(at_rate("21", "3"))),
    (1160, "breakdowns/0/surcharge_rate", a_registration(at_rate("5", "1.4"), operation_date=date(2024, 9, 30))),
    (1167, "breakdowns/0/surcharge_rate", a_registration(at_rate("5", "0.5"), operation_date=date(2024, 9, 30))),
    (1168, "breakdowns/0/surcharge_rate", a_registration(at_rate("5", "0.62"), operation_date=date(2022, 12, 31))),
    (1166, "breakdowns/0/surcharge_rate", a_registration(at_rate("2", "0.5"), operation_date=date(2024, 10, 1))),
    (1169, "breakdowns/0/surcharge_rate", a_registration(at_rate("7.5", "0.26"), operation_date=date(2024, 10, 1))),
    # Totals
    (1267, "gross_total", a_registration(gross_total=Decimal(10**12))),
    (1266, "tax_total", a_registration(tax_total=Decimal(-(10**12)))),
]  # fmt: skip
"""The code, the element and a registration that is rejected for it."""

WARNED: Final[list[Objection]] = [
    (2001, "recipients/0/tax_id", a_registration(**to(OtherId("ES", IdType.NOT_REGISTERED, "12345678Z")))),
    (1152, "issue_date", a_registration(issue_date=date(2024, 10, 27))),
    (2005, "gross_total", a_registration(gross_total=Decimal("131.01"))),
    (2006, "tax_total", a_registration(tax_total=Decimal("31.01"))),
    (2009, "breakdowns/0/regime_code", a_registration(a_breakdown(tax=Tax.IPSI, regime_code=None))),
    (1191, "recipients/0/tax_id", a_registration(**{**R1, "fiscal_type": FiscalType.CORRECTIVE_BAD_DEBT}, recipients=(FRENCH,))),
    (1192, "recipients/0/tax_id", a_registration(**{**R1, "fiscal_type": FiscalType.CORRECTIVE_INSOLVENCY}, recipients=(AMERICAN,))),
]  # fmt: skip
"""The code, the element and a registration that is stored with this error, or that is documented to be rejected."""

TAKEN: Final[list[Registration]] = [
    a_registration(number="A 2026 2"),  # blanks inside
    a_registration(issue_date=date(2024, 10, 28)),
    a_registration(description="Grúa & «ñ» \U0001f600", recipients=(Party("O'Hara & Søn <ApS> \U00020000", "99999910G"),)),
    a_registration(at_rate("21", "1.75")),
    a_registration(at_rate("2", "0.26"), operation_date=date(2024, 12, 31)),
    a_registration(*(a_breakdown(),) * 12),
    a_registration(a_breakdown(taxable_amount=Decimal("999999999999.99"), tax_amount=Decimal(0), tax_rate=Decimal(0))),
    a_registration(**R1, corrected=(Reference("89890001K", "A", TODAY),) * 1000),
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
]  # fmt: skip
"""What comes close and is right."""


def an_annulment(**changes: Any) -> Annulment:
    """Of an invoice of the issuer, by nobody in particular."""
    return Annulment(**{"issuer_tax_id": "89890001K", "number": "A-1", "issue_date": TODAY, **changes})


def generated(by: GeneratedBy, tax_id: str | OtherId) -> dict[str, Any]:
    """Who generated an annulment."""
    return {"generated_by": by, "generator": Party("Somebody", tax_id)}


REJECTED_ANNULMENTS: Final[list[tuple[int, str, Annulment]]] = [
    (1123, "issuer_tax_id", an_annulment(issuer_tax_id="89890001A")),
    (1104, "number", an_annulment(number="")),
    (1253, "external_reference", an_annulment(external_reference="1" * 61)),
    (1224, "generator", an_annulment(generated_by=GeneratedBy.ISSUER)),
    (1224, "generator", an_annulment(generator=BUYER)),
    (1100, "generator/name", an_annulment(generated_by=GeneratedBy.RECIPIENT, generator=Party("", "99999910G"))),
    (1227, "generator/tax_id", an_annulment(**generated(GeneratedBy.ISSUER, OtherId("US", IdType.NATIONAL_ID, "1")))),
    (1229, "generator/tax_id", an_annulment(**generated(GeneratedBy.THIRD_PARTY, OtherId("ES", IdType.NOT_REGISTERED, "12345678Z")))),
    (1230, "generator/tax_id", an_annulment(**generated(GeneratedBy.RECIPIENT, OtherId("ES", IdType.NATIONAL_ID, "1")))),
    (1232, "generator/tax_id", an_annulment(**generated(GeneratedBy.THIRD_PARTY, OtherId("ES", IdType.NATIONAL_ID, "1")))),
    (1258, "generator/tax_id", an_annulment(**generated(GeneratedBy.THIRD_PARTY, "99999910A"))),
    (1259, "generator/tax_id", an_annulment(**generated(GeneratedBy.THIRD_PARTY, "89890001K"))),
]  # fmt: skip

TAKEN_ANNULMENTS: Final[list[Annulment]] = [
    an_annulment(),
    an_annulment(without_previous_record=True, previously_rejected=True, external_reference="corr-1"),
    an_annulment(**generated(GeneratedBy.RECIPIENT, "99999910G")),
    an_annulment(**generated(GeneratedBy.THIRD_PARTY, OtherId("US", IdType.NATIONAL_ID, "12-3456789"))),
    an_annulment(**generated(GeneratedBy.RECIPIENT, OtherId("ES", IdType.NOT_REGISTERED, "12345678Z"))),
    an_annulment(**generated(GeneratedBy.THIRD_PARTY, OtherId("ES", IdType.PASSPORT, "AAA123456"))),
]
