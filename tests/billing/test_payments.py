"""Money received."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from billing.models import Payment
from billing.queries import get_invoice, parts_of
from billing.representation import represent
from billing.services.payments import record_payment
from core.errors import Conflict, Invalid
from integrations.models import Event
from tests.builders import MARIA, NOW, Decimal, a_client, a_draft, a_seller, an_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice():
    return an_invoice(a_client(a_seller())).invoice


def pay(invoice, amount: str, *, on: date = NOW.date(), **changes) -> Payment:
    return record_payment(invoice_id=invoice.id, amount=Decimal(amount), date=on, by=MARIA, now=NOW, **changes)


def status_of(invoice) -> tuple[object, object]:
    shown = represent(parts_of(get_invoice(invoice.id)))
    return shown["payment_status"], shown["paid_amount"]


def test_the_status_is_a_sum(invoice):
    assert status_of(invoice) == ("unpaid", "0.00")
    pay(invoice, "21.00")
    assert status_of(invoice) == ("partially_paid", "21.00")
    pay(invoice, "100.00", method="card", reference="TPV 7")
    assert status_of(invoice) == ("paid", "121.00")
    pay(invoice, "0.01")
    assert status_of(invoice) == ("overpaid", "121.01")


def test_a_payment_that_bounced_is_reversed_once(invoice):
    payment = pay(invoice, "121.00")
    pay(invoice, "-121.00", reverses=payment.id)

    assert status_of(invoice) == ("unpaid", "0.00")
    assert list(Event.objects.filter(type__startswith="payment").values_list("type", flat=True).order_by("id")) == [
        "payment.recorded",
        "payment.reversed",
    ]
    with pytest.raises(Conflict) as refusal:
        pay(invoice, "-121.00", reverses=payment.id)
    assert refusal.value.code == "payment_already_reversed"


def codes(refusal) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in refusal.value.faults}


@pytest.mark.parametrize(
    ("amount", "on", "expected"),
    [
        ("0.00", NOW.date(), {"#/amount": "amount_has_wrong_sign"}),
        ("-5.00", NOW.date(), {"#/amount": "amount_has_wrong_sign"}),
        ("5.00", NOW.date() + timedelta(days=1), {"#/date": "date_in_future"}),
        ("-5.00", NOW.date() + timedelta(days=1), {"#/amount": "amount_has_wrong_sign", "#/date": "date_in_future"}),
    ],
)
def test_a_wrong_payment_is_refused_whole(invoice, amount, on, expected):
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        pay(invoice, amount, on=on)

    assert codes(refusal) == expected
    assert not Payment.objects.exists()


def test_a_reversal_mirrors_its_payment(invoice):
    payment = pay(invoice, "100.00")

    with pytest.raises(Invalid) as refusal:
        pay(invoice, "-99.00", reverses=payment.id)

    assert codes(refusal) == {"#/amount": "amount_not_mirrored"}


def test_a_reversal_cannot_be_reversed_nor_anothers_payment(invoice):
    payment = pay(invoice, "100.00")
    reversal = pay(invoice, "-100.00", reverses=payment.id)
    other = an_invoice(invoice.client).invoice

    for target, reversed_id in ((invoice, reversal.id), (other, payment.id)):
        with pytest.raises(Invalid) as refusal, transaction.atomic():
            pay(target, "100.00", reverses=reversed_id)
        assert codes(refusal) == {"#/reverses": "payment_unknown"}


def test_a_draft_cannot_be_paid(invoice):
    with pytest.raises(Conflict) as refusal:
        pay(a_draft(invoice.client).invoice, "1.00")

    assert refusal.value.code == "invoice_not_issued"
