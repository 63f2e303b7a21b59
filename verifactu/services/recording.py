"""What came of a call of the AEAT, written down: the exchange, the answers, the events and the sender, all or none."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, Q
from django.utils.translation import gettext, override

from audit import services as audit
from audit.models import AuditEntry
from audit.rows import write
from core import actors
from core.actors import Actor
from integrations import outbox
from integrations.context import working_for
from integrations.models import Event
from verifactu.aeat.answers import Answer
from verifactu.aeat.channel import Channel, Reply
from verifactu.aeat.errors import WireError
from verifactu.models import (
    Chain,
    ExchangeOutcome,
    FiscalRecord,
    Inquiry,
    RecordAnswer,
    RecordOutcome,
    Sender,
    Submission,
)
from verifactu.models.exchange import Exchange
from verifactu.services.turns import Turn, hold
from verifactu.services.verdicts import Verdict

logger = logging.getLogger(__name__)

WORKER = actors.worker("aeat")


def in_words(error: WireError) -> str:
    """What went wrong and what mends it, in the language of the house: written once, for the people who mend it. What
    the AEAT says is Spanish in any case."""
    with override(settings.LANGUAGE_CODE):
        return " ".join(gettext(text) % error.params for text in (error.message, error.remedy) if text)


def unanswered(turn: Turn) -> list[FiscalRecord]:
    """The next records of the chain that the AEAT has not judged, in order, as many as may travel together."""
    waiting = FiscalRecord.objects.filter(chain=turn.chain, sequence__gt=turn.sent_through, answer__isnull=True)
    return list(waiting.order_by("sequence")[: turn.most_records])


def of_submission(submission: Submission) -> list[FiscalRecord]:
    """The records that travelled with it and have no answer yet, in order."""
    travelled = FiscalRecord.objects.filter(
        chain=submission.chain_id, sequence__gte=submission.first_sequence, sequence__lte=submission.last_sequence
    )
    return list(travelled.filter(answer__isnull=True).defer("xml").order_by("sequence"))


def set_aside_last(chain: Chain, *, most: int) -> int:
    """How many of the last records that were answered, up to ``most``, had been set aside: each of them alone, since
    the AEAT refused the message that it was in."""
    last = RecordAnswer.objects.filter(record__chain=chain).order_by("-id")
    outcomes = last.values_list("submission__outcome", flat=True)[:most]
    return len(list(takewhile(lambda outcome: outcome == ExchangeOutcome.FAULT, outcomes)))


@transaction.atomic
def begin_submission(
    turn: Turn, records: Sequence[FiscalRecord], message: bytes, channel: Channel, *, incident: bool, now: datetime
) -> Submission:
    """Write down what is about to be sent, before the first byte leaves: whoever finds it unanswered asks the AEAT."""
    sender = hold(turn)
    submission = Submission.objects.create(
        chain=turn.chain,
        first_sequence=records[0].sequence,
        last_sequence=records[-1].sequence,
        size=len(records),
        incident=incident,
        endpoint=channel.endpoint,
        certificate=channel.certificate.subject[:300],
        request=message,
        sent_at=now,
    )
    sender.open_submission = submission
    sender.save()
    return submission


def begin_inquiry(chain: Chain, period: str, message: bytes, channel: Channel, *, now: datetime) -> Inquiry:
    """Write down a question before it is asked."""
    return Inquiry.objects.create(
        chain=chain,
        period=period,
        endpoint=channel.endpoint,
        certificate=channel.certificate.subject[:300],
        request=message,
        sent_at=now,
    )


def end(
    exchange: Exchange,
    outcome: ExchangeOutcome,
    *,
    now: datetime,
    reply: Reply | None = None,
    code: int | None = None,
    text: str = "",
) -> None:
    """Write how an exchange ended, with the whole answer, in the caller's transaction."""
    exchange.outcome, exchange.answered_at = outcome, now
    exchange.fault_code, exchange.fault_text = code, text[:2000]
    if reply is not None:
        exchange.http_status, exchange.response = reply.status, reply.body
    exchange.save()


