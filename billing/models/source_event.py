"""The business event behind an invoice: unique for ever."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey, append_only
from billing.models.invoice import Invoice
from billing.models.seller import Seller


class SourceEvent(models.Model):
    """What happened in the shop or CRM, and the request that told us. A discarded draft keeps its event."""

    id = models.BigAutoField(primary_key=True)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    mode = models.CharField(max_length=4, choices=MODES)
    source = models.CharField(_("source"), max_length=40)
    type = models.CharField(_("type"), max_length=60)
    event_id = models.CharField(_("event id"), max_length=128)
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="source_event", verbose_name=_("invoice")
    )
    content = models.JSONField(_("request"))

    class Meta:
        verbose_name = _("source event")
        verbose_name_plural = _("source events")
        constraints = [
            models.UniqueConstraint(fields=["seller", "source", "type", "event_id"], name="source_event_once_for_ever"),
            CompositeForeignKey(
                name="source_event_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
            CompositeForeignKey(
                name="source_event_of_its_sellers_invoice",
                fields=["invoice", "seller"],
                to="billing_invoice",
                to_fields=["id", "seller_id"],
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.source} {self.type} {self.event_id}"
