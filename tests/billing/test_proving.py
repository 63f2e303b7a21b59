"""Records held to the invoices that they are about; and what an operator sees and what stays written."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEntry
from billing.models import Invoice
from billing.services.proving import verify_chain
from clients.models import Client
from tests.builders import (
    MARIA,
    a_client,
    a_correction,
    a_line,
    a_replacement,
    a_seller,
    a_ticket,
    an_invoice,
)
from tests.verifactu.tampering import as_superuser
from verifactu.models import Chain
from verifactu.services.proving import Report

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(db: None) -> Client:
    client = a_client(a_seller())
    for price in ("100.00", "250.00", "0.10"):
        an_invoice(client, a_line(price=price))
    return client


def proof(client: Client) -> Report:
    return verify_chain(chain_id=Chain.objects.get(seller=client.seller_id).id, by=MARIA)


def test_what_was_issued_and_left_alone_is_sound(client: Client) -> None:
    report = proof(client)
    assert (report.records, report.flaws) == (3, ())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("display_number", "A-2026-99999"),
        ("issue_date", "2026-01-01"),
        ("fiscal_type", "F3"),
        ("tax_total_eur", "1.00"),
        ("gross_total_eur", "1.00"),
    ],
)
def test_an_invoice_that_no_longer_is_its_record_is_found(client: Client, column: str, value: str) -> None:
    invoice = Invoice.objects.get(gross_total="302.50")
    as_superuser(f"UPDATE billing_invoice SET {column} = %s WHERE id = %s", value, invoice.id)
    (flaw,) = (flaw for flaw in proof(client).flaws if flaw.code == "invoice_differs")
    assert (flaw.sequence, flaw.number) == (2, invoice.display_number)
    assert flaw.params["column"] == column
    assert value in str(flaw)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("billing_taxsubtotal SET taxable_amount = taxable_amount + 1", "net_total"),
        ("billing_taxsubtotal SET tax_amount_eur = tax_amount_eur - 1", "tax_total_eur"),
        ("billing_invoiceline SET line_net = 1", "net_total"),
        ("billing_invoice SET buyer_tax_id = '99999901H'", "buyer_tax_id"),
        ("billing_invoice SET buyer = jsonb_set(buyer, '{name}', '\"Otro\"')", "buyer_name"),
    ],
)
def test_an_invoice_that_no_longer_adds_up_is_found(client: Client, change: str, column: str) -> None:
    invoice = Invoice.objects.get(gross_total="302.50")
    key = "id" if change.startswith("billing_invoice ") else "invoice_id"
    as_superuser(f"UPDATE {change} WHERE {key} = %s", invoice.id)
    flaws = proof(client).flaws
    assert {flaw.code for flaw in flaws} == {"invoice_adds_up_no_more"}
    assert column in {flaw.params["column"] for flaw in flaws}
    assert {(flaw.sequence, flaw.number) for flaw in flaws} == {(2, invoice.display_number)}


def test_invoices_of_every_kind_add_up(client: Client) -> None:
    seller = client.seller
    invoices = [
        an_invoice(client, a_line(price="33.335", quantity="3"), prices_include_tax=True),
        an_invoice(client, currency="USD", exchange_rate=Decimal("1.0837"), withholding_percent=Decimal(15)),
        an_invoice(client, a_line(), a_line("Libro", "7.77", tax_rate="4"), equivalence_surcharge=True),
        a_ticket(seller, "10.01"),
    ]
    for invoice in invoices[:3]:
        a_correction(invoice, a_line(quantity="-0.01", surcharge_rate="5.2" if invoice is invoices[2] else None))
    a_replacement(invoices[3], client)
    assert proof(client).is_sound


def test_a_record_moved_to_another_invoice_is_found(client: Client) -> None:
    first, second, _ = Invoice.objects.order_by("number")
    as_superuser("UPDATE verifactu_fiscalrecord SET invoice_id = %s WHERE invoice_id = %s", second.id, first.id)
    report = proof(client)
    assert {flaw.code for flaw in report.flaws} == {"invoice_differs", "invoice_without_record"}
    assert {(flaw.sequence, flaw.number) for flaw in report.flaws} == {
        (1, first.display_number),
        (None, first.display_number),
    }


def test_an_invoice_that_was_made_a_draft_again_is_found(client: Client) -> None:
    as_superuser(
        "UPDATE billing_invoice SET status = 'draft', number = NULL, fiscal_year = NULL, display_number = NULL,"
        " issue_date = NULL, issued_at = NULL WHERE gross_total = '0.12'"
    )
    assert {flaw.sequence for flaw in proof(client).flaws} == {3}


def test_the_last_record_taken_out_with_its_chains_head_is_found_by_its_invoice(client: Client) -> None:
    as_superuser("DELETE FROM verifactu_fiscalrecord WHERE sequence = 3")
    as_superuser(
        "UPDATE verifactu_chain SET last_sequence = 2, last_number = last.number, last_fingerprint = last.fingerprint"
        " FROM verifactu_fiscalrecord AS last WHERE last.sequence = 2"
    )
    (flaw,) = proof(client).flaws
    assert (flaw.code, flaw.number) == (
        "invoice_without_record",
        Invoice.objects.get(gross_total="0.12").display_number,
    )


def test_other_sellers_are_left_out(client: Client) -> None:
    other = a_client(a_seller(tax_id="B99999021"), tax_id="B99999013")
    an_invoice(other)
    as_superuser("UPDATE billing_invoice SET gross_total_eur = 1 WHERE seller_id = %s", other.seller_id)
    assert proof(client).is_sound
    assert not proof(other).is_sound


def test_the_result_stays_in_the_log(client: Client) -> None:
    number = Invoice.objects.get(gross_total="302.50").display_number
    proof(client)
    as_superuser("UPDATE verifactu_fiscalrecord SET gross_total = '9.00' WHERE sequence = 2")
    proof(client)
    sound, broken = AuditEntry.objects.filter(action="chain.verified").order_by("id")
    assert sound.after == {"records": 3, "flaws": 0, "first_flaws": []}
    assert (broken.after["records"], broken.after["flaws"]) == (3, 2)
    assert [(flaw["sequence"], flaw["number"], flaw["code"]) for flaw in broken.after["first_flaws"]] == [
        (2, number, "column_differs"),
        (2, number, "invoice_differs"),
    ]
    assert (broken.actor_name, broken.subject_type) == ("maria", "chain")


# --- The command -----------------------------------------------------------------------------------------------------


def said(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_chain", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_says_how_much_it_read(client: Client) -> None:
    assert "3 records, 0 flaws" in said()
    assert "1 chains, nothing wrong." in said("--seller", "89890001k", "--mode", "test")


def test_the_command_names_what_is_wrong_and_fails(client: Client) -> None:
    as_superuser("UPDATE verifactu_fiscalrecord SET gross_total = '9.00' WHERE sequence = 2")
    output = StringIO()
    with pytest.raises(CommandError, match="2 flaws in 1 chains"):
        call_command("verify_chain", stdout=output)
    number = Invoice.objects.get(gross_total="302.50").display_number
    assert f"  2 {number}  column_differs: The column gross_total says «9.00»" in output.getvalue()


def test_the_command_counts_what_it_has_no_room_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifactu.services.proving.MOST_TOLD", 1)
    as_superuser("UPDATE verifactu_fiscalrecord SET gross_total = '9.00'")
    output = StringIO()
    with pytest.raises(CommandError, match="6 flaws"):
        call_command("verify_chain", stdout=output)
    assert "… and 5 more" in output.getvalue()


def test_a_seller_without_chain_is_not_taken_for_a_sound_one(client: Client) -> None:
    with pytest.raises(CommandError, match="no such chain"):
        said("--seller", "B00000000")
