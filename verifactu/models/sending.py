"""How far each chain has been sent, and what became of each record."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.guards import CompositeForeignKey, append_only, no_truncate
from verifactu.models.exchange import Inquiry, Submission
from verifactu.models.record import Chain, FiscalRecord


class StopReason(models.TextChoices):
    """Why nothing more is sent of a chain until a person has mended it. Of what the AEAT has said, a person must also
    say that it is mended: it is not called again by itself."""

    CERTIFICATE = "certificate", _("the seller's certificate, or this side's settings")  # looked at again each minute
    CONFIGURATION = "configuration", _("the AEAT refuses the sender")
    SUSPENDED = "suspended", _("the AEAT has suspended the access")


class Sender(models.Model):
    """The sending of one chain: the only row of it that changes.

    Every record up to ``sent_through`` has its answer. ``next_at`` is when the AEAT may be called again;
    ``open_submission`` is the last one whose answer is not known in full. ``turn`` tells whose turn it is: who comes
    back late, after another has taken over, may not write any more.
    """

    chain = models.OneToOneField(
        Chain, on_delete=models.PROTECT, primary_key=True, related_name="sender", verbose_name=_("chain")
    )
    sent_through = models.PositiveBigIntegerField(_("answered up to record"), default=0)
    next_at = models.DateTimeField(_("next sending not before"))
    wait_seconds = models.PositiveIntegerField(_("wait between sendings (s)"), default=60)
    most_records = models.PositiveSmallIntegerField(_("records per sending"), default=1000)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    last_failure = models.CharField(_("last failure"), max_length=2000, blank=True)
    stop_reason = models.CharField(_("stopped for"), max_length=14, choices=StopReason, blank=True)
    open_submission = models.ForeignKey(
        Submission,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("submission under way"),
    )
    turn = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("sending of a chain")
        verbose_name_plural = _("sending of chains")
        constraints = [
            models.CheckConstraint(
                condition=Q(most_records__gte=1, most_records__lte=1000), name="sender_sends_1_to_1000_records"
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True) | Q(failures__gt=0, failing_since__isnull=False),
                name="sender_fails_since_a_time",
            ),
            CompositeForeignKey(
                name="sender_sends_for_its_own_chain",
                fields=["open_submission", "chain"],
                to="verifactu_submission",
                to_fields=["id", "chain_id"],
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="only_forwards",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.sent_through < OLD.sent_through OR NEW.turn < OLD.turn OR NEW.chain_id <> OLD.chain_id THEN
                        RAISE EXCEPTION 'correlativa: sending only goes forwards';
                    END IF;
                    IF NEW.sent_through > OLD.sent_through AND EXISTS (
                        SELECT 1 FROM verifactu_fiscalrecord AS record
                        WHERE record.chain_id = NEW.chain_id
                          AND record.sequence > OLD.sent_through AND record.sequence <= NEW.sent_through
                          AND NOT EXISTS (SELECT 1 FROM verifactu_recordanswer WHERE record_id = record.id)
                    ) THEN
                        RAISE EXCEPTION 'correlativa: a record without an answer cannot be passed over';
                    END IF;
                    RETURN NEW;
                """,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id} → {self.sent_through}"


class RecordOutcome(models.TextChoices):
    """``EstadoRegistro``: what the AEAT did with a record."""

    ACCEPTED = "accepted", _("accepted")
    ACCEPTED_WITH_ERRORS = "accepted_with_errors", _("accepted with errors")
    REJECTED = "rejected", _("rejected")


class RecordAnswer(models.Model):
    """What the AEAT did with one record, for good: a record has one answer (``RespuestaLinea``).

    ``inquiry`` is set where the answer to the submission was lost and the AEAT was asked what it holds: the answer is
    then adopted from there. What is done after a rejection is another record.
    """

    id = models.BigAutoField(primary_key=True)
    record = models.OneToOneField(
        FiscalRecord, on_delete=models.PROTECT, related_name="answer", verbose_name=_("record")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="answers", verbose_name=_("submission")
    )
    inquiry = models.ForeignKey(
        Inquiry, on_delete=models.PROTECT, null=True, related_name="answers", verbose_name=_("inquiry")
    )
    outcome = models.CharField(_("outcome"), max_length=20, choices=RecordOutcome)
    code = models.PositiveSmallIntegerField(_("AEAT's code"), null=True)
    description = models.CharField(_("AEAT's text"), max_length=1500, blank=True)
    at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("answer to a record")
        verbose_name_plural = _("answers to records")
        ordering = ["-id"]
        indexes = [models.Index(fields=["outcome", "-id"], name="answer_not_clean", condition=~Q(outcome="accepted"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=RecordOutcome.ACCEPTED) | Q(code__isnull=False) | Q(inquiry__isnull=False),
                name="answer_names_its_error",
            )
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="of_its_own_chain",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("chain", "verifactu_fiscalrecord.chain_id%TYPE")],
                func="""
                    SELECT chain_id INTO chain FROM verifactu_fiscalrecord WHERE id = NEW.record_id;
                    IF EXISTS (SELECT FROM verifactu_submission WHERE id = NEW.submission_id AND chain_id <> chain)
                       OR EXISTS (SELECT FROM verifactu_inquiry WHERE id = NEW.inquiry_id AND chain_id <> chain) THEN
                        RAISE EXCEPTION 'correlativa: an answer belongs to the chain of its record';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.code or ''}".strip()
