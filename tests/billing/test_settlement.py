"""How buyer and seller stand: of one invoice, and of all that corrections and replacements hold together."""

from __future__ import annotations

import random
import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from billing import queries
from billing.families import family_of
from billing.models import Invoice, Seller
from billing.representation import Parts, represent
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from billing.settlement import Member, settlement_of, standings
from clients.models import Client
from integrations.models import Event
from tests.builders import (
    MARIA,
    NOW,
    a_client,
    a_correction,
    a_draft,
    a_line,
    a_replacement,
    a_seller,
    a_ticket,
    an_invoice,
)


@pytest.fixture
def seller(db: None) -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


def shown(parts: Parts) -> dict[str, Any]:
    return represent(queries.parts_of(Invoice.objects.get(id=parts.invoice.id)))["settlement"]


def figures(parts: Parts) -> tuple[str, ...]:
    """Own amount, changed by others, paid, outstanding, status."""
    return tuple(shown(parts).values())


def pay(parts: Parts, amount: str) -> None:
    record_payment(invoice_id=parts.invoice.id, amount=Decimal(amount), date=date(2026, 11, 1), by=MARIA, now=NOW)


def test_an_invoice_by_itself_is_what_it_comes_to_less_what_was_paid(client: Client) -> None:
    invoice = an_invoice(client)
    assert figures(invoice) == ("121.00", "0.00", "0.00", "121.00", "unpaid")
    pay(invoice, "21.00")
    assert figures(invoice) == ("121.00", "0.00", "21.00", "100.00", "partially_paid")
    pay(invoice, "100.00")
    assert figures(invoice) == ("121.00", "0.00", "121.00", "0.00", "paid")
    pay(invoice, "1.00")
    assert figures(invoice) == ("121.00", "0.00", "122.00", "-1.00", "overpaid")


def test_what_was_taken_back_as_a_whole_is_credited_and_not_unpaid(client: Client) -> None:
    invoice = an_invoice(client)
    correction = a_correction(invoice)
    assert figures(invoice) == ("121.00", "-121.00", "0.00", "0.00", "credited")
    assert figures(correction) == ("-121.00", "121.00", "0.00", "0.00", "credited")


def test_the_refund_of_a_paid_invoice_is_still_to_be_made_until_it_is(client: Client) -> None:
    invoice = an_invoice(client)
    pay(invoice, "121.00")
    correction = a_correction(invoice, a_line(price="50.00", quantity="-1"))
    assert figures(invoice) == ("121.00", "-60.50", "121.00", "-60.50", "overpaid")
    pay(correction, "-60.50")
    assert figures(invoice) == ("121.00", "-60.50", "60.50", "0.00", "paid")
    assert figures(correction) == ("-60.50", "121.00", "60.50", "0.00", "paid")


def test_a_substitution_stands_in_the_place_of_what_it_substitutes(client: Client) -> None:
    invoice = an_invoice(client)
    other = a_correction(invoice, a_line(price="80.00"), method="substitution")
    assert figures(invoice) == ("121.00", "-24.20", "0.00", "96.80", "unpaid")
    assert figures(other) == ("96.80", "0.00", "0.00", "96.80", "unpaid")


def test_a_voided_correction_takes_nothing_back(client: Client) -> None:
    invoice = an_invoice(client)
    correction = a_correction(invoice)
    void_invoice(invoice_id=correction.invoice.id, reason="x", by=MARIA, now=NOW)
    assert figures(invoice) == ("121.00", "0.00", "0.00", "121.00", "unpaid")
    assert figures(correction) == ("-121.00", "121.00", "0.00", "0.00", "credited")


def test_who_paid_the_ticket_has_paid_the_full_invoice_in_its_place(seller: Seller, client: Client) -> None:
    ticket = a_ticket(seller)
    pay(ticket, "12.10")
    full = a_replacement(ticket, client)
    assert figures(full) == figures(ticket) == ("12.10", "0.00", "12.10", "0.00", "paid")


def test_a_corrected_ticket_is_replaced_by_what_was_left_of_it(seller: Seller, client: Client) -> None:
    ticket = a_ticket(seller)
    a_correction(ticket, a_line("Libro", "2.10", tax_rate="4", quantity="-1"), reason="R5")
    full = a_replacement(ticket, client)
    assert figures(full) == ("10.00", "0.00", "0.00", "10.00", "unpaid")
    assert figures(ticket) == ("12.10", "-2.10", "0.00", "10.00", "unpaid")


