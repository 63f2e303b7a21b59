"""The audit log. No foreign keys: evidence must not depend on what it watches."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import append_only


class Outcome(models.TextChoices):
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


class AuditEntry(models.Model):
    """One act that matters: who, through what, on which thing, what it was before and is after, and why."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("at"), db_index=True)
    action = models.CharField(_("action"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.DONE)
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.CharField(_("actor id"), max_length=64)
    actor_name = models.CharField(_("actor"), max_length=200)
    on_behalf_of = models.CharField(_("on behalf of"), max_length=200, blank=True)
    subject_type = models.CharField(_("subject type"), max_length=40, blank=True)
    subject_id = models.CharField(_("subject id"), max_length=64, blank=True)
    subject_label = models.CharField(_("subject"), max_length=200, blank=True)
    seller_id = models.UUIDField(_("seller"), null=True, blank=True)
    mode = models.CharField(_("mode"), max_length=4, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    correlation_id = models.CharField(_("correlation id"), max_length=128, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    before = models.JSONField(_("before"), null=True, blank=True)
    after = models.JSONField(_("after"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_id", "id"], name="audit_by_subject"),
            models.Index(fields=["actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["correlation_id"], name="audit_by_correlation"),
            models.Index(fields=["action", "id"], name="audit_by_action"),
            models.Index(fields=["actor_name", "id"], name="audit_by_actor_name"),
            models.Index(fields=["subject_label", "id"], name="audit_by_label"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.subject_label}"
