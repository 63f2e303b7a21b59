"""A chain with corrections, annulments and amendments is proved whole like any other."""

from __future__ import annotations

import pytest

from billing.services.amending import RecordChanges, amend_record
from billing.services.proving import verify_chain
from billing.services.voiding import void_invoice
from tests.builders import MARIA, NOW, a_client, a_correction, a_line, a_replacement, a_seller, a_ticket, an_invoice
from tests.verifactu.answers import answer
from verifactu.models import Chain, FiscalRecord

pytestmark = pytest.mark.django_db


def test_corrected_replaced_voided_and_amended_invoices_are_sound() -> None:
    client = a_client(a_seller())
    original, voided, amended = (an_invoice(client) for _ in range(3))
    a_correction(original, a_line(quantity="-0.5"))
    a_correction(original, a_line(price="10.00"), method="substitution", reason="R4")
    a_replacement(a_ticket(client.seller), client)
    void_invoice(invoice_id=voided.invoice.id, reason="prueba", by=MARIA, now=NOW)
    answer(FiscalRecord.objects.get(invoice=amended.invoice), "accepted")
    changes = RecordChanges(description="Asesoría")
    amend_record(invoice_id=amended.invoice.id, reason="x", changes=changes, by=MARIA, now=NOW)

    report = verify_chain(chain_id=Chain.objects.get().id, by=MARIA)

    assert (report.records, report.flaws) == (9, ())
