"""The decision table, read from the top: the first row whose situation and facts fit is the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from billing.advice.situations import Situation
from core.errors import gettext_noop

TABLE_VERSION = "2026-11"
"""A change of the table is a new version."""


class Act(StrEnum):
    """What is advised."""

    EDIT_DRAFT = "edit_draft"
    CORRECT = "correct"
    REPLACE = "replace"
    ANNUL = "annul"
    AMEND_RECORD = "amend_record"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table. ``what`` None fits any situation; ``facts`` are those that must hold."""

    what: Situation | None
    act: Act
    basis: str
    why: str
    facts: Mapping[str, object] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    method: str = ""


_ART_15 = "RD 1619/2012 art. 15"
_FAQ_17 = "RD 1007/2023 art. 11; AEAT, FAQ VERI*FACTU 17"
_SIMPLIFIED: Mapping[str, object] = {"kind": "simplified"}
_REPLACEMENT: Mapping[str, object] = {"kind": "replacement"}

_DIFFERENCES, _SUBSTITUTION = "differences", "substitution"


def _corrected(what: Situation, reason: str, method: str, why: str, *, basis: str = _ART_15) -> tuple[Row, Row]:
    """A correction of a full invoice by ``reason``, and of a simplified one by R5."""
    return (
        Row(what=what, facts=_SIMPLIFIED, act=Act.CORRECT, reasons=("R5",), method=method, basis=basis, why=why),
        Row(what=what, act=Act.CORRECT, reasons=(reason,), method=method, basis=basis, why=why),
    )


