"""Voiding: what should never have existed."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import override

from audit.models import AuditEntry
from billing.models import Annulment, Document, Invoice, Payment
from billing.queries import get_invoice, parts_of
from billing.representation import Parts, represent
from billing.services.correcting import CorrectionData, create_correction
from billing.services.issuing import issue_invoice
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from core.errors import Conflict, Invalid, NotFound
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
    refused,
)
from tests.verifactu.answers import answer
from verifactu.models import FiscalRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return a_client(a_seller())


def void(parts: Parts, reason: str = "El pedido era una prueba.") -> Parts:
    return void_invoice(invoice_id=parts.invoice.id, reason=reason, by=MARIA, now=NOW)


def pay(parts: Parts, amount: Decimal | None = None, **changes: object):
    amount = parts.invoice.amount_due if amount is None else amount
    return record_payment(invoice_id=parts.invoice.id, amount=amount, date=NOW.date(), by=MARIA, now=NOW, **changes)


def test_an_invoice_that_should_never_have_been_gets_an_annulment_record_and_stays_as_it_is(client):
    original = an_invoice(client)
    before = Invoice.objects.values().get()

    shown = represent(void(original))

    assert Invoice.objects.values().get() == before
    assert (shown["status"], shown["display_number"]) == ("voided", "A-2026-00001")
    assert shown["annulment"] == {
        "reason": "El pedido era una prueba.",
        "created_at": "2026-11-23T12:00:00Z",
        "created_by": "user:maria",
    }
    first, second = FiscalRecord.objects.order_by("sequence")
    assert (first.kind, second.kind, second.number) == ("registration", "annulment", "A-2026-00001")
    assert Document.objects.count() == 1


def test_the_log_and_the_world_are_told(client):
    original = void(an_invoice(client))

    entry = AuditEntry.objects.get(action="invoice.voided")
    assert (entry.reason, entry.before, entry.after) == (
        "El pedido era una prueba.",
        {"status": "issued"},
        {"status": "voided"},
    )
    event = Event.objects.get(type="invoice.voided")
    assert (event.object_id, event.payload["status"]) == (str(original.invoice.id), "voided")


def test_its_number_is_never_used_again(client):
    void(an_invoice(client))

    assert an_invoice(client).invoice.display_number == "A-2026-00002"


def test_what_was_voided_is_not_voided_twice(client):
    original = an_invoice(client)
    void(original)

    with refused(Conflict) as refusal:
        void(original)

    assert refusal.value.code == "already_voided"
    assert Annulment.objects.count() == 1


def test_an_annulment_that_the_aeat_rejected_is_sent_once_more_with_the_marks_that_follow(client):
    """Voided while its registration was on its way, which the AEAT then rejected: it knows nothing to annul."""
    original = an_invoice(client)
    void(original)
    registration, annulment = FiscalRecord.objects.order_by("sequence")
    answer(registration, "rejected", code=1239)
    with refused(Conflict):
        void(original)  # it waits for its answer
    answer(annulment, "rejected", code=3002)

    shown = represent(void(original, "Otra vez."))

    again = FiscalRecord.objects.latest("sequence")
    assert (again.kind, again.without_previous_record, again.previous_rejection) == ("annulment", True, "S")
    assert (shown["status"], shown["annulment"]["reason"]) == ("voided", "El pedido era una prueba.")
    assert AuditEntry.objects.get(action="invoice.annulled_again").reason == "Otra vez."
    assert Event.objects.filter(type="invoice.voided").count() == 1
    with refused(Conflict) as refusal:
        void(original)
    assert refusal.value.code == "already_voided"


def test_what_the_aeat_holds_as_annulled_is_not_annulled_once_more(client):
    original = an_invoice(client)
    void(original)
    registration, annulment = FiscalRecord.objects.order_by("sequence")
    answer(registration, "accepted")
    answer(annulment, "rejected", code=3001)

    with refused(Conflict) as refusal:
        void(original)
    assert refusal.value.code == "already_voided"


def test_once_money_was_received_it_is_corrected_and_not_voided(client):
    original = an_invoice(client)
    payment = pay(original)

    with refused(Conflict) as refusal:
        void(original)

    assert refusal.value.code == "void_not_lawful"
    advice = refusal.value.extra["advice"]
    assert (advice["act"], advice["reasons"], advice["method"]) == ("correct", ["R1"], "differences")

    pay(original, -payment.amount, reverses=payment.id)
    assert void(original).status == "voided"


def test_what_was_corrected_is_not_voided_until_its_correction_is(client):
    original = an_invoice(client)
    correction = a_correction(original, a_line(quantity="-0.5"))

    with refused(Conflict) as refusal:
        void(original)
    assert refusal.value.code == "void_not_lawful"

    void(correction)
    assert void(original).status == "voided"


def test_a_ticket_that_was_replaced_is_not_voided_until_its_replacement_is(client):
    ticket = a_ticket(client.seller)
    replacement = a_replacement(ticket, client)

    with refused(Conflict) as refusal:
        void(ticket)
    assert refusal.value.code == "void_not_lawful"

    void(replacement)
    assert void(ticket).status == "voided"


def test_a_draft_that_would_correct_it_does_not_keep_it_from_being_voided(client):
    original = an_invoice(client)
    draft = a_correction(original, issue=False)
    void(original)

    with refused(Conflict) as refusal:
        issue_invoice(invoice_id=draft.invoice.id, by=MARIA, now=NOW)
    assert refusal.value.code == "invoice_voided"


def test_what_is_voided_is_neither_paid_nor_corrected_nor_replaced(client):
    original, ticket = an_invoice(client), a_ticket(client.seller)
    void(original)
    void(ticket)

    acts = [
        lambda: pay(original),
        lambda: a_correction(original),
        lambda: a_correction(an_invoice(client), a_line(quantity="-1"), also=[original]),
        lambda: a_replacement(ticket, client),
    ]
    for act in acts:
        with refused(Conflict) as refusal:
            act()
        assert refusal.value.code == "invoice_voided"


def test_voiding_a_draft_discards_it_without_a_record(client):
    assert void(a_draft(client)).status == "discarded"
    assert not FiscalRecord.objects.exists()
    assert not Annulment.objects.exists()


def test_what_the_aeat_never_had_is_annulled_without_a_previous_record(client):
    original = an_invoice(client)
    answer(FiscalRecord.objects.get(), "rejected", code=1239)

    void(original)

    annulment = FiscalRecord.objects.get(kind="annulment")
    assert annulment.without_previous_record
    assert b"SinRegistroPrevio>S<" in bytes(annulment.xml)


def test_the_representation_is_that_which_is_read_again(client):
    voided = void(an_invoice(client))

    assert represent(voided) == represent(parts_of(get_invoice(voided.invoice.id)))


# --- The database's own word ---------------------------------------------------------------------------------------


def annul_by_hand(invoice: Invoice) -> None:
    with transaction.atomic():
        Annulment.objects.create(invoice=invoice, reason="a mano", created_at=NOW, created_by="nobody")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("paid", "with payments is not annulled"),
        ("corrected", "corrected or replaced is not annulled"),
        ("draft", "only an issued invoice is annulled"),
    ],
)
def test_no_console_annuls_what_existed(client, what, message):
    parts = a_draft(client) if what == "draft" else an_invoice(client)
    if what == "paid":
        pay(parts)
    if what == "corrected":
        a_correction(parts)

    with pytest.raises(DatabaseError, match=message):
        annul_by_hand(parts.invoice)


@pytest.mark.django_db(transaction=True)
def test_nobody_annuls_without_a_fiscal_record():
    invoice = an_invoice(a_client(a_seller())).invoice

    with pytest.raises(DatabaseError, match="annulled without its fiscal record"):
        annul_by_hand(invoice)


def test_an_annulment_is_kept_as_it_was_written(client):
    void(an_invoice(client))

    for act in (lambda: Annulment.objects.update(reason="otra"), lambda: Annulment.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_no_console_pays_a_voided_invoice(client):
    invoice = void(an_invoice(client)).invoice

    with pytest.raises(DatabaseError, match="a voided invoice is not paid"), transaction.atomic():
        Payment.objects.create(invoice=invoice, amount=1, date=NOW.date(), created_at=NOW, created_by="x")


def test_the_advice_is_in_the_callers_language(client):
    original = an_invoice(client)
    pay(original)

    with override("en"), refused(Conflict) as refusal:
        void(original)
    assert refusal.value.extra["advice"]["why"].startswith("The operation existed")


def test_correcting_needs_an_invoice_that_is_there():
    with refused(NotFound):
        create_correction(invoice_id=uuid.uuid4(), correction=CorrectionData("differences", "R1"), by=MARIA, now=NOW)


def test_nothing_is_voided_without_a_reason(client):
    original = an_invoice(client)

    with refused(Invalid) as refusal:
        void(original, reason="  ")

    assert [fault.pointer for fault in refusal.value.faults] == ["#/reason"]
    assert not Annulment.objects.exists()
