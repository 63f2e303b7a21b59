"""How machines have been using this house, and what somebody ought to look at."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import new_id
from integrations.models.tokens import ApiToken


class CallMinute(models.Model):
    """The calls of one token to one operation in one minute that ended the same way.

    ``operation`` is method and path as the OpenAPI document writes them, ``code`` the problem's, empty for success.
    ``token`` is None for calls that no token we know was behind.
    """

    id = models.BigAutoField(primary_key=True)
    minute = models.DateTimeField(_("minute"))
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    operation = models.CharField(_("operation"), max_length=120)
    status = models.PositiveSmallIntegerField(_("status"))
    code = models.CharField(_("code"), max_length=60, blank=True)
    calls = models.PositiveIntegerField(_("calls"))
    total_ms = models.PositiveBigIntegerField(_("total duration (ms)"))
    max_ms = models.PositiveIntegerField(_("longest (ms)"))
    over_200_ms = models.PositiveIntegerField(_("longer than 200 ms"), default=0)
    over_1000_ms = models.PositiveIntegerField(_("longer than 1 s"), default=0)
    deprecated = models.PositiveIntegerField(_("deprecated use"), default=0)
    unkeyed_repeats = models.PositiveIntegerField(_("repeats without key"), default=0)

    class Meta:
        verbose_name = _("calls in a minute")
        verbose_name_plural = _("calls by the minute")
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "token", "operation", "status", "code"],
                nulls_distinct=False,
                name="call_minute_once",
            )
        ]
        indexes = [models.Index(fields=["token", "minute"], name="call_minute_by_token")]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.operation} {self.status}"


class Severity(models.TextChoices):
    INFO = "info", _("for information")
    WARNING = "warning", _("warning")
    CRITICAL = "critical", _("critical")


class Alert(models.Model):
    """Something that somebody ought to look at, told once for as long as it lasts.

    ``kind`` says what (config/alerts.py has the rules), ``key`` about which thing; ``facts`` fill the kind's sentence.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("about"), max_length=200)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("seller")
    )
    facts = models.JSONField(_("facts"), default=dict)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    resolved_at = models.DateTimeField(_("over since"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=models.Q(resolved_at=None), name="alert_once_while_it_lasts"
            )
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class NoticeChannel(models.TextChoices):
    MAIL = "mail", _("e-mail")
    CHAT = "chat", _("chat (Slack-compatible)")


class NoticeState(models.TextChoices):
    PENDING = "pending", _("pending")
    SENT = "sent", _("sent")
    FAILED = "failed", _("given up")


class Notice(models.Model):
    """A message that leaves the house: of an alert, or to an endpoint's or token's owner. The row is the queue."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, null=True, blank=True, related_name="notices")
    channel = models.CharField(_("channel"), max_length=10, choices=NoticeChannel)
    recipient = models.CharField(_("recipient"), max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state=NoticeState.PENDING), name="notice_due")]

    def __str__(self) -> str:
        return self.subject
