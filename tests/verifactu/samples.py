"""Invoices as VERI*FACTU is given them: one by name, and many of every kind for property tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from core.money import round_half_up
from verifactu.billing_system import BillingSystem
from verifactu.codes import CorrectionMethod, Exemption, FiscalType, IdType, IssuedBy, Regime, Tax, TaxCategory
from verifactu.registration import Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.xml import Link

TODAY = date(2026, 11, 23)
ISSUER = Party("Talleres Almudena, S.L.", "89890001K")
BUYER = Party("Ferretería Peña, S.L.", "99999910G")
FRENCH = Party("Librairie Lumière SARL", OtherId("FR", IdType.VAT_ID, "FR12345678901"))
AMERICAN = Party("Acme Inc.", OtherId("US", IdType.NATIONAL_ID, "12-3456789"))
SYSTEM = BillingSystem(
    producer=Party("Correlativa", "89890001K"), name="Correlativa", id="CO", version="0.1.0", installation_number="1"
)
LINK = Link(
    "89890001K", "A-2026-1", date(2026, 11, 22), "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
)


def a_breakdown(**changes: Any) -> Breakdown:
    """100 € at 21 %, unless told otherwise."""
    values: dict[str, Any] = {
        "tax": Tax.IVA,
        "regime_code": Regime.GENERAL,
        "tax_category": TaxCategory.TAXED,
        "tax_rate": Decimal(21),
        "taxable_amount": Decimal(100),
        "tax_amount": Decimal(21),
    }
    return Breakdown(**{**values, **changes})


def an_exempt_breakdown(exemption: Exemption, **changes: Any) -> Breakdown:
    """100 € exempt."""
    values: dict[str, Any] = {"tax_category": None, "tax_rate": None, "tax_amount": None, "exemption_code": exemption}
    return a_breakdown(**{**values, **changes})


def a_registration(*breakdowns: Breakdown, **changes: Any) -> Registration:
    """A full invoice with right totals to a Spanish business, unless told otherwise."""
    lines = breakdowns or (a_breakdown(),)
    tax = sum(((line.tax_amount or 0) + (line.surcharge_amount or 0) for line in lines), Decimal(0))
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "number": "A-2026-2",
        "issue_date": TODAY,
        "fiscal_type": FiscalType.FULL,
        "description": "Consultoría",
        "recipients": (BUYER,),
        "breakdowns": lines,
        "tax_total": tax,
        "gross_total": sum((line.taxable_amount for line in lines), tax),
    }
    return Registration(**{**values, **changes})


amounts = st.decimals(min_value=Decimal("-99999.99"), max_value=Decimal("99999.99"), places=2)
texts = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp"]), min_size=1, max_size=100)  # fmt: skip
numbers = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'<>="), min_size=1, max_size=60)  # fmt: skip
parties = st.one_of(
    st.builds(Party, texts, st.sampled_from(["99999910G", "B12345674", "X1234567L", "P2807900B"])),
    st.builds(
        Party,
        texts,
        st.sampled_from(
            [
                OtherId("FR", IdType.VAT_ID, "FR12345678901"),
                OtherId("GR", IdType.VAT_ID, "EL123456789"),
                OtherId("GB", IdType.PASSPORT, "533401372"),
                OtherId("US", IdType.NATIONAL_ID, "12-3456789"),
                OtherId("CH", IdType.RESIDENCE_CERTIFICATE, "CHE-116.281.710"),
                OtherId("MX", IdType.OTHER, "XAXX010101000"),
                OtherId("ES", IdType.PASSPORT, "AAA123456"),
            ]
        ),
    ),
)


@st.composite
def taxed_breakdowns(draw: st.DrawFn) -> Breakdown:
    """S1 in any of the taxes, with the equivalence surcharge where the rate has one."""
    tax, rate, surcharge = draw(
        st.sampled_from(
            [
                (Tax.IVA, "21", None),
                (Tax.IVA, "21", "5.2"),
                (Tax.IVA, "21", "1.75"),
                (Tax.IVA, "10", None),
                (Tax.IVA, "10", "1.4"),
                (Tax.IVA, "4", "0.5"),
                (Tax.IVA, "0", None),
                (Tax.IGIC, "7", None),
                (Tax.IGIC, "9.5", None),
                (Tax.IPSI, "0.5", None),
                (Tax.OTHER, "3", None),
            ]
        )
    )
    base = draw(amounts)
    return a_breakdown(
        tax=tax,
        regime_code=None if tax is Tax.OTHER else Regime.R18 if surcharge else Regime.GENERAL,
        tax_rate=Decimal(rate),
        taxable_amount=base,
        tax_amount=round_half_up(base * Decimal(rate) / 100),
        surcharge_rate=Decimal(surcharge) if surcharge else None,
        surcharge_amount=round_half_up(base * Decimal(surcharge) / 100) if surcharge else None,
    )


@st.composite
def untaxed_breakdowns(draw: st.DrawFn, *, full: bool) -> Breakdown:
    """Reverse charge, not subject, or exempt; what only a full invoice may have is left out of others."""
    none: dict[str, Any] = {"tax_rate": None, "tax_amount": None}
    zero: dict[str, Any] = {"tax_rate": Decimal(0), "tax_amount": Decimal("0.00")}
    kinds: list[dict[str, Any]] = [
        {"tax_category": TaxCategory.NOT_SUBJECT, **none},
        {"tax_category": TaxCategory.NOT_SUBJECT_BY_PLACE, "regime_code": Regime.R17, **none},
        {"tax": Tax.IGIC, "tax_category": TaxCategory.NOT_SUBJECT_BY_PLACE, **zero},
        {"tax_category": None, "exemption_code": Exemption.ART_20, **none},
        {"tax_category": None, "exemption_code": Exemption.ART_21, "regime_code": Regime.EXPORT, **none},
        {"tax_category": None, "exemption_code": Exemption.ART_22, "regime_code": Regime.EXPORT, **none},
        {"tax_category": None, "exemption_code": Exemption.ART_23_24, **none},
        {"tax_category": None, "exemption_code": Exemption.OTHER, **none},
        {"tax": Tax.IGIC, "tax_category": None, "exemption_code": Exemption.IGIC_7, **none},
        {"tax": Tax.IGIC, "tax_category": None, "exemption_code": Exemption.IGIC_8, **none},
    ]
    if full:
        kinds.append({"tax_category": TaxCategory.REVERSE_CHARGE, **zero})
    return a_breakdown(**draw(st.sampled_from(kinds)), taxable_amount=draw(amounts))


@st.composite
def registrations(draw: st.DrawFn) -> Registration:
    """F1 and F2 of every kind that the AEAT takes: 1 to 12 lines, dates, parties, references."""
    simplified = draw(st.booleans())
    lines = st.one_of(taxed_breakdowns(), untaxed_breakdowns(full=not simplified))
    issue_date = draw(st.dates(TODAY - timedelta(days=300), TODAY))
    return a_registration(
        *draw(st.lists(lines, min_size=1, max_size=12)),
        number=draw(numbers),
        issue_date=issue_date,
        operation_date=draw(st.none() | st.dates(issue_date - timedelta(days=60), issue_date - timedelta(days=1))),
        issuer=Party(draw(texts), ISSUER.tax_id),
        description=draw(texts),
        external_reference=draw(st.just("") | numbers),
        fiscal_type=FiscalType.SIMPLIFIED if simplified else FiscalType.FULL,
        no_recipient_art_61d=simplified,  # so that the limit of 3,000 € does not apply
        recipients=() if simplified else tuple(draw(st.lists(parties, min_size=1, max_size=3))),
    )


references = st.lists(
    st.builds(Reference, st.just(ISSUER.tax_id), numbers, st.dates(TODAY - timedelta(days=300), TODAY)),
    min_size=1,
    max_size=4,
)
FULL_CORRECTIVE = [
    FiscalType.CORRECTIVE_LAW,
    FiscalType.CORRECTIVE_INSOLVENCY,
    FiscalType.CORRECTIVE_BAD_DEBT,
    FiscalType.CORRECTIVE_OTHER,
]


@st.composite
def following_registrations(draw: st.DrawFn) -> Registration:
    """R1 to R5 by both methods, F3, coupons, and what others issue in the issuer's name."""
    plain = draw(registrations())
    simplified = not plain.recipients
    fiscal_type = draw(
        st.just(FiscalType.CORRECTIVE_SIMPLIFIED)
        if simplified
        else st.sampled_from([*FULL_CORRECTIVE, FiscalType.REPLACEMENT])
    )
    named = tuple(draw(references))
    issued_by = None if simplified else draw(st.sampled_from([None, *IssuedBy]))
    changes: dict[str, Any] = {
        "fiscal_type": fiscal_type,
        "simplified_art_7273": not simplified and draw(st.booleans()),
        "coupon": fiscal_type in {FiscalType.CORRECTIVE_LAW, FiscalType.CORRECTIVE_SIMPLIFIED} and draw(st.booleans()),
        "issued_by": issued_by,
        "third_party": draw(parties) if issued_by is IssuedBy.THIRD_PARTY else None,
    }
    if not fiscal_type.is_corrective:
        return replace(plain, **changes, replaced=named)
    method = draw(st.sampled_from(CorrectionMethod))
    replaced = CorrectedAmounts(draw(amounts), draw(amounts)) if method is CorrectionMethod.SUBSTITUTION else None
    return replace(plain, **changes, correction_method=method, corrected=named, corrected_amounts=replaced)
