"""Amending the record of an invoice that is right itself."""

from __future__ import annotations

import pytest
from lxml import etree

from audit.models import AuditEntry
from billing.models import Invoice
from billing.queries import get_invoice, parts_of
from billing.representation import Parts
from billing.services.amending import RecordChanges, amend_record, registration_of_issued
from billing.services.voiding import void_invoice
from clients.services import ClientData, update_client
from core.errors import Conflict, Invalid
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
    refused,
)
from tests.verifactu.answers import answer
from tests.verifactu.oracles import schema
from verifactu.models import FiscalRecord
from verifactu.reading import read_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return a_client(a_seller(), tax_id="99999901H", name="Irene Quimera Lago")


def amend(parts: Parts, **changes: object) -> FiscalRecord:
    return amend_record(
        invoice_id=parts.invoice.id,
        reason="El censo dice otra cosa.",
        changes=RecordChanges(**changes),
        by=MARIA,
        now=NOW,
    )


def an_answered_invoice(client, outcome: str = "accepted", **changes: object) -> Parts:
    parts = an_invoice(client, **changes)
    answer(FiscalRecord.objects.get(invoice=parts.invoice), outcome, code=None if outcome == "accepted" else 1239)
    return parts


def test_a_record_is_amended_and_the_invoice_stays(client):
    original = an_answered_invoice(client)
    before = Invoice.objects.values().get()

    record = amend(original, description="Asesoría de noviembre")

    assert Invoice.objects.values().get() == before
    amended = read_record(bytes(record.xml)).content
    assert (amended.description, amended.amendment, amended.previous_rejection) == ("Asesoría de noviembre", True, None)
    schema().assertValid(etree.fromstring(bytes(record.xml)))
    entry = AuditEntry.objects.get(action="record.amended")
    assert (entry.reason, entry.after["description"]) == ("El censo dice otra cosa.", "Asesoría de noviembre")


def test_a_rejected_buyer_is_named_as_the_census_has_it_and_a_later_amendment_keeps_that(client):
    original = an_answered_invoice(client, "rejected")

    first = amend(original, buyer_name="QUIMERA LAGO IRENE")
    answer(first, "accepted")
    second = read_record(bytes(amend(original, description="Asesoría").xml)).content

    assert second.recipients[0].name == "QUIMERA LAGO IRENE"
    assert second.description == "Asesoría"
    assert b"RechazoPrevio>X<" in bytes(first.xml)


def test_a_buyer_whom_the_census_does_not_know_is_registered_as_such(client):
    record = amend(an_answered_invoice(client, "rejected"), not_in_census=True)

    assert b"IDType>07<" in bytes(record.xml)
    schema().assertValid(etree.fromstring(bytes(record.xml)))


def test_what_the_client_is_today_is_not_asked(client):
    original = an_answered_invoice(client)
    update_client(client_id=client.id, data=ClientData(name="Otra", tax_id="99999910G"), by=MARIA, now=NOW)

    record = read_record(bytes(amend(original, description="x").xml)).content

    assert record.recipients[0].name == "Irene Quimera Lago"
    assert record.recipients[0].nif == "99999901H"


def test_while_the_aeat_has_not_answered_nothing_is_amended(client):
    with refused(Conflict) as refusal:
        amend(an_invoice(client), description="x")
    assert refusal.value.code == "record_pending"


def test_nothing_is_amended_for_nothing_unless_the_aeat_objected(client):
    with refused(Invalid) as refusal:
        amend(an_answered_invoice(client))
    assert [fault.code for fault in refusal.value.faults] == ["nothing_to_amend"]

    assert amend(an_answered_invoice(client, "rejected")).amendment


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"buyer_name": "Nadie"}, "record_names_no_buyer"), ({"not_in_census": True}, "record_names_no_buyer")],
)
def test_a_ticket_has_no_buyer_to_change(client, changes, code):
    ticket = a_ticket(client.seller)
    answer(FiscalRecord.objects.get(), "rejected", code=1)

    with refused(Invalid) as refusal:
        amend(ticket, **changes)
    assert [fault.code for fault in refusal.value.faults] == [code]


def test_only_who_has_a_nif_can_be_unknown_to_the_census():
    french = a_client(a_seller(), tax_id="FR11999999998", country="FR", name="Société Imaginaire SARL")

    with refused(Invalid) as refusal:
        amend(an_answered_invoice(french, "rejected"), not_in_census=True)
    assert [fault.code for fault in refusal.value.faults] == ["buyer_has_no_nif"]


def test_a_company_is_never_unknown_to_the_census_of_persons():
    company = a_client(a_seller(), tax_id="B99999013", name="Librería Inventada, S.L.")

    with refused(Invalid) as refusal:
        amend(an_answered_invoice(company, "rejected"), not_in_census=True)
    assert [fault.code for fault in refusal.value.faults] == ["aeat_1131"]


def test_drafts_and_voided_invoices_have_no_record_to_amend(client):
    with refused(Conflict) as refusal:
        amend(a_draft(client), description="x")
    assert refusal.value.code == "invoice_not_issued"

    voided = an_answered_invoice(client)
    void_invoice(invoice_id=voided.invoice.id, reason="x", by=MARIA, now=NOW)
    with refused(Conflict) as refusal:
        amend(voided, description="x")
    assert refusal.value.code == "invoice_voided"


def test_whatever_was_issued_can_be_registered_again_from_its_own_columns(client):
    """Word for word what was registered at issue."""
    original = an_invoice(client, a_line(price="100.00"), a_line("Libro", "20.00", tax_rate="4"))
    ticket = a_ticket(client.seller)
    issued = [
        original,
        a_correction(original, a_line(price="10.00", quantity="-1")),
        a_correction(original, a_line(price="50.00"), method="substitution", reason="R4"),
        ticket,
        full := a_replacement(ticket, client),
        a_correction(full, reason="F3"),
    ]

    for parts in issued:
        record = FiscalRecord.objects.get(invoice=parts.invoice)
        again = registration_of_issued(parts_of(get_invoice(parts.invoice.id)))
        assert again == read_record(bytes(record.xml)).content
