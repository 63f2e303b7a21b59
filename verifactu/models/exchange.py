"""What was said to the AEAT, and what it answered: whole, byte by byte, and never changed."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.guards import no_truncate
from core.ids import new_id
from verifactu.models.record import Chain


class ExchangeOutcome(models.TextChoices):
    """How an exchange ended. ``SENT`` is written before the first byte leaves: a crash cannot hide a message."""

    SENT = "sent", _("sent, no answer yet")
    ANSWERED = "answered", _("answered")
    INCOMPLETE = "incomplete", _("answered in part")
    FAULT = "fault", _("refused as a whole")
    NOT_SENT = "not_sent", _("not sent: no connection")
    UNKNOWN = "unknown", _("sent, and the answer was lost")


# What was sent never changes, and an answer is written once.
_ANSWERED_ONCE = """
    IF OLD.outcome <> 'sent' THEN
        RAISE EXCEPTION 'correlativa: this exchange with the AEAT has ended';
    END IF;
    IF (NEW.id, NEW.chain_id, NEW.request, NEW.sent_at, NEW.endpoint, NEW.certificate)
       IS DISTINCT FROM (OLD.id, OLD.chain_id, OLD.request, OLD.sent_at, OLD.endpoint, OLD.certificate) THEN
        RAISE EXCEPTION 'correlativa: what was sent to the AEAT never changes';
    END IF;
    RETURN NEW;
"""


def written_once() -> list[pgtrigger.Trigger]:
    """What was sent stays, its answer is written once, and nothing is deleted."""
    return [
        pgtrigger.Trigger(name="answered_once", when=pgtrigger.Before, operation=pgtrigger.Update, func=_ANSWERED_ONCE),
        pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        no_truncate(),
    ]


class Exchange(models.Model):
    """A message to the AEAT about one chain. ``request`` and ``response`` are the bodies as they travelled;
    ``certificate`` says in words whose certificate signed the connection."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.CharField(_("endpoint"), max_length=200)
    certificate = models.CharField(_("certificate"), max_length=300)
    request = models.BinaryField()
    sent_at = models.DateTimeField(_("sent at"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=ExchangeOutcome, default=ExchangeOutcome.SENT)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    http_status = models.PositiveSmallIntegerField("HTTP", null=True)
    response = models.BinaryField(null=True)
    fault_code = models.PositiveSmallIntegerField(_("fault"), null=True)
    fault_text = models.CharField(_("text of the fault"), max_length=2000, blank=True)

    class Meta:
        abstract = True


class Submission(Exchange):
    """Records sent together («remisión»), in the order of their chain, with the AEAT's receipt.

    ``receipt_code`` is the AEAT's CSV, which cannot be asked for later; ``wait_seconds`` its ``TiempoEsperaEnvio``.
    """

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("chain"))
    first_sequence = models.PositiveBigIntegerField(_("from record"))
    last_sequence = models.PositiveBigIntegerField(_("to record"))
    size = models.PositiveSmallIntegerField(_("records"))
    incident = models.BooleanField(_("incident"), default=False)
    receipt_code = models.CharField("CSV", max_length=64, blank=True)
    wait_seconds = models.PositiveIntegerField(_("wait asked for (s)"), null=True)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["chain", "-id"], name="submission_by_chain")]
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=1000), name="submission_of_1_to_1000_records"),
            models.CheckConstraint(
                condition=Q(last_sequence__gte=models.F("first_sequence")), name="submission_goes_forwards"
            ),
            models.CheckConstraint(
                condition=Q(outcome=ExchangeOutcome.SENT, answered_at__isnull=True)
                | ~Q(outcome=ExchangeOutcome.SENT) & Q(answered_at__isnull=False),
                name="submission_ended_at_a_time",
            ),
            models.UniqueConstraint(fields=["id", "chain"], name="submission_of_chain"),
        ]
        triggers = written_once()

    def __str__(self) -> str:
        return f"{self.first_sequence}–{self.last_sequence} · {self.sent_at:%Y-%m-%d %H:%M:%S}"


class Inquiry(Exchange):
    """What the AEAT was asked to tell of the invoices of a month (``Consulta``), to learn what became of records."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="inquiries", verbose_name=_("chain"))
    period = models.CharField(_("period"), max_length=7)  # 2026-11, of the issue dates

    class Meta:
        verbose_name = _("inquiry")
        verbose_name_plural = _("inquiries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["chain", "-id"], name="inquiry_by_chain")]
        triggers = written_once()

    def __str__(self) -> str:
        return f"{self.period} · {self.sent_at:%Y-%m-%d %H:%M:%S}"
