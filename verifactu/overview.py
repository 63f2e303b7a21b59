"""What waits for the AEAT, at a glance: for the front page, the figures and whoever watches (Orden HAC/1177/2024
art. 16.4 wants the number that waits to be seen until it is nought)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from verifactu.aeat import catalogue
from verifactu.models import ExchangeOutcome, FiscalRecord, RecordAnswer, RecordOutcome, Sender

LATE: Final = timedelta(minutes=10)
"""What waits longer than that is worth a look: in the ordinary run of things the AEAT has answered by then."""

OUT_OF_TURN: Final = 10_000
"""How far beyond the first open record answers are looked for: ten messages of the most records."""

LOOKED_THROUGH: Final = 3_000
"""So many answers that were not in order are looked through for those that nobody has mended."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One chain that is not sent to its end. ``oldest`` is when the first waiting record was made."""

    sender: Sender
    records: int
    oldest: datetime

    def is_overdue(self, *, now: datetime) -> bool:
        """Whether somebody should look at it: stopped, failing, or late."""
        return bool(self.sender.stop_reason or self.sender.failures) or self.oldest < now - LATE


def waiting() -> list[Waiting]:
    """Every chain with records that the AEAT has not answered, the longest wait first. One query, however many."""
    behind = (
        _behind()
        .select_related("chain__seller", "open_submission")
        .defer("open_submission__request", "open_submission__response")
        .order_by("oldest")
    )
    return [Waiting(sender, sender.unanswered, sender.oldest) for sender in behind]


def overdue_records(*, now: datetime) -> int:
    """How many records wait of the chains that are stopped, fail, or have not been answered for LATE: what somebody
    should look at."""
    troubled = _behind().filter(~Q(stop_reason="") | Q(failures__gt=0) | Q(oldest__lt=now - LATE))
    return troubled.aggregate(total=Sum("unanswered"))["total"] or 0


def _behind() -> QuerySet[Any]:
    """Senders with something to send: since when, and how much. By their chains' heads, so that every page can afford
    to say it; answers that came out of turn are few, and are looked for where they can be."""
    first = FiscalRecord.objects.filter(chain=OuterRef("chain"), sequence=OuterRef("sent_through") + 1)
    out_of_turn = RecordAnswer.objects.filter(
        record__chain=OuterRef("chain"),
        record__sequence__gt=OuterRef("sent_through"),
        record__sequence__lte=OuterRef("sent_through") + OUT_OF_TURN,
    ).order_by()
    count = Subquery(out_of_turn.values("record__chain").annotate(count=Count("pk")).values("count"))
    return (
        Sender.objects.filter(chain__last_sequence__gt=F("sent_through"))
        .annotate(
            oldest=Subquery(first.values("generated_at")),
            unanswered=F("chain__last_sequence") - F("sent_through") - Coalesce(count, 0),
        )
        .filter(oldest__isnull=False)
    )


def to_be_mended() -> QuerySet[RecordAnswer]:
    """Records that the AEAT rejected, or stored with errors that must be amended, and that no later record of their
    invoice has followed: a person has to do something. The newest first."""
    made_at, place = OuterRef("record__generated_at"), OuterRef("record__sequence")
    later = FiscalRecord.objects.filter(
        Q(generated_at__gt=made_at) | Q(generated_at=made_at, sequence__gt=place),  # as in past.past_of
        invoice=OuterRef("record__invoice"),
    )
    return (
        _not_in_order()
        .exclude(Exists(later))
        .select_related("record__chain__seller")
        .defer("record__xml")
        .order_by("-id")
    )


def newest_to_be_mended(most: int) -> list[RecordAnswer]:
    """The newest of them, for every page: looked for among the last few thousand that were not in order."""
    last = _not_in_order().order_by("-id").values("pk")[:LOOKED_THROUGH]
    return list(to_be_mended().filter(pk__in=last)[:most])


def _not_in_order() -> QuerySet[RecordAnswer]:
    return RecordAnswer.objects.exclude(outcome=RecordOutcome.ACCEPTED).exclude(code__in=catalogue.NEED_NO_AMENDMENT)


PENDING = "pending"
"""Of a record that has not been sent, or not been processed for certain: it is sent when its turn comes."""


def status_of(record: FiscalRecord) -> str:
    """``pending``, ``sent``, ``unknown``, or what the AEAT answered. Wants the record's answer and its chain's sender
    with its open submission to be at hand (``with_status``)."""
    answer = getattr(record, "answer", None)
    if answer is not None:
        return str(answer.outcome)
    submission = record.chain.sender.open_submission
    if submission is None or not submission.first_sequence <= record.sequence <= submission.last_sequence:
        return PENDING
    return "sent" if submission.outcome == ExchangeOutcome.SENT else "unknown"


def with_status(records: QuerySet[FiscalRecord]) -> QuerySet[FiscalRecord]:
    """Records with what ``status_of`` and ``answers_of`` need, in one query, and without the bytes of any exchange."""
    submissions = ("answer__submission", "chain__sender__open_submission")
    return records.select_related(*submissions).defer(
        *(f"{submission}__{bytes_}" for submission in submissions for bytes_ in ("request", "response"))
    )


def answers_of(record: FiscalRecord) -> list[dict[str, object]]:
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