TABLE: tuple[Row, ...] = (
    # --- What is not in force ----------------------------------------------------------------------------------------
    Row(
        what=None,
        facts={"status": "draft"},
        act=Act.EDIT_DRAFT,
        basis="RD 1619/2012 art. 6",
        why=gettext_noop("It is not an invoice yet: change the draft, or discard it."),
    ),
    Row(
        what=None,
        facts={"status": "discarded"},
        act=Act.NOTHING,
        basis="RD 1619/2012 art. 6",
        why=gettext_noop("The draft was discarded; it never was an invoice."),
    ),
    Row(
        what=None,
        facts={"status": "voided"},
        act=Act.NOTHING,
        basis=_FAQ_17,
        why=gettext_noop("It was voided and counts as never issued. If there was a sale, invoice it anew."),
    ),
    # --- What never was ----------------------------------------------------------------------------------------------
    Row(
        what=Situation.NEVER_HAPPENED,
        facts={"paid": True},
        act=Act.CORRECT,
        reasons=("R1", "R5", "F3"),
        method=_DIFFERENCES,
        basis="LIVA art. 80.Dos; " + _FAQ_17,
        why=gettext_noop("A payment shows that the operation existed: take it back by a correction, and refund it."),
    ),
    Row(
        what=Situation.NEVER_HAPPENED,
        facts={"corrected": True},
        act=Act.CORRECT,
        reasons=("R1", "R5", "F3"),
        method=_DIFFERENCES,
        basis="LIVA art. 80.Dos; " + _FAQ_17,
        why=gettext_noop("A correction shows that the operation existed: take back what is left by another one."),
    ),
    Row(
        what=Situation.NEVER_HAPPENED,
        facts={"replaced": True},
        act=Act.NOTHING,
        basis=_FAQ_17,
        why=gettext_noop("A full invoice stands in its place: see to that one first."),
    ),
    Row(
        what=Situation.NEVER_HAPPENED,
        facts={"delivered": True},
        act=Act.CORRECT,
        reasons=("R4", "R5", "F3"),
        method=_DIFFERENCES,
        basis=_ART_15 + "; " + _FAQ_17,
        why=gettext_noop("The customer has it: only a correction in their hands takes it back."),
    ),
    Row(
        what=Situation.NEVER_HAPPENED,
        act=Act.ANNUL,
        basis=_FAQ_17,
        why=gettext_noop("There was no operation and nobody has it: it should never have been. Its number stays used."),
    ),
    Row(
        what=Situation.DUPLICATE,
        facts={"paid": False, "corrected": False, "replaced": False, "delivered": False},
        act=Act.ANNUL,
        basis=_FAQ_17,
        why=gettext_noop("One sale, one invoice: the second one should never have been. Its number stays used."),
    ),
    # --- Replacements (F3) -------------------------------------------------------------------------------------------
    Row(
        what=Situation.WANTS_FULL_INVOICE,
        facts={"kind": "simplified", "replaced": True},
        act=Act.NOTHING,
        basis="RD 1619/2012 arts. 4, 7",
        why=gettext_noop("A full invoice stands in its place already."),
    ),
    Row(
        what=Situation.WANTS_FULL_INVOICE,
        facts=_SIMPLIFIED,
        act=Act.REPLACE,
        basis="RD 1619/2012 arts. 2.2, 4, 7; AEAT L2 F3",
        why=gettext_noop("A full invoice is put in its place; nothing was wrong, so it is no correction."),
    ),
    Row(
        what=Situation.WANTS_FULL_INVOICE,
        act=Act.NOTHING,
        basis="RD 1619/2012 art. 6",
        why=gettext_noop("It is a full invoice."),
    ),
    # --- Only the record, or nothing at all --------------------------------------------------------------------------
    Row(
        what=Situation.RECORD_DESCRIPTION_WRONG,
        act=Act.AMEND_RECORD,
        basis=_FAQ_17 + "; Orden HAC/1177/2024",
        why=gettext_noop("The invoice is right and its record is not: the record is amended, the invoice stays."),
    ),
    Row(
        what=Situation.RECORD_REJECTED_CENSUS,
        facts={"objected": False},
        act=Act.NOTHING,
        basis="AEAT, Validaciones 1239",
        why=gettext_noop("The AEAT has not objected to the record: wait for its answer."),
    ),
    Row(
        what=Situation.RECORD_REJECTED_CENSUS,
        facts={"kind": "full"},
        act=Act.AMEND_RECORD,
        basis="AEAT, Validaciones 1239; L7 07",
        why=gettext_noop(
            "If the tax id on the invoice is the buyer's own, the record is amended with the name that the census has,"
            " or as not registered. If the tax id itself is wrong, correct the invoice by substitution."
        ),
    ),
    Row(
        what=Situation.RECORD_REJECTED_CENSUS,
        act=Act.AMEND_RECORD,
        basis="AEAT, Validaciones 1239; L7 07",
        why=gettext_noop("The record is amended; the invoice stays."),
    ),
    Row(
        what=Situation.PAYMENT_TERMS_WRONG,
        act=Act.NOTHING,
        basis="RD 1619/2012 art. 6",
        why=gettext_noop("The law asks no invoice for payment terms: tell the customer the right ones."),
    ),
    Row(
        what=Situation.COSMETIC,
        act=Act.NOTHING,
        basis="RD 1619/2012 art. 6",
        why=gettext_noop("Nothing that the law asks for is wrong: put it right in the next one."),
    ),
    # --- In whose place a full invoice stands ------------------------------------------------------------------------
    Row(
        what=None,
        facts={"kind": "simplified", "replaced": True},
        act=Act.NOTHING,
        basis="AEAT, FAQ VERI*FACTU 27",
        why=gettext_noop("A full invoice stands in its place: see to that one first."),
    ),
    # --- A replacement that is wrong itself --------------------------------------------------------------------------
    Row(
        what=None,
        facts=_REPLACEMENT,
        act=Act.CORRECT,
        reasons=("F3",),
        method=_DIFFERENCES,
        basis="AEAT, FAQ VERI*FACTU 27",
        why=gettext_noop(
            "An F3 with its amounts mirrored withdraws it; then its tickets are replaced anew, or corrected."
        ),
    ),
    # --- Misread or mistyped: R4 -------------------------------------------------------------------------------------
    *_corrected(
        Situation.DUPLICATE,
        "R4",
        _DIFFERENCES,
        gettext_noop("The second invoice was delivered, paid or corrected: take all of it back."),
    ),
    *_corrected(
        Situation.WRONG_AMOUNT,
        "R4",
        _DIFFERENCES,
        gettext_noop("A slip in the figures: the difference is corrected."),
    ),
    *_corrected(
        Situation.WRONG_PRICE,
        "R4",
        _DIFFERENCES,
        gettext_noop("The invoice says another price than was agreed: the difference is corrected."),
    ),
    *_corrected(
        Situation.WRONG_QUANTITY,
        "R4",
        _DIFFERENCES,
        gettext_noop("The invoice says another quantity than was delivered: the difference is corrected."),
    ),
    *_corrected(
        Situation.BUYER_NAME_MISSPELT,
        "R4",
        _SUBSTITUTION,
        gettext_noop("The name is what art. 6.1.c asks for: the invoice is put anew, with the right one."),
        basis=_ART_15 + ".1, 6.1.c",
    ),
    *_corrected(
        Situation.BUYER_TAX_ID_WRONG,
        "R4",
        _SUBSTITUTION,
        gettext_noop("The tax id is what art. 6.1.d asks for: the invoice is put anew, with the right one."),
        basis=_ART_15 + ".1, 6.1.d",
    ),
    *_corrected(
        Situation.WRONG_BUYER,
        "R4",
        _DIFFERENCES,
        gettext_noop("Take all of it back from whom it was made out to, and invoice the right buyer anew."),
        basis=_ART_15 + ".1, 6.1.c",
    ),
    *_corrected(
        Situation.BUYER_ADDRESS_WRONG,
        "R4",
        _SUBSTITUTION,
        gettext_noop("The address is what art. 6.1.e asks for: the invoice is put anew, with the right one."),
        basis=_ART_15 + ".1, 6.1.e",
    ),
    *_corrected(
        Situation.MISSING_MENTION,
        "R4",
        _SUBSTITUTION,
        gettext_noop("Mentions are what art. 6.1.j to p asks for: the invoice is put anew, with the right ones."),
        basis=_ART_15 + ".1, 6.1.j–p",
    ),
    *_corrected(
        Situation.OPERATION_DATE_WRONG,
        "R4",
        _SUBSTITUTION,
        gettext_noop("The date is what art. 6.1.i asks for, and decides the rate: the invoice is put anew."),
        basis=_ART_15 + ".1, 6.1.i",
    ),
    *_corrected(
        Situation.LINE_DESCRIPTION_WRONG,
        "R4",
        _SUBSTITUTION,
        gettext_noop("The description is what art. 6.1.f asks for: the invoice is put anew, with the right one."),
        basis=_ART_15 + ".1, 6.1.f",
    ),
    *_corrected(
        Situation.WITHHOLDING_WRONG,
        "R4",
        _SUBSTITUTION,
        gettext_noop("What is to be paid changes, the total does not: the invoice is put anew, with the right one."),
        basis="RIRPF arts. 95, 99; " + _ART_15,
    ),
    # --- Error in law, and what happens after the sale: R1 -----------------------------------------------------------
    *_corrected(
        Situation.WRONG_RATE,
        "R1",
        _SUBSTITUTION,
        gettext_noop("The tax was wrongly determined. A consumer is not charged more afterwards (LIVA art. 89.Tres)."),
        basis="LIVA arts. 80.Seis, 89; " + _ART_15,
    ),
    *_corrected(
        Situation.WRONG_TAX_TREATMENT,
        "R1",
        _SUBSTITUTION,
        gettext_noop("The tax was wrongly determined. A consumer is not charged more afterwards (LIVA art. 89.Tres)."),
        basis="LIVA arts. 80.Seis, 89; " + _ART_15,
    ),
    *_corrected(
        Situation.GOODS_RETURNED,
        "R1",
        _DIFFERENCES,
        gettext_noop("What came back is taken off; or net it in the next invoice to the same buyer at the same rate."),
        basis="LIVA arts. 80.Uno.1.º, 80.Dos; RD 1619/2012 art. 15.2",
    ),
    *_corrected(
        Situation.DISCOUNT_AFTERWARDS,
        "R1",
        _DIFFERENCES,
        gettext_noop("A discount after the operation lowers its base."),
        basis="LIVA art. 80.Uno.2.º",
    ),
    *_corrected(
        Situation.VOLUME_REBATE,
        "R1",
        _DIFFERENCES,
        gettext_noop("One correction for all the invoices of the period, to the same buyer."),
        basis="LIVA art. 80.Uno.2.º; RD 1619/2012 art. 15.4",
    ),
    *_corrected(
        Situation.PRICE_CHANGED_LATER,
        "R1",
        _DIFFERENCES,
        gettext_noop("The base follows the price that holds in the end."),
        basis="LIVA arts. 80.Dos, 80.Seis",
    ),
    *_corrected(
        Situation.SALE_CANCELLED,
        "R1",
        _DIFFERENCES,
        gettext_noop("The operation existed and was undone: all of it is taken back."),
        basis="LIVA art. 80.Dos",
    ),
    # --- Insolvency and bad debt: R2, R3 -----------------------------------------------------------------------------
    *_corrected(
        Situation.CUSTOMER_INSOLVENT,
        "R2",
        _DIFFERENCES,
        gettext_noop("The tax that was not paid is taken back, in time, and the AEAT and the administrator are told."),
        basis="LIVA art. 80.Tres; RIVA art. 24",
    ),
    Row(
        what=Situation.BAD_DEBT,
        facts={"kind": "simplified"},
        act=Act.CORRECT,
        reasons=("R5",),
        method=_DIFFERENCES,
        basis="LIVA art. 80.Cuatro; RIVA art. 24",
        why=gettext_noop("Only if the debtor is a business, or the base exceeds 50 €, and the debt was claimed."),
    ),
    Row(
        what=Situation.BAD_DEBT,
        act=Act.CORRECT,
        reasons=("R3",),
        method=_DIFFERENCES,
        basis="LIVA art. 80.Cuatro; RIVA art. 24",
        why=gettext_noop(
            "Only if the debt was claimed (in court, through a notary, or provably otherwise), and the debtor is a"
            " business or the base exceeds 50 €; and the AEAT is told."
        ),
    ),
)
