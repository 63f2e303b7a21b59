"""A full invoice in the place of simplified ones."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from billing.advice import Situation
from billing.families import family_of
from billing.models import Invoice, Seller
from billing.queries import get_invoice, parts_of
from billing.representation import Parts, represent
from billing.services.advising import advise_on
from billing.services.drafting import update_draft
from billing.services.issuing import issue_invoice
from billing.services.replacing import ReplacementData, create_replacement, preview_replacement
from billing.services.voiding import void_invoice
from clients.models import Client
from core.errors import Conflict, Invalid
from tests.builders import (
    MARIA,
    NOW,
    SHOP,
    a_client,
    a_correction,
    a_line,
    a_replacement,
    a_seller,
    a_ticket,
    an_invoice,
    draft_for,
    refused,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


def again(parts: Parts) -> dict:
    return represent(parts_of(get_invoice(parts.invoice.id)))


def codes(refusal) -> set[tuple[str | None, str]]:
    return {(fault.pointer, fault.code) for fault in refusal.value.faults}


def test_tickets_become_one_full_invoice_of_the_same_amount(seller, client):
    first, second = a_ticket(seller, "12.10"), a_ticket(seller, "7.77")

    full = a_replacement(first, client, also=[second])

    assert (full.invoice.fiscal_type, full.invoice.display_number) == ("F3", "A-2026-00001")
    assert full.invoice.gross_total == Decimal("19.87")
    assert full.invoice.tax_total == first.invoice.tax_total + second.invoice.tax_total
    assert [link["display_number"] for link in represent(full)["replaces"]] == ["S-2026-00001", "S-2026-00002"]
    assert represent(full)["correction"] is None
    assert [link["invoice"] for link in again(first)["replaced_by"]] == [str(full.invoice.id)]
    assert again(first)["corrected_by"] == []


def test_each_ticket_is_replaced_once(seller, client):
    ticket = a_ticket(seller)
    full = a_replacement(ticket, client)

    with refused(Conflict) as refusal:
        a_replacement(a_ticket(seller), client, also=[ticket])

    assert refusal.value.code == "already_replaced"
    assert refusal.value.extra["replaced_by"] == str(full.invoice.id)


def test_two_drafts_for_one_ticket_are_not_both_issued(seller, client):
    ticket = a_ticket(seller)
    first, second = (a_replacement(ticket, client, issue=False) for _ in range(2))
    issue_invoice(invoice_id=first.invoice.id, by=SHOP, now=NOW)

    with refused(Conflict) as refusal:
        issue_invoice(invoice_id=second.invoice.id, by=SHOP, now=NOW)
    assert refusal.value.code == "already_replaced"


def test_a_replacement_is_withdrawn_by_another_one_and_its_tickets_are_free_again(seller, client):
    ticket = a_ticket(seller)
    wrong = a_replacement(ticket, client)

    withdrawn = a_correction(wrong, reason="F3")

    assert (withdrawn.invoice.fiscal_type, withdrawn.invoice.gross_total) == ("F3", Decimal("-12.10"))
    assert withdrawn.invoice.display_number == "A-2026-00002"
    assert again(wrong)["corrected_by"] == [str(withdrawn.invoice.id)]
    right = a_replacement(ticket, a_client(seller, tax_id="99999901H", name="Irene Quimera Lago"))
    assert right.invoice.buyer_tax_id == "99999901H"
    with refused(Conflict):
        a_replacement(ticket, client)


def test_a_replacement_is_withdrawn_whole(seller, client):
    full = a_replacement(a_ticket(seller), client)

    for given in ({"method": "substitution"}, {}):
        with refused(Invalid) as refusal:
            a_correction(full, a_line(price="1.00", quantity="-1", tax_rate="4"), reason="F3", **given)
        assert "replacement_withdrawn_whole" in {code for _, code in codes(refusal)}


def test_a_replacement_that_was_voided_leaves_its_tickets_free(seller, client):
    ticket = a_ticket(seller)
    void_invoice(invoice_id=a_replacement(ticket, client).invoice.id, reason="error", by=MARIA, now=NOW)

    assert a_replacement(ticket, client).invoice.display_number == "A-2026-00002"


def test_a_ticket_with_corrections_is_replaced_by_what_is_left_of_it(seller, client):
    ticket = a_ticket(seller, "10.40")
    a_correction(ticket, a_line("Libro", "5.20", quantity="-1", tax_rate="4"), reason="R5")

    full = a_replacement(ticket, client)

    assert full.invoice.gross_total == family_of([ticket.invoice.id]).balance.total.gross == Decimal("5.20")


def test_a_ticket_is_not_corrected_while_a_full_invoice_stands_in_its_place(seller, client):
    """The full invoice would come to more than its tickets (AEAT, FAQ 27): it is withdrawn, and made anew."""
    ticket = a_ticket(seller, "10.40")
    correction = a_correction(ticket, a_line("Libro", "5.20", quantity="-1", tax_rate="4"), reason="R5")
    draft = a_correction(ticket, a_line("Libro", "1.04", quantity="-1", tax_rate="4"), reason="R5", issue=False)
    full = a_replacement(ticket, client)

    for one in (ticket, correction):
        with refused(Conflict) as refusal:
            a_correction(one, a_line("Libro", "1.04", quantity="-1", tax_rate="4"), reason="R5")
        assert refusal.value.code == "already_replaced"
    with refused(Conflict) as refusal:
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)
    assert refusal.value.code == "already_replaced"
    with refused(Conflict) as refusal:
        void_invoice(invoice_id=correction.invoice.id, reason="x", by=SHOP, now=NOW)
    assert refusal.value.code == "void_not_lawful"

    a_correction(full, reason="F3")
    assert issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW).invoice.gross_total == Decimal("-1.04")


def test_a_withdrawal_is_not_voided_once_its_tickets_were_replaced_anew(seller, client):
    ticket = a_ticket(seller)
    withdrawn = a_correction(a_replacement(ticket, client), reason="F3")
    a_replacement(ticket, client)

    with refused(Conflict) as refusal:
        void_invoice(invoice_id=withdrawn.invoice.id, reason="x", by=SHOP, now=NOW)
    assert refusal.value.code == "void_not_lawful"


def test_a_ticket_whose_replacement_was_withdrawn_may_be_replaced_again_and_is_never_voided(seller, client):
    ticket = a_ticket(seller)
    a_correction(a_replacement(ticket, client), reason="F3")

    def advised(what: Situation) -> str:
        return advise_on(invoice_id=ticket.invoice.id, what=what, now=NOW).act

    assert advised(Situation.WANTS_FULL_INVOICE) == "replace"
    assert advised(Situation.NEVER_HAPPENED) == "correct"


def test_a_ticket_corrected_after_the_draft_is_not_replaced_as_it_was(seller, client):
    ticket = a_ticket(seller, "10.40")
    draft = a_replacement(ticket, client, issue=False)
    a_correction(ticket, a_line("Libro", "5.20", quantity="-1", tax_rate="4"), reason="R5")

    with refused(Conflict) as refusal:
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)
    assert refusal.value.code == "correction_stale"

    update_draft(invoice_id=draft.invoice.id, draft=draft_for(client), by=SHOP, now=NOW)
    assert issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW).invoice.gross_total == Decimal("5.20")


def test_what_is_not_simplified_is_not_replaced(seller, client):
    full, ticket = an_invoice(client), a_ticket(seller)

    with refused(Invalid) as refusal:
        a_replacement(full, client)
    assert codes(refusal) == {("#", "not_a_simplified_invoice")}
    with refused(Invalid) as refusal:
        a_replacement(ticket, client, also=[full])
    assert codes(refusal) == {("#/also_replaces/0", "not_a_simplified_invoice")}


def test_somebody_elses_ticket_is_unknown(seller, client):
    stranger = a_ticket(a_seller(tax_id="99999972C"))

    with refused(Invalid) as refusal:
        a_replacement(a_ticket(seller), client, also=[stranger])
    assert codes(refusal) == {("#/also_replaces/0", "invoice_unknown")}


def test_a_full_invoice_names_its_buyer(seller):
    with refused(Invalid) as refusal:
        create_replacement(invoice_id=a_ticket(seller).invoice.id, replacement=ReplacementData(), by=SHOP, now=NOW)
    assert codes(refusal) == {("#/client", "buyer_tax_id_missing")}


def test_a_preview_writes_nothing(seller, client):
    ticket, before = a_ticket(seller), Invoice.objects.count()

    parts, _warnings = preview_replacement(
        invoice_id=ticket.invoice.id, replacement=ReplacementData(given={"client": client.id}), now=NOW
    )

    assert parts.invoice.fiscal_type == "F3"
    assert Invoice.objects.count() == before


def test_the_database_itself_lets_a_ticket_be_replaced_once(seller, client):
    ticket, other = a_ticket(seller), a_ticket(seller)
    a_replacement(ticket, client)
    draft = a_replacement(other, client, issue=False)

    with (
        pytest.raises(DatabaseError, match="replaces one that is replaced already"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE billing_precedinginvoice SET original_id = %s WHERE invoice_id = %s",
            [ticket.invoice.id, draft.invoice.id],
        )
        cursor.execute(
            "UPDATE billing_invoice SET status = 'issued', number = 99, fiscal_year = 2026, display_number = 'A-99',"
            " issue_date = '2026-11-23', issued_at = now(), seller_copy = '{}' WHERE id = %s",
            [draft.invoice.id],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
