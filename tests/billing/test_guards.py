"""Every invariant of the database, attacked through SQL as somebody with a console would."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.models import Document, Invoice, Payment, Seller, SeriesCounter
from billing.services.drafting import discard_draft
from billing.services.payments import record_payment
from billing.services.reviewing import approve_invoice
from tests.builders import MARIA, NOW, SHOP, Decimal, a_client, a_draft, a_line, a_seller, an_invoice

pytestmark = pytest.mark.django_db


def attack(sql: str, *parameters: object) -> None:
    """Run a statement in a savepoint, with deferred constraints checked at its end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def client():
    return a_client(a_seller())


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_invoice SET gross_total = gross_total",
        "UPDATE billing_invoice SET buyer_name = 'somebody else'",
        "UPDATE billing_invoice SET status = 'draft', number = NULL",
        "UPDATE billing_invoice SET metadata = '{}'",
        "DELETE FROM billing_invoice",
        "UPDATE billing_invoiceline SET line_net = 1000",
        "UPDATE billing_invoiceline SET description = 'other'",
        "DELETE FROM billing_invoiceline",
        "UPDATE billing_taxsubtotal SET tax_amount = 0",
        "DELETE FROM billing_taxsubtotal",
        "UPDATE verifactu_fiscalrecord SET fingerprint = previous_fingerprint",
        "DELETE FROM verifactu_fiscalrecord",
        "UPDATE audit_auditentry SET actor_name = 'nobody'",
        "DELETE FROM audit_auditentry",
        "UPDATE integrations_event SET payload = '{}'",
        "DELETE FROM integrations_event",
        "DELETE FROM billing_document",
        "DELETE FROM billing_seriescounter",
        "DELETE FROM verifactu_chain",
    ],
)
def test_what_is_issued_cannot_be_changed_or_deleted(client, sql):
    an_invoice(client)

    with pytest.raises(DatabaseError, match="Cannot|correlativa"):
        attack(sql)


@pytest.mark.parametrize(
    "table",
    [
        "billing_invoice",
        "billing_invoiceline",
        "billing_taxsubtotal",
        "billing_payment",
        "billing_annulment",
        "billing_precedinginvoice",
        "billing_document",
        "billing_seriescounter",
        "billing_approval",
        "billing_sourceevent",
        "verifactu_fiscalrecord",
        "verifactu_chain",
        "audit_auditentry",
        "integrations_event",
    ],
)
def test_tables_of_evidence_cannot_be_emptied(client, table):
    an_invoice(client)

    with pytest.raises(DatabaseError, match="cannot be emptied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL app.allow_truncate = off")
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_no_session_can_switch_the_guards_off(client):
    """django-pgtrigger asks a session's setting which triggers to pass over; ours ask nobody."""
    an_invoice(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(tgname::text) FROM pg_trigger WHERE tgname LIKE 'pgtrigger\\_%%'")
        names = cursor.fetchone()[0]
    assert len(names) > 30

    for table in ("billing_invoice", "billing_invoiceline", "verifactu_fiscalrecord", "audit_auditentry"):
        with (
            pytest.raises(DatabaseError, match="Cannot|correlativa"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + ",".join(names) + "}"])
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", ["billing_invoiceline", "billing_taxsubtotal"])
def test_nothing_slips_into_an_issued_invoice(client, table):
    an_invoice(client)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(column_name, ',') FROM information_schema.columns"
            " WHERE table_name = %s AND column_name NOT IN ('id', 'position')",
            [table],
        )
        columns = cursor.fetchone()[0]

    with pytest.raises(DatabaseError, match="closed"):
        attack(f"INSERT INTO {table} (position, {columns}) SELECT 99, {columns} FROM {table}")


def test_a_line_cannot_be_moved_into_an_issued_invoice(client):
    issued, draft = an_invoice(client).invoice, a_draft(client, a_line("Otra")).invoice

    with pytest.raises(DatabaseError, match="closed"):
        attack(
            "UPDATE billing_invoiceline SET invoice_id = %s, position = 9 WHERE invoice_id = %s", issued.id, draft.id
        )


def test_a_discarded_draft_stays_discarded(client):
    draft = a_draft(client).invoice
    discard_draft(invoice_id=draft.id, by=SHOP, now=NOW)

    with pytest.raises(DatabaseError):
        attack("UPDATE billing_invoice SET status = 'draft'")
    assert Invoice.objects.get().status == "discarded"


