"""What the database itself refuses of corrections, attacked through SQL."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.models import Invoice, PrecedingInvoice
from billing.services.issuing import create_and_issue
from tests.billing.test_guards import attack
from tests.builders import (
    NOW,
    SHOP,
    a_client,
    a_correction,
    a_draft,
    a_line,
    a_seller,
    an_invoice,
    draft_for,
)

pytestmark = pytest.mark.django_db

ISSUED = (
    "status = 'issued', number = 99, fiscal_year = 2026, display_number = 'Z-99', issue_date = '2026-11-23',"
    " issued_at = now(), seller_copy = '{}'"
)

NAMED_TWICE = (
    "INSERT INTO billing_precedinginvoice (seller_id, invoice_id, original_id, position)"
    " SELECT seller_id, invoice_id, original_id, 2 FROM billing_precedinginvoice"
)


def issue_by_hand(change: str, draft: Invoice, *, guard: str = "issued_names_what_came_before") -> None:
    """One guard is asked: that there is no record either is another one's business."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
        cursor.execute(f"UPDATE billing_invoice SET {ISSUED} WHERE id = %s", [draft.id])
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", [f"%{guard}%"])
        cursor.execute(f"SET CONSTRAINTS {cursor.fetchone()[0]} IMMEDIATE")


@pytest.fixture
def client():
    return a_client(a_seller())


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("correction_method = ''", "invoice_corrective_has_its_method"),
        ("fiscal_type = 'F1'", "invoice_corrective_has_its_method"),
        ("fiscal_type = 'F2'", "invoice_corrective_has_its_method"),
        ("correction_method = 'substitution'", "invoice_substitution_says_what_it_replaces"),
        ("replaced_net_eur = 1", "invoice_substitution_says_what_it_replaces"),
        ("issuing_party = 'third_party'", "invoice_third_party_is_named"),
        ("third_party = '{}'", "invoice_third_party_is_named"),
    ],
)
def test_a_draft_of_a_correction_that_makes_no_sense_is_refused(client, change, constraint):
    draft = a_correction(an_invoice(client), issue=False).invoice

    with pytest.raises(IntegrityError, match=constraint):
        attack(f"UPDATE billing_invoice SET {change} WHERE id = %s", draft.id)


def test_an_f3_is_never_by_substitution(client):
    draft = a_correction(an_invoice(client), a_line(), method="substitution", reason="R4", issue=False).invoice

    with pytest.raises(IntegrityError, match="invoice_corrective_has_its_method"):
        attack("UPDATE billing_invoice SET fiscal_type = 'F3' WHERE id = %s", draft.id)


def test_only_what_corrects_by_differences_is_negative_when_issued(client):
    draft = a_draft(client).invoice

    with pytest.raises(IntegrityError, match="invoice_negative_only_by_differences"):
        attack(
            f"UPDATE billing_invoice SET {ISSUED}, net_total = -1, tax_total = 0, gross_total = -1, amount_due = -1"
            " WHERE id = %s",
            draft.id,
        )


def test_a_correction_is_not_issued_without_naming_what_it_corrects(client):
    draft = a_correction(an_invoice(client), issue=False).invoice

    with pytest.raises(DatabaseError, match="without naming what it corrects"):
        issue_by_hand("DELETE FROM billing_precedinginvoice", draft)


def test_a_correction_of_a_draft_is_not_issued(client):
    draft, other = a_correction(an_invoice(client), issue=False).invoice, a_draft(client).invoice

    with pytest.raises(DatabaseError, match="not in force"):
        issue_by_hand(f"UPDATE billing_precedinginvoice SET original_id = '{other.id}'", draft)


def test_a_correction_that_takes_more_than_is_left_is_not_issued(client):
    original = an_invoice(client)
    draft, _ = (a_correction(original, a_line(quantity="-0.6"), issue=issue).invoice for issue in (False, True))

    with pytest.raises(DatabaseError, match="takes more than is left"):
        issue_by_hand("SELECT 1", draft, guard="takes_no_more_than_is_left")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_precedinginvoice SET original_id = invoice_id",
        "UPDATE billing_precedinginvoice SET position = 9",
        "DELETE FROM billing_precedinginvoice",
        NAMED_TWICE,
    ],
)
def test_what_an_issued_correction_names_is_frozen(client, sql):
    a_correction(an_invoice(client))

    with pytest.raises(DatabaseError):
        attack(sql)
    assert PrecedingInvoice.objects.count() == 1


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("UPDATE billing_precedinginvoice SET original_id = invoice_id", "preceding_is_another_invoice"),
        (
            NAMED_TWICE,
            "preceding_once_per_invoice",
        ),
    ],
)
def test_a_correction_names_others_and_each_once(client, sql, constraint):
    a_correction(an_invoice(client), issue=False)

    with pytest.raises(IntegrityError, match=constraint):
        attack(sql)


def test_nobody_corrects_another_sellers_invoice(client):
    a_correction(an_invoice(client), issue=False)
    stranger = create_and_issue(
        seller_id=(other := a_client(a_seller(tax_id="99999972C"))).seller_id, draft=draft_for(other), by=SHOP, now=NOW
    ).parts.invoice

    with pytest.raises(IntegrityError, match="preceding_original_of_its_seller"):
        attack("UPDATE billing_precedinginvoice SET original_id = %s", stranger.id)
    with pytest.raises(IntegrityError, match="preceding_invoice_of_its_seller"):
        attack("UPDATE billing_precedinginvoice SET seller_id = %s, original_id = %s", other.seller_id, stranger.id)
