"""What waits for the AEAT, at a glance: for the front page, the figures and whoever watches (Orden HAC/1177/2024
art. 16.4 wants the number that waits to be seen until it is nought)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from verifactu.aeat import catalogue
from verifactu.models import ExchangeOutcome, FiscalRecord, RecordAnswer, RecordOutcome, Sender


@dataclass(frozen=True, slots=True)
class Waiting:
    """One chain that is not sent to its end. ``oldest`` is when the first waiting record was made."""

    sender: Sender
    records: int
    oldest: datetime


def waiting() -> list[Waiting]:
    """Every chain with records that the AEAT has not answered, the longest wait first."""
    found = []
    behind = Sender.objects.filter(chain__last_sequence__gt=F("sent_through"))
    for sender in behind.select_related("chain__seller", "open_submission"):
        ahead = FiscalRecord.objects.filter(
            chain=sender.chain_id, sequence__gt=sender.sent_through, answer__isnull=True
        )
        oldest = ahead.order_by("sequence").values_list("generated_at", flat=True).first()
        if oldest is not None:
            found.append(Waiting(sender, ahead.count(), oldest))
    return sorted(found, key=lambda chain: chain.oldest)


def to_be_mended() -> QuerySet[RecordAnswer]:
    """Records that the AEAT rejected, or stored with errors that must be amended, and that no later record of their
    invoice has followed: a person has to do something. The newest first."""
    later = FiscalRecord.objects.filter(
        invoice=OuterRef("record__invoice"), generated_at__gte=OuterRef("record__generated_at")
    ).exclude(id=OuterRef("record"))
    return (
        RecordAnswer.objects.exclude(outcome=RecordOutcome.ACCEPTED)
        .exclude(code__in=catalogue.NEED_NO_AMENDMENT)
        .exclude(Exists(later))
        .select_related("record__chain__seller")
        .defer("record__xml")
        .order_by("-id")
    )


def status_of(record: FiscalRecord) -> str:
    """``pending``, ``sent``, ``unknown``, or what the AEAT answered. Wants the record's answer and its chain's sender
    with its open submission to be at hand (``with_status``)."""
    answer = getattr(record, "answer", None)
    if answer is not None:
        return str(answer.outcome)
    submission = record.chain.sender.open_submission
    if submission is None or not submission.first_sequence <= record.sequence <= submission.last_sequence:
        return "pending"
    return "sent" if submission.outcome == ExchangeOutcome.SENT else "unknown"


def with_status(records: QuerySet[FiscalRecord]) -> QuerySet[FiscalRecord]:
    """Records with what ``status_of`` and ``answers_of`` need, in one query, and without the bytes of any exchange."""
    submissions = ("answer__submission", "chain__sender__open_submission")
    return records.select_related(*submissions).defer(
        *(f"{submission}__{bytes_}" for submission in submissions for bytes_ in ("request", "response"))
    )


def answers_of(record: FiscalRecord) -> Iterable[dict[str, object]]:
    """The AEAT's answer as the API shows it: one, or none yet."""
    answer = getattr(record, "answer", None)
    if answer is None:
        return []
    return [
        {
            "status": answer.outcome,
            "code": answer.code,
            "description": answer.description,
            "receipt_code": answer.submission.receipt_code or None,
            "answered_at": answer.at.isoformat().replace("+00:00", "Z"),
            "adopted": answer.inquiry_id is not None,
        }
    ]