def test_a_withdrawn_replacement_stands_for_nobody(seller: Seller, client: Client) -> None:
    ticket = a_ticket(seller)
    full = a_replacement(ticket, client)
    withdrawal = a_correction(full, reason="F3")
    for one in (ticket, full, withdrawal):
        assert shown(one)["outstanding_amount"] == "12.10"
    again = a_replacement(ticket, client)
    for one in (ticket, full, withdrawal, again):
        assert shown(one)["outstanding_amount"] == "12.10"


def test_a_draft_says_what_would_be_due_and_a_discarded_one_that_nothing_is(client: Client) -> None:
    draft = a_draft(client)
    assert figures(draft) == ("121.00", "0.00", "0.00", "121.00", "unpaid")
    void_invoice(invoice_id=draft.invoice.id, reason="x", by=MARIA, now=NOW)
    assert figures(draft) == ("121.00", "-121.00", "0.00", "0.00", "credited")


def test_it_agrees_with_what_a_person_reads_of_the_family(client: Client) -> None:
    """Two ways to the same figure: here from the totals, there from the subtotals."""
    invoice = an_invoice(client, a_line(), a_line(tax_rate="10"), withholding_percent=Decimal(15))
    first = a_correction(invoice, a_line(price="30.00", quantity="-1"))
    pay(invoice, "50.00")
    a_correction(first, a_line(price="10.00"))
    last = a_correction(invoice, a_line(price="70.00"), method="substitution")
    for one in (invoice, first, last):
        family = family_of([one.invoice.id])
        assert Decimal(shown(one)["outstanding_amount"]) == queries.outstanding_of(family)


def test_the_events_of_a_correction_tell_it_of_both(client: Client) -> None:
    invoice = an_invoice(client)
    correction = a_correction(invoice)
    issued = Event.objects.get(type="invoice.issued", object_id=correction.invoice.id)
    corrected = Event.objects.get(type="invoice.corrected", object_id=invoice.invoice.id)
    assert issued.payload["settlement"]["status"] == corrected.payload["settlement"]["status"] == "credited"
    assert issued.payload["settlement"] == shown(correction)


def test_a_page_of_corrected_invoices_costs_one_query_more_than_one_of_others(client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            queries.parts_of_all(queries.with_parts(Invoice.objects.all()))
        return len(asked)

    invoices = [an_invoice(client) for _ in range(3)]
    alone = cost()
    for invoice in invoices:
        a_correction(invoice, a_line(price="1.00", quantity="-1"))
    once = cost()
    for invoice in invoices:
        a_correction(invoice, a_line(price="1.00", quantity="-1"))
    assert cost() == once == alone + 1


# --- Pure ------------------------------------------------------------------------------------------------------------

IDS = [uuid.UUID(int=number) for number in range(8)]


@st.composite
def histories(draw: st.DrawFn) -> list[Member]:
    """Invoices of which later ones correct or replace earlier ones."""
    members = []
    for index, one in enumerate(IDS[: draw(st.integers(1, 8))]):
        originals = tuple(draw(st.lists(st.sampled_from(IDS[:index]), unique=True, max_size=2))) if index else ()
        method = draw(st.sampled_from(["", "differences", "substitution"])) if originals else ""
        due, paid = draw(st.integers(-99, 99)), draw(st.integers(-99, 99))
        members.append(Member(one, Decimal(due), Decimal(paid), method, originals))
    return members


@given(histories(), st.randoms(use_true_random=False))
def test_neither_the_order_nor_strangers_matter(history: list[Member], dice: random.Random) -> None:
    shuffled = [*history, Member(uuid.UUID(int=99), Decimal(5), Decimal(5))]
    dice.shuffle(shuffled)
    found = standings(shuffled)
    assert {one: found[one] for one in found if one.int != 99} == standings(history)


@given(histories())
def test_no_payment_is_lost_and_none_counted_twice(history: list[Member]) -> None:
    found = standings(history)
    for member in history:
        for original in member.originals:
            assert found[member.id] is found[original], "what hangs together is settled as one"
    apart = {id(one): one for one in found.values()}
    assert sum(one.paid for one in apart.values()) == sum(member.paid for member in history)


@given(st.sampled_from(["draft", "issued", "voided"]), st.integers(-99, 99), st.integers(-99, 99))
def test_the_figures_of_a_settlement_add_up(status: str, due: int, paid: int) -> None:
    settled = settlement_of(status, Decimal(due), paid=Decimal(paid))
    left = settled.amount_due + settled.corrected_amount - settled.paid_amount
    assert settled.outstanding_amount == left
    assert (settled.status in {"paid", "credited"}) == (left == 0 and status == "issued") or status != "issued"
