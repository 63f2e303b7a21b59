"""What only test sellers have."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.guards import CompositeForeignKey, no_truncate
from core.ids import new_id
from core.modes import Mode

FURTHEST = timedelta(days=3653)
"""How far ahead a test clock may be: ten years. Certificates and tax rates beyond that are nobody's business yet."""


class ScenarioKind(models.TextChoices):
    """What can be made to go wrong, and what then happens."""

    AEAT_DOWN = "aeat_down", _("The AEAT cannot be reached: nothing is sent, and sending is tried again.")
    AEAT_SLOW = "aeat_slow", _("The AEAT processes the records and answers only after delay_seconds.")
    AEAT_TIMEOUT_AFTER_RECEIVING = (
        "aeat_timeout_after_receiving",
        _("The AEAT processes the records and its answer is lost: it is asked what it holds; nothing is sent twice."),
    )
    AEAT_REJECTS = "aeat_rejects", _("The AEAT rejects the next record, with the error of code.")
    AEAT_ACCEPTS_WITH_ERRORS = (
        "aeat_accepts_with_errors",
        _("The AEAT accepts the next record with errors, with the error of code."),
    )
    AEAT_REFUSES_CERTIFICATE = (
        "aeat_refuses_certificate",
        _("The AEAT turns the certificate away: sending stops until a person resumes it."),
    )
    WEBHOOK_FAILURE = "webhook_failure", _("The receiver answers 500: the delivery is tried again later.")
    WEBHOOK_TIMEOUT = "webhook_timeout", _("The receiver does not answer in time: the delivery is tried again later.")
    WEBHOOK_GONE = "webhook_gone", _("The receiver answers 410: the endpoint is disabled at once.")
    DOCUMENT_FAILURE = (
        "document_failure",
        _("A document cannot be rendered: it stays pending and is tried again, first after ten seconds."),
    )
    RATE_LIMITED = "rate_limited", _("A call is refused with 429 and Retry-After; nothing is written.")
    INTERNAL_ERROR = "internal_error", _("A call is answered with 500; nothing is written.")
    DATABASE_BUSY = "database_busy", _("A call is answered with 503 and Retry-After; nothing is written.")
    ANSWER_LOST = (
        "answer_lost",
        _("A call that writes does its work, and a proxy's 504 page comes back: repeat it with the same key."),
    )
    SLOW = "slow", _("A call is answered only after delay_seconds.")


class TestClock(models.Model):
    """A test seller's own time: it showed ``shows`` at the true time ``set_at``, and goes on from there.

    It is never behind the true time and never goes back, since neither series nor chains do; a fresh start has one that
    was never set.
    """

    __test__ = False  # no test case, whatever pytest makes of its name

    seller = models.OneToOneField(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, primary_key=True, related_name="+"
    )
    mode = models.CharField(_("mode"), max_length=4, default=Mode.TEST, editable=False)
    shows = models.DateTimeField(_("shows"))
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("test clock")
        verbose_name_plural = _("test clocks")
        constraints = [
            models.CheckConstraint(condition=Q(mode=Mode.TEST), name="clock_only_in_test"),
            CompositeForeignKey(
                name="clock_of_a_test_seller",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
            models.CheckConstraint(
                condition=Q(shows__gte=F("set_at")) & Q(shows__lte=F("set_at") + FURTHEST),
                name="clock_within_ten_years",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.Trigger(
                name="only_forwards",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.seller_id <> OLD.seller_id OR NEW.shows - NEW.set_at < OLD.shows - OLD.set_at THEN
                        RAISE EXCEPTION 'correlativa: a test clock only goes forwards';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seller_id} {self.shows:%Y-%m-%d %H:%M:%S}"


class Scenario(models.Model):
    """A fault that a test seller asked for: for ``remaining`` more times, or until ``ends_at`` (true time).

    ``code`` is the AEAT's, where the kind has one; ``delay_seconds`` how long what is slow takes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, default=Mode.TEST, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    code = models.PositiveSmallIntegerField(_("code"), null=True, blank=True)
    delay_seconds = models.PositiveSmallIntegerField(_("delay (s)"), null=True, blank=True)
    remaining = models.PositiveIntegerField(_("times left"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("scenario")
        verbose_name_plural = _("scenarios")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(mode=Mode.TEST), name="scenario_only_in_test"),
            models.CheckConstraint(
                condition=Q(remaining__isnull=False) | Q(ends_at__isnull=False),
                name="scenario_has_an_end",
            ),
            models.CheckConstraint(condition=Q(kind__in=[*ScenarioKind]), name="scenario_kind_known"),
            CompositeForeignKey(
                name="scenario_of_a_test_seller",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]
        indexes = [models.Index(fields=["seller", "kind"], condition=Q(ended_at=None), name="scenario_running")]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.seller_id}"