def test_no_draft_is_ever_deleted(client):
    a_draft(client)

    with pytest.raises(DatabaseError, match="delete"):
        attack("DELETE FROM billing_invoice")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("number = 7", "invoice_issued_is_whole_and_draft_has_no_number"),
        ("display_number = 'A-2026-00007'", "invoice_issued_is_whole_and_draft_has_no_number"),
        ("status = 'issued'", "invoice_issued_is_whole_and_draft_has_no_number"),
        ("gross_total = gross_total + 0.01", "invoice_totals_add_up"),
        ("amount_due = 0", "invoice_totals_add_up"),
        ("exchange_rate = 2", "invoice_in_euro_has_no_exchange_rate"),
        ("exchange_rate = 0, currency = 'USD'", "invoice_exchange_rate_is_positive"),
        ("currency = 'eur'", "invoice_currency_is_iso_4217"),
        ("mode = 'live'", "invoice_in_its_sellers_mode"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(client, change, constraint):
    a_draft(client)

    with pytest.raises(IntegrityError, match=constraint):
        attack(f"UPDATE billing_invoice SET {change}")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("unit_price = -1", "line_unit_price_not_negative"),
        ("discount_percent = 101", "line_discount_is_a_percentage"),
        ("tax_category = 'E'", "line_is_taxed_or_exempt"),
        ("tax_category = 'ZZ'", "line_is_taxed_or_exempt"),
        ("exemption_code = 'E1'", "line_is_taxed_or_exempt"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(client, change, constraint):
    a_draft(client)

    with pytest.raises(IntegrityError, match=constraint):
        attack(f"UPDATE billing_invoiceline SET {change}")


def test_only_what_is_taxed_bears_tax(client):
    a_draft(client)

    with pytest.raises(IntegrityError, match="subtotal_taxes_only_s1"):
        attack("UPDATE billing_taxsubtotal SET tax_category = 'N1'")


def test_an_invoice_is_not_issued_without_its_fiscal_record(client):
    a_draft(client)

    with pytest.raises(DatabaseError, match="without its fiscal record"):
        attack(
            "UPDATE billing_invoice SET status = 'issued', number = 1, fiscal_year = 2026, display_number = 'A-1',"
            " issue_date = '2026-11-23', issued_at = now(), seller_copy = '{}'"
        )


@pytest.mark.parametrize("number", ["A<1", "A'1", "Ñ-1", "A=1", "x" * 61])
def test_a_number_that_the_aeat_would_refuse_is_refused(client, number):
    a_draft(client)

    with pytest.raises(DatabaseError, match="display_number|too long"):
        attack(
            "UPDATE billing_invoice SET status = 'issued', number = 1, fiscal_year = 2026, display_number = %s,"
            " issue_date = '2026-11-23', issued_at = now(), seller_copy = '{}'",
            number,
        )


@pytest.mark.parametrize("change", ["last_number = 5", "last_number = last_number - 1", "fiscal_year = 2027"])
def test_a_counter_moves_by_one_and_forwards(client, change):
    an_invoice(client)

    with pytest.raises(DatabaseError, match="moves by one"):
        attack(f"UPDATE billing_seriescounter SET {change}")
    assert SeriesCounter.objects.get().last_number == 1


def test_a_counter_never_goes_back_in_time(client):
    an_invoice(client)

    with pytest.raises(DatabaseError, match="forwards"):
        attack("UPDATE billing_seriescounter SET last_number = last_number + 1, last_date = '2026-01-01'")


@pytest.mark.parametrize(
    "change", ["last_sequence = 0", "issuer_tax_id = '99999910G'", "installation_number = 'other'"]
)
def test_a_chain_only_grows(client, change):
    an_invoice(client)

    with pytest.raises(DatabaseError, match="only grows"):
        attack(f"UPDATE verifactu_chain SET {change}")


def test_a_payment_is_kept_as_it_was_written(client):
    invoice = an_invoice(client).invoice
    record_payment(invoice_id=invoice.id, amount=Decimal(10), date=NOW.date(), by=MARIA, now=NOW)

    for sql in ("UPDATE billing_payment SET amount = 1000", "DELETE FROM billing_payment"):
        with pytest.raises(DatabaseError):
            attack(sql)
    assert Payment.objects.get().amount == Decimal("10.00")


def test_a_payment_of_nothing_is_refused(client):
    invoice = an_invoice(client).invoice

    with pytest.raises(IntegrityError, match="payment_is_not_nothing"), transaction.atomic():
        Payment.objects.create(invoice=invoice, amount=0, date=NOW.date(), created_at=NOW, created_by="x")


def test_an_approval_is_kept_as_it_was_given(client):
    approve_invoice(invoice_id=a_draft(client).invoice.id, by=MARIA, now=NOW)

    with pytest.raises(DatabaseError):
        attack("UPDATE billing_approval SET approved_by = 'user:pablo'")


def test_a_rendered_document_is_frozen(client):
    an_invoice(client)
    digest = "0" * 64
    Document.objects.update(state="rendered", content=b"%PDF", sha256=digest, rendered_at=NOW)

    with pytest.raises(DatabaseError):
        attack("UPDATE billing_document SET content = 'x'")
    assert Document.objects.get().sha256 == digest


@pytest.mark.parametrize("change", ["state = 'rendered'", "sha256 = 'x'", "content = 'x'"])
def test_a_document_is_whole_or_not_there(client, change):
    an_invoice(client)

    with pytest.raises(IntegrityError, match="document_rendered_is_whole"):
        attack(f"UPDATE billing_document SET {change}")


def test_a_seller_keeps_its_mode_for_ever():
    a_seller()

    with pytest.raises(DatabaseError):
        attack("UPDATE billing_seller SET mode = 'live'")
    assert Seller.objects.get().mode == "test"


def test_an_invoice_cannot_name_another_sellers_client(client):
    draft = a_draft(client).invoice
    other = a_client(a_seller(tax_id="89890002E"))

    with pytest.raises(IntegrityError, match="invoice_client_of_its_seller"):
        attack("UPDATE billing_invoice SET client_id = %s WHERE id = %s", other.id, draft.id)


def test_an_invoice_cannot_use_another_sellers_series(client):
    draft = a_draft(client).invoice
    other = a_seller(tax_id="89890002E").series.get(code="A")

    with pytest.raises(IntegrityError, match="invoice_series_of_its_seller"):
        attack("UPDATE billing_invoice SET series_id = %s WHERE id = %s", other.id, draft.id)


def test_rows_cannot_leave_their_sellers_mode(client):
    an_invoice(client)

    for table in ("billing_series", "clients_client"):
        with pytest.raises(IntegrityError, match="in_its_sellers_mode"):
            attack(f"UPDATE {table} SET mode = 'live'")
