"""What repeats of one call receive."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey


class IdempotencyKey(models.Model):
    """A key that was used up by committed work, with the answer that a repeat receives (kept 30 days)."""

    id = models.BigAutoField(primary_key=True)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.BinaryField(_("fingerprint"), max_length=32)
    status = models.PositiveSmallIntegerField(_("status of the answer"))
    headers = models.JSONField(_("headers of the answer"), default=dict)
    body = models.BinaryField(_("body of the answer"))
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["seller", "mode", "key"], name="idempotency_key_once_per_seller"),
            CompositeForeignKey(
                name="idempotency_key_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]

    def __str__(self) -> str:
        return self.key
