"""The adviser's table, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from billing.advice import QUESTIONS, TABLE, TABLE_VERSION, Act, Facts, Row, Situation, advise
from billing.deadlines import deadlines_of, months_later
from billing.queries import get_invoice, parts_of
from billing.services.advising import advise_on, facts_of
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from core.errors import NotFound
from tests.builders import MARIA, NOW, a_client, a_correction, a_draft, a_replacement, a_seller, a_ticket, an_invoice
from tests.verifactu.answers import answer
from verifactu.models import FiscalRecord

FULL: Mapping[str, Any] = {}
SIMPLIFIED: Mapping[str, Any] = {"kind": "simplified"}
F3: Mapping[str, Any] = {"kind": "replacement"}
DIFFERENCES, SUBSTITUTION = "differences", "substitution"

# what is wrong, what is known, what is advised: act, types, method.
EXPECTED: list[tuple[Situation, Mapping[str, Any], tuple[Any, ...]]] = [
    *((what, {"status": "draft"}, (Act.EDIT_DRAFT, (), "")) for what in Situation),
    *((what, {"status": "voided"}, (Act.NOTHING, (), "")) for what in Situation),
    *((what, {"status": "discarded"}, (Act.NOTHING, (), "")) for what in Situation),
    (Situation.NEVER_HAPPENED, FULL, (Act.ANNUL, (), "")),
    (Situation.NEVER_HAPPENED, SIMPLIFIED, (Act.ANNUL, (), "")),
    (Situation.NEVER_HAPPENED, F3, (Act.ANNUL, (), "")),
    (Situation.NEVER_HAPPENED, {"paid": True}, (Act.CORRECT, ("R1",), DIFFERENCES)),
    (Situation.NEVER_HAPPENED, {"paid": True, **SIMPLIFIED}, (Act.CORRECT, ("R5",), DIFFERENCES)),
    (Situation.NEVER_HAPPENED, {"corrected": True}, (Act.CORRECT, ("R1",), DIFFERENCES)),
    (Situation.NEVER_HAPPENED, {"replaced": True, **SIMPLIFIED}, (Act.NOTHING, (), "")),
    (Situation.NEVER_HAPPENED, {"delivered": True}, (Act.CORRECT, ("R4",), DIFFERENCES)),
    (Situation.NEVER_HAPPENED, {"delivered": True, **SIMPLIFIED}, (Act.CORRECT, ("R5",), DIFFERENCES)),
    (Situation.DUPLICATE, FULL, (Act.ANNUL, (), "")),
    (Situation.DUPLICATE, SIMPLIFIED, (Act.ANNUL, (), "")),
    (Situation.DUPLICATE, {"delivered": True}, (Act.CORRECT, ("R4",), DIFFERENCES)),
    (Situation.DUPLICATE, {"paid": True}, (Act.CORRECT, ("R4",), DIFFERENCES)),
    (Situation.DUPLICATE, {"corrected": True}, (Act.CORRECT, ("R4",), DIFFERENCES)),
    (Situation.DUPLICATE, {"delivered": True, **SIMPLIFIED}, (Act.CORRECT, ("R5",), DIFFERENCES)),
    (Situation.WANTS_FULL_INVOICE, SIMPLIFIED, (Act.REPLACE, (), "")),
    (Situation.WANTS_FULL_INVOICE, {"replaced": True, **SIMPLIFIED}, (Act.NOTHING, (), "")),
    (Situation.GOODS_RETURNED, {"replaced": True, **SIMPLIFIED}, (Act.NOTHING, (), "")),
    (Situation.WANTS_FULL_INVOICE, FULL, (Act.NOTHING, (), "")),
    (Situation.WANTS_FULL_INVOICE, F3, (Act.NOTHING, (), "")),
    (Situation.RECORD_DESCRIPTION_WRONG, FULL, (Act.AMEND_RECORD, (), "")),
    (Situation.RECORD_DESCRIPTION_WRONG, SIMPLIFIED, (Act.AMEND_RECORD, (), "")),
    (Situation.RECORD_DESCRIPTION_WRONG, F3, (Act.AMEND_RECORD, (), "")),
    (Situation.RECORD_REJECTED_CENSUS, FULL, (Act.NOTHING, (), "")),
    (Situation.RECORD_REJECTED_CENSUS, {"objected": True}, (Act.AMEND_RECORD, (), "")),
    (Situation.RECORD_REJECTED_CENSUS, {"objected": True, **SIMPLIFIED}, (Act.AMEND_RECORD, (), "")),
    (Situation.RECORD_REJECTED_CENSUS, {"objected": True, **F3}, (Act.AMEND_RECORD, (), "")),
    (Situation.PAYMENT_TERMS_WRONG, FULL, (Act.NOTHING, (), "")),
    (Situation.COSMETIC, FULL, (Act.NOTHING, (), "")),
    *(
        (what, facts, (Act.CORRECT, (("R5",) if facts else (reason,)), method))
        for what, reason, method in [
            (Situation.WRONG_AMOUNT, "R4", DIFFERENCES),
            (Situation.WRONG_PRICE, "R4", DIFFERENCES),
            (Situation.WRONG_QUANTITY, "R4", DIFFERENCES),
            (Situation.WRONG_RATE, "R1", SUBSTITUTION),
            (Situation.WRONG_TAX_TREATMENT, "R1", SUBSTITUTION),
            (Situation.BUYER_NAME_MISSPELT, "R4", SUBSTITUTION),
            (Situation.BUYER_TAX_ID_WRONG, "R4", SUBSTITUTION),
            (Situation.WRONG_BUYER, "R4", DIFFERENCES),
            (Situation.BUYER_ADDRESS_WRONG, "R4", SUBSTITUTION),
            (Situation.MISSING_MENTION, "R4", SUBSTITUTION),
            (Situation.OPERATION_DATE_WRONG, "R4", SUBSTITUTION),
            (Situation.LINE_DESCRIPTION_WRONG, "R4", SUBSTITUTION),
            (Situation.WITHHOLDING_WRONG, "R4", SUBSTITUTION),
            (Situation.GOODS_RETURNED, "R1", DIFFERENCES),
            (Situation.DISCOUNT_AFTERWARDS, "R1", DIFFERENCES),
            (Situation.VOLUME_REBATE, "R1", DIFFERENCES),
            (Situation.PRICE_CHANGED_LATER, "R1", DIFFERENCES),
            (Situation.SALE_CANCELLED, "R1", DIFFERENCES),
            (Situation.CUSTOMER_INSOLVENT, "R2", DIFFERENCES),
            (Situation.BAD_DEBT, "R3", DIFFERENCES),
        ]
        for facts in (FULL, SIMPLIFIED)
    ),
    *(
        (what, F3, (Act.CORRECT, ("F3",), DIFFERENCES))
        for what in (Situation.WRONG_AMOUNT, Situation.BUYER_TAX_ID_WRONG, Situation.GOODS_RETURNED)
    ),
]


def row_of(what: Situation, facts: Facts) -> Row:
    return next(
        row
        for row in TABLE
        if row.what in {None, what} and all(getattr(facts, name) == value for name, value in row.facts.items())
    )


@pytest.mark.parametrize(("what", "facts", "expected"), EXPECTED)
def test_what_is_advised(what: Situation, facts: Mapping[str, Any], expected: tuple[Any, ...]) -> None:
    advice = advise(what, Facts(**{"status": "issued", **facts}))

    assert (advice.act, advice.reasons, advice.method) == expected
    assert advice.basis
    assert advice.why
    assert advice.table_version == TABLE_VERSION == "2026-11"


def test_each_row_of_the_table_is_expected_somewhere() -> None:
    """A row that no example reaches is hidden behind another, or untested."""
    reached = [row_of(what, Facts(**{"status": "issued", **facts})) for what, facts, _ in EXPECTED]

    assert [row for row in TABLE if row not in reached] == []


def test_each_situation_is_asked_of_a_person_and_has_an_answer_whatever_is_known() -> None:
    assert set(QUESTIONS) == set(Situation)
    for what in Situation:
        for kind in ("full", "simplified", "replacement"):
            for yes in ((), ("paid",), ("corrected",), ("replaced",), ("objected",), ("delivered",)):
                advice = advise(what, Facts(status="issued", kind=kind, **dict.fromkeys(yes, True)))
                assert bool(advice.reasons) == (advice.act is Act.CORRECT)


def test_whatever_is_advised_can_be_done_to_that_kind_of_invoice() -> None:
    allowed = {"full": {"R1", "R2", "R3", "R4"}, "simplified": {"R5"}, "replacement": {"F3"}}
    for what in Situation:
        for kind, types in allowed.items():
            for facts in ({}, {"paid": True}, {"corrected": True}, {"delivered": True}):
                advice = advise(what, Facts(status="issued", kind=kind, **facts))
                assert set(advice.reasons) <= types, (what, kind, facts)


def test_the_days_that_matter_come_with_the_advice() -> None:
    advice = advise(
        Situation.BAD_DEBT, Facts(status="issued"), accrual_date=date(2026, 1, 31), today=date(2026, 11, 23)
    )

    assert {(deadline.code, deadline.kind, deadline.on) for deadline in advice.deadlines} == {
        ("four_years", "not_after", date(2030, 1, 31)),
        ("bad_debt_six_months", "not_before", date(2026, 7, 31)),
        ("bad_debt_a_year", "not_before", date(2027, 1, 31)),
        ("bad_debt", "not_after", date(2027, 7, 31)),
        ("aeat_notice", "not_after", date(2026, 12, 23)),
    }


def test_an_insolvency_has_three_months_since_it_was_published() -> None:
    days = deadlines_of(
        "R2", accrual_date=date(2026, 1, 1), event_date=date(2026, 11, 30), issue_date=date(2026, 12, 1)
    )

    assert {day.code: day.on for day in days} == {
        "four_years": date(2030, 11, 30),
        "insolvency": date(2027, 2, 28),
        "aeat_notice": date(2027, 1, 1),
    }


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 2, 28), 12, date(2024, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
    ],
)
def test_months_are_counted_from_date_to_date(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


# --- Facts, read from the rows ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_facts_are_the_invoices() -> None:
    client = a_client(a_seller())
    draft, issued, ticket = a_draft(client), an_invoice(client), a_ticket(client.seller)

    def facts(parts: Any) -> Facts:
        return facts_of(parts_of(get_invoice(parts.invoice.id)))

    assert facts(draft).status == "draft"
    assert facts(issued) == Facts(status="issued")
    assert facts(ticket) == Facts(status="issued", kind="simplified")
    record_payment(invoice_id=issued.invoice.id, amount=1, date=NOW.date(), by=MARIA, now=NOW)
    assert facts(issued).paid
    a_correction(issued)
    assert facts(issued).corrected
    full = a_replacement(ticket, client)
    assert facts(ticket).replaced
    assert facts(full).kind == "replacement"
    answer(FiscalRecord.objects.get(invoice=full.invoice), "accepted_with_errors", code=2001)
    assert facts(full).objected
    void_invoice(invoice_id=full.invoice.id, reason="x", by=MARIA, now=NOW)
    assert facts(full).status == "voided"
    assert not facts(ticket).replaced


@pytest.mark.django_db
def test_advice_is_given_on_an_invoice() -> None:
    issued = an_invoice(a_client(a_seller()), operation_date=date(2026, 11, 2))

    advice = advise_on(invoice_id=issued.invoice.id, what=Situation.GOODS_RETURNED, now=NOW)

    assert (advice.act, advice.reasons) == (Act.CORRECT, ("R1",))
    assert [deadline.on for deadline in advice.deadlines] == [date(2030, 11, 2)]


@pytest.mark.django_db
def test_nobody_is_advised_on_what_is_not_there() -> None:
    with pytest.raises(NotFound):
        advise_on(invoice_id=a_seller().id, what=Situation.DUPLICATE, now=NOW)
