"""The AEAT's answers, put into the rows as the sender would."""

from __future__ import annotations

from tests.builders import NOW
from verifactu.models import ExchangeOutcome, FiscalRecord, RecordAnswer, Submission


def answer(record: FiscalRecord, outcome: str, *, code: int | None = None) -> RecordAnswer:
    """The answer to one record, sent alone."""
    submission = Submission.objects.create(
        chain=record.chain,
        first_sequence=record.sequence,
        last_sequence=record.sequence,
        size=1,
        endpoint="https://localhost",
        request=b"<message/>",
        sent_at=NOW,
        answered_at=NOW,
        outcome=ExchangeOutcome.ANSWERED,
    )
    return RecordAnswer.objects.create(record=record, submission=submission, outcome=outcome, code=code, at=NOW)
