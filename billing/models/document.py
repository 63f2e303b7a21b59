"""The paper: rendered once, after the invoice was committed, and kept."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import no_truncate
from billing.models.invoice import Invoice
from core.ids import new_id


class DocumentState(models.TextChoices):
    PENDING = "pending", _("waiting to be rendered")
    RENDERED = "rendered", _("rendered")
    FAILED = "failed", _("failed; needs a person")


class Document(models.Model):
    """The PDF of an issued invoice. A worker claims it with a lease, renders it and stores bytes and SHA-256, once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, related_name="document", verbose_name=_("invoice")
    )
    state = models.CharField(_("state"), max_length=10, choices=DocumentState, default=DocumentState.PENDING)
    content = models.BinaryField(null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"))
    rendered_at = models.DateTimeField(_("rendered at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="document_rendered_is_whole",
                condition=models.Q(
                    state=DocumentState.RENDERED,
                    content__isnull=False,
                    sha256__regex=r"^[0-9a-f]{64}$",
                    rendered_at__isnull=False,
                )
                | (~models.Q(state=DocumentState.RENDERED) & models.Q(content__isnull=True, sha256="")),
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="document_due", condition=models.Q(state="pending")),
            models.Index(fields=["created_at"], name="document_missing", condition=~models.Q(state="rendered")),
        ]
        triggers = [
            pgtrigger.Protect(
                name="rendered_is_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=DocumentState.RENDERED),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"PDF {self.invoice_id}"
