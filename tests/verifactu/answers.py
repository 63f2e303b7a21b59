"""The AEAT's answers, put into the rows as the sender would."""

from __future__ import annotations

from tests.builders import NOW
from verifactu.models import Chain, ExchangeOutcome, FiscalRecord, Inquiry, RecordAnswer, Submission


def answer(
    record: FiscalRecord, outcome: str, *, code: int | None = None, description: str = "", response: bytes | None = None
) -> RecordAnswer:
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
        response=response,
        outcome=ExchangeOutcome.ANSWERED,
    )
    return RecordAnswer.objects.create(
        record=record, submission=submission, outcome=outcome, code=code, description=description, at=NOW
    )


def an_inquiry(chain: Chain) -> Inquiry:
    """What the AEAT was asked, without an answer yet."""
    return Inquiry.objects.create(
        chain=chain, period="2026-11", endpoint="https://localhost", request=b"<question/>", sent_at=NOW
    )
