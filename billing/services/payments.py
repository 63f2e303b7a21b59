"""Payments of issued invoices."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from audit import services as audit
from billing import errors
from billing.models import Annulment, Invoice, InvoiceStatus, Payment, PaymentMethod
from billing.representation import represent_payment
from billing.services.drafting import lock_invoice, subject_of
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from integrations import outbox


@transaction.atomic(savepoint=False)
def record_payment(
    *,
    invoice_id: uuid.UUID,
    amount: Decimal,
    date: date,
    by: Actor,
    now: datetime,
    method: str = PaymentMethod.TRANSFER,
    reference: str = "",
    reverses: uuid.UUID | None = None,
) -> Payment:
    """Write down money received for an issued invoice, in its currency; more than is due is allowed, and shown.

    ``reverses`` names the payment that bounced or was refunded: ``amount`` is then that payment's, mirrored. Raises
    NotFound; Conflict ``invoice_not_issued``, ``invoice_voided`` or ``payment_already_reversed``; Invalid with every
    fault.
    """
    invoice = lock_invoice(invoice_id)
    if invoice.status != InvoiceStatus.ISSUED:
        raise Conflict("invoice_not_issued", gettext_noop("Only an issued invoice can be paid."))
    if Annulment.objects.filter(invoice=invoice).exists():
        raise errors.invoice_voided(invoice.id, invoice.display_number or "")
    reversed_payment = _reversed(invoice, reverses)
    faults = _faults(invoice, amount, reversed_payment, paid_on=date, today=now.astimezone(invoice.seller.zone).date())
    if faults:
        raise Invalid(faults)
    payment = Payment.objects.create(
        invoice=invoice,
        amount=amount,
        date=date,
        method=method,
        reference=reference,
        reverses=reversed_payment,
        created_at=now,
        created_by=str(by),
    )
    verb = "payment.reversed" if reversed_payment else "payment.recorded"
    shown = represent_payment(payment)
    audit.record(verb, by=by, subject=subject_of(invoice), after=shown)
    outbox.publish(
        verb, seller_id=invoice.seller_id, mode=invoice.mode, object_id=str(invoice.id), payload=shown, by=by
    )
    return payment


def _reversed(invoice: Invoice, payment_id: uuid.UUID | None) -> Payment | None:
    if payment_id is None:
        return None
    payment = invoice.payments.filter(id=payment_id).first()
    if payment is None or payment.reverses_id is not None:
        message = gettext_noop("The invoice has no such payment to reverse.")
        raise Invalid([Fault("payment_unknown", message, "#/reverses")])
    if Payment.objects.filter(reverses=payment).exists():
        raise Conflict("payment_already_reversed", gettext_noop("That payment was reversed already."))
    return payment


def _faults(
    invoice: Invoice, amount: Decimal, reversed_payment: Payment | None, *, paid_on: date, today: date
) -> list[Fault]:
    faults = []
    if reversed_payment is not None:
        if amount != -reversed_payment.amount:
            message = gettext_noop("A reversal mirrors its payment: the amount must be %(amount)s.")
            faults.append(
                Fault("amount_not_mirrored", message, "#/amount", params={"amount": -reversed_payment.amount})
            )
    elif amount == 0 or (amount > 0) != (invoice.amount_due >= 0):
        message = gettext_noop("The amount must have the sign of what is due, and not be nothing; to undo, reverse.")
        faults.append(Fault("amount_has_wrong_sign", message, "#/amount"))
    if paid_on > today:
        faults.append(Fault("date_in_future", gettext_noop("A payment cannot have a date in the future."), "#/date"))
    return faults
