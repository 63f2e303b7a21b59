"""Money received: rows, never a flag on the invoice."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import CompositeForeignKey, append_only
from billing.models.invoice import Invoice
from core.ids import new_id


class PaymentMethod(models.TextChoices):
    TRANSFER = "transfer", _("bank transfer")
    CARD = "card", _("card")
    DIRECT_DEBIT = "direct_debit", _("direct debit")
    CASH = "cash", _("cash")
    CHEQUE = "cheque", _("cheque")
    OFFSET = "offset", _("offset")
    OTHER = "other", _("other")


class Payment(models.Model):
    """A payment of an issued invoice, in its currency; a reversal is a row of its own with the amount mirrored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments", verbose_name=_("invoice"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    date = models.DateField(_("date"))
    method = models.CharField(_("method"), max_length=12, choices=PaymentMethod, default=PaymentMethod.TRANSFER)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="reversal",
        verbose_name=_("reverses"),
    )
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount=0), name="payment_is_not_nothing"),
            models.UniqueConstraint(fields=["id", "invoice"], name="payment_of_invoice"),
            CompositeForeignKey(
                name="payment_reverses_one_of_its_invoice",
                fields=["reverses", "invoice"],
                to="billing_payment",
                to_fields=["id", "invoice_id"],
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="not_of_a_voided_one",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # FOR SHARE makes it wait for a voiding that is under way; only then is there something to see.
                func="""
                    PERFORM 1 FROM billing_invoice WHERE id = NEW.invoice_id FOR SHARE;
                    IF EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = NEW.invoice_id) THEN
                        RAISE EXCEPTION 'correlativa: a voided invoice is not paid';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} ({self.date})"
