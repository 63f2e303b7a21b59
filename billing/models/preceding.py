"""What a correction corrects, and what a replacement replaces."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.guards import CompositeForeignKey
from billing.models.invoice import Invoice, frozen_with_its_invoice
from billing.models.seller import Seller


class PrecedingInvoice(models.Model):
    """``invoice`` corrects ``original``, or, without a method of correction, replaces it (EN 16931 BG-3; AEAT
    ``FacturasRectificadas``, ``FacturasSustituidas``). Both are of one seller, and so of one mode."""

    id = models.BigAutoField(primary_key=True)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="preceding", verbose_name=_("invoice")
    )
    original = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="following",
        verbose_name=_("corrects or replaces"),
    )
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("preceding invoice")
        verbose_name_plural = _("preceding invoices")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "original"], name="preceding_once_per_invoice"),
            models.CheckConstraint(condition=~Q(invoice=F("original")), name="preceding_is_another_invoice"),
            CompositeForeignKey(
                name="preceding_invoice_of_its_seller",
                fields=["invoice", "seller"],
                to="billing_invoice",
                to_fields=["id", "seller_id"],
            ),
            CompositeForeignKey(
                name="preceding_original_of_its_seller",
                fields=["original", "seller"],
                to="billing_invoice",
                to_fields=["id", "seller_id"],
            ),
        ]
        triggers = frozen_with_its_invoice()

    def __str__(self) -> str:
        return f"{self.invoice_id} → {self.original_id}"
