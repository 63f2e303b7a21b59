"""A person's word that a draft may be issued as it stands."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import append_only
from billing.models.invoice import Invoice


class Approval(models.Model):
    """Holds for the content whose digest it carries; a later change of the draft makes it stale."""

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="approvals", verbose_name=_("invoice"))
    content_digest = models.CharField(_("digest of the content"), max_length=64)
    approved_at = models.DateTimeField(_("approved at"))
    approved_by = models.CharField(_("approved by"), max_length=200)
    approver_id = models.CharField(_("approver's id"), max_length=64)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.approved_by} {self.approved_at:%Y-%m-%d %H:%M}"