@transaction.atomic
def store_answer(
    turn: Turn, submission: Submission, reply: Reply, answer: Answer, verdicts: Sequence[Verdict], *, now: datetime
) -> Sender:
    """Keep the AEAT's answer and what it says of each record; give back the sender, still held, to be given its next
    time. Records of which it says nothing stay open: the AEAT is asked about them next."""
    sender = hold(turn)
    is_whole = len(verdicts) == submission.size
    submission.receipt_code, submission.wait_seconds = answer.receipt_code[:64], answer.wait_seconds
    end(submission, ExchangeOutcome.ANSWERED if is_whole else ExchangeOutcome.INCOMPLETE, now=now, reply=reply)
    sender.open_submission = None if is_whole else submission
    sender.wait_seconds = answer.wait_seconds
    sender.most_records = min(sender.most_records * 2, 1000)
    write_verdicts(sender, submission, verdicts, now=now)
    sender.next_at = submission.sent_at + timedelta(seconds=answer.wait_seconds)
    return sender


def write_verdicts(
    sender: Sender,
    submission: Submission,
    verdicts: Sequence[Verdict],
    *,
    now: datetime,
    inquiry: Inquiry | None = None,
) -> None:
    """Give each record its one answer, tell of it, and let the sender advance, in the caller's transaction."""
    if not verdicts:
        return
    chain = submission.chain
    rows = [_answer(verdict, submission, inquiry, now) for verdict in verdicts]
    told = [_event(chain, verdict, submission) for verdict in verdicts]
    write(*rows, *told, *_entries(chain, verdicts, submission, inquiry))
    sender.sent_through = _answered_through(sender)
    for verdict in verdicts:
        with working_for(verdict.record.external_reference):
            logger.info("record %s: %s", verdict.record.id, verdict.outcome)


def _answered_through(sender: Sender) -> int:
    """Up to which record of the chain everything has its answer."""
    further = FiscalRecord.objects.filter(chain=sender.chain_id, sequence__gt=sender.sent_through)
    ends = further.aggregate(last=Max("sequence"), first_open=Min("sequence", filter=Q(answer__isnull=True)))
    if ends["first_open"] is not None:
        return int(ends["first_open"]) - 1
    return ends["last"] or sender.sent_through


def _answer(verdict: Verdict, submission: Submission, inquiry: Inquiry | None, now: datetime) -> RecordAnswer:
    return RecordAnswer(
        record=verdict.record,
        submission=submission,
        inquiry=inquiry,
        outcome=verdict.outcome,
        code=verdict.code,
        description=verdict.description[:1500],
        at=now,
    )


def _event(chain: Chain, verdict: Verdict, submission: Submission) -> Event:
    record = verdict.record
    payload: dict[str, object] = {
        "id": str(record.id),
        "invoice": str(record.invoice_id),
        "kind": record.kind,
        "sequence": record.sequence,
        "display_number": record.number,
        "fingerprint": record.fingerprint,
        "status": verdict.outcome,
        "code": verdict.code,
        "description": verdict.description,
        "receipt_code": submission.receipt_code or None,
    }
    return outbox.event(
        f"fiscal_record.{verdict.outcome}",
        seller_id=chain.seller_id,
        mode=chain.mode,
        object_id=str(record.invoice_id),
        payload=payload,
        by=_actor(record),
    )


def _actor(record: FiscalRecord) -> Actor:
    return actors.worker("aeat", correlation_id=record.external_reference)


def _entries(
    chain: Chain, verdicts: Iterable[Verdict], submission: Submission, inquiry: Inquiry | None
) -> list[AuditEntry]:
    """One entry for the answer, and one more for each record that a person has to look at."""
    counted = Counter(str(verdict.outcome) for verdict in verdicts)
    after: dict[str, object] = {
        **counted,
        "records": f"{submission.first_sequence}-{submission.last_sequence}",
        "submission": str(submission.id),
        "receipt_code": submission.receipt_code,
        "inquiry": str(inquiry.id) if inquiry else None,
        "response_sha256": _digest(inquiry or submission),
    }
    entries = [audit.entry("submission.answered", by=WORKER, subject=subject_of(chain), after=after)]
    for verdict in verdicts:
        if verdict.outcome != RecordOutcome.ACCEPTED:
            record = verdict.record
            subject = audit.Subject("invoice", str(record.invoice_id), record.number, chain.seller_id, chain.mode)
            told = {"record": str(record.id), "kind": record.kind, "code": verdict.code}
            entries.append(audit.entry(f"record.{verdict.outcome}", by=_actor(record), subject=subject, after=told))
    return entries


def _digest(exchange: Exchange) -> str | None:
    return hashlib.sha256(bytes(exchange.response)).hexdigest() if exchange.response else None


def subject_of(chain: Chain) -> audit.Subject:
    """The chain in the audit log's words."""
    return audit.Subject("chain", str(chain.id), str(chain), chain.seller_id, chain.mode)
