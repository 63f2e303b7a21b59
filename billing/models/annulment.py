"""That an issued invoice should never have existed: a row beside it, since its own row never changes."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import append_only
from billing.models.invoice import Invoice

# Nothing may show that the operation existed. FOR UPDATE makes it wait for a payment that is under way, and a payment
# for it (see Payment); the look at both comes after, in statements of their own.
_ONLY_WHAT_NEVER_WAS = """
    PERFORM 1 FROM billing_invoice WHERE id = NEW.invoice_id FOR UPDATE;
    IF NOT EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.invoice_id AND status = 'issued') THEN
        RAISE EXCEPTION 'correlativa: only an issued invoice is annulled';
    END IF;
    IF EXISTS (
        SELECT 1 FROM billing_payment AS payment WHERE invoice_id = NEW.invoice_id AND reverses_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM billing_payment WHERE reverses_id = payment.id)
    ) THEN
        RAISE EXCEPTION 'correlativa: an invoice with payments is not annulled';
    END IF;
    IF EXISTS (
        SELECT 1 FROM billing_precedinginvoice AS link JOIN billing_invoice AS follower ON follower.id = link.invoice_id
        WHERE link.original_id = NEW.invoice_id AND follower.status = 'issued'
          AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = follower.id)
    ) THEN
        RAISE EXCEPTION 'correlativa: an invoice that was corrected or replaced is not annulled';
    END IF;
    RETURN NEW;
"""


class Annulment(models.Model):
    """An issued invoice was voided (RD 1007/2023 art. 11), with the declaration of who did it."""

    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, primary_key=True, related_name="annulment", verbose_name=_("invoice")
    )
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)

    class Meta:
        verbose_name = _("annulment")
        verbose_name_plural = _("annulments")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="annulment_has_a_reason")]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="only_what_never_was",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_ONLY_WHAT_NEVER_WAS,
            ),
            pgtrigger.Trigger(
                name="annulled_has_its_record",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM verifactu_fiscalrecord WHERE invoice_id = NEW.invoice_id AND kind = 'annulment'
                    ) THEN
                        RAISE EXCEPTION 'correlativa: invoice % was annulled without its fiscal record', NEW.invoice_id;
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.reason}"
