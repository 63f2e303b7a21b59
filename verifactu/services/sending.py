"""Send each chain's records to the AEAT, in order, and learn what became of them (Orden HAC/1177/2024 art. 16).

Every turn at a chain is the same three steps: write down what is about to be said, say it with no transaction open,
write down what was heard. Wherever a worker dies in between, the next one finds a submission without an answer and asks
the AEAT what it holds before it sends anything again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from core.errors import gettext_noop
from integrations import deployment
from integrations.clock import offset_of
from verifactu.aeat import catalogue, messages
from verifactu.aeat.answers import Answer, read_answer
from verifactu.aeat.catalogue import Treatment
from verifactu.aeat.channel import Channel, Reply, open_channel
from verifactu.aeat.errors import Misconfigured, NotSent, SoapFault, TooMany, Unreadable, WireError
from verifactu.models import Chain, ExchangeOutcome, FiscalRecord, RecordOutcome, Sender, StopReason, Submission
from verifactu.registration import Party
from verifactu.services import inquiring, recording, turns
from verifactu.services.inquiring import Found
from verifactu.services.recording import in_words
from verifactu.services.turns import Turn, TurnLostError
from verifactu.services.verdicts import Verdict, is_doubtful, judge, match

logger = logging.getLogger(__name__)

LATE_AFTER: Final = timedelta(seconds=200)
"""Records that the AEAT receives more than 240 s after they were made must say that there was an incident, else they
are accepted with errors (2004). The rest of the 240 s is for the way."""

MOST_SET_ASIDE: Final = 3
"""Records in a row that spoil a message by themselves. After that it is not the records: the program writes something
wrong into all of them, or the AEAT has changed, and to have thousands rejected would help nobody."""

Clock = Callable[[], datetime]


def send_due(*, now: datetime, clock: Clock = timezone.now) -> int:
    """Take one chain's turn, if any is due, and return how many were taken.

    ``now`` decides what is due; ``clock`` is read after each call of the AEAT, which takes its time. Nothing that the
    AEAT or the network does raises, nor does what is wrong with one chain: it is written in the sender's row, and the
    other chains go on. A database that is fenced says nothing to anybody.
    """
    if deployment.standing().is_fenced:
        return 0
    with turns.next_turn(now=now) as turn:
        if turn is None or not deployment.keep_marks():  # what the AEAT learns of is known outside first
            return 0
        try:
            _take(turn, clock)
        except TurnLostError:
            logger.warning("chain %s was taken over by another worker, who asks again", turn.chain.id)
        except Exception as error:
            logger.exception("chain %s cannot be sent: it is put off, and the others go on", turn.chain.id)
            _put_off(turn, in_words(_unforeseen(error)), now=clock())
    return 1


def _unforeseen(error: Exception) -> WireError:
    """What nobody thought of, or tampering: by its kind alone, since its words may hold what an invoice says."""
    return WireError(
        gettext_noop("Something unforeseen stopped the sending of this chain (%(kind)s)."),
        remedy=gettext_noop("The log says where; «manage.py verify_chain» says whether the records are whole."),
        kind=type(error).__name__,
    )


def _take(turn: Turn, clock: Clock) -> None:
    try:
        channel = open_channel(tax_id=turn.chain.issuer_tax_id, mode=turn.chain.mode, seller_id=turn.chain.seller_id)
    except Misconfigured as error:
        _stop(turn, None, in_words(error), now=clock(), reason=StopReason.CERTIFICATE)
        return
    if turn.doubtful is not None:
        _settle(turn, turn.doubtful, channel, clock)
    else:
        _submit(turn, channel, clock)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A submission on its way."""

    turn: Turn
    channel: Channel
    clock: Clock
    submission: Submission
    records: Sequence[FiscalRecord]


def _submit(turn: Turn, channel: Channel, clock: Clock) -> None:
    records = recording.unanswered(turn)
    now = clock()
    present = now + offset_of(turn.chain.seller_id, turn.chain.mode)  # by the clock that gave the record its time
    incident = present - records[0].generated_at > LATE_AFTER
    message = messages.submission(
        issuer=issuer_of(turn.chain),
        records=[bytes(record.xml) for record in records],
        incident=incident,
        representative=channel.certificate.representative,
    )
    submission = recording.begin_submission(turn, records, message, channel, incident=incident, now=now)
    sent = _Sent(turn, channel, clock, submission, records)
    reply: Reply | None = None
    try:
        reply = channel.post(message, submits=True)
        answer = read_answer(reply.body)
    except SoapFault as fault:
        _refused(sent, fault, reply)
    except WireError as error:
        _failed(sent, error, reply)
    else:
        _answered(sent, reply, answer)


def issuer_of(chain: Chain) -> Party:
    """The taxpayer, as the message's header names it (``ObligadoEmision``)."""
    return Party(chain.seller.legal_name, chain.issuer_tax_id)


def _answered(sent: _Sent, reply: Reply, answer: Answer) -> None:
    """Store what the AEAT says for certain; what it calls a duplicate is looked up before it is judged."""
    lines = match(sent.records, answer.lines)
    certain = [judge(record, line) for record, line in lines.items() if not is_doubtful(line)]
    with transaction.atomic():
        sender = recording.store_answer(sent.turn, sent.submission, reply, answer, certain, now=sent.clock())
        whole = sender.open_submission is None
        if whole:
            turns.succeed(sender, next_at=sender.next_at)
        sender.save()
    if not whole:
        doubtful = [record for record, line in lines.items() if is_doubtful(line)]
        _settle(sent.turn, sent.submission, sent.channel, sent.clock, doubtful=doubtful)


def _settle(
    turn: Turn, submission: Submission, channel: Channel, clock: Clock, *, doubtful: Sequence[FiscalRecord] = ()
) -> None:
    """Ask the AEAT what it holds of a submission's open records, and adopt it; the rest is sent again.

    ``doubtful`` are those that it has just called duplicates: they are not sent again whatever it says.
    """
    records = recording.of_submission(submission)
    try:
        found = inquiring.look_up(turn, records, channel, clock)
    except SoapFault as fault:
        if catalogue.treatment_of(fault.code) in {Treatment.CONFIGURATION, Treatment.STOP}:
            _stop(turn, None, in_words(fault), now=clock())
        else:
            _put_off(turn, in_words(fault), now=clock())
    except Misconfigured as error:
        _stop(turn, None, in_words(error), now=clock())
    except WireError as error:
        _put_off(turn, in_words(error), now=clock())
    else:
        _adopt(turn, submission, found, found.verdicts(records, duplicates=doubtful), now=clock())


@transaction.atomic
def _adopt(turn: Turn, submission: Submission, found: Found, verdicts: Sequence[Verdict], *, now: datetime) -> None:
    sender = turns.hold(turn)
    recording.write_verdicts(sender, submission, verdicts, now=now, inquiry=found.last)
    sender.open_submission = None
    if verdicts:
        turns.succeed(sender, next_at=now + timedelta(seconds=sender.wait_seconds))
    else:  # so that an AEAT which never answers is asked less and less often
        why = WireError(gettext_noop("The AEAT holds none of the records whose answer was lost: they are sent again."))
        turns.postpone(sender, now=now, why=in_words(why))
    sender.save()


def _refused(sent: _Sent, fault: SoapFault, reply: Reply | None) -> None:
    """The whole message was refused, and nothing of it stored: what follows depends on the AEAT's code."""
    turn, submission, now = sent.turn, sent.submission, sent.clock()
    treatment = Treatment.RETRY if fault.from_server else catalogue.treatment_of(fault.code)
    if treatment is Treatment.CONFIGURATION:
        _stop(turn, submission, in_words(fault), now=now, reply=reply, code=fault.code)
    elif treatment is Treatment.STOP:
        _stop(turn, submission, in_words(fault), now=now, reply=reply, code=fault.code, reason=StopReason.SUSPENDED)
    elif treatment is Treatment.RETRY:
        _put_off(turn, in_words(fault), now=now, submission=submission, reply=reply, code=fault.code)
    elif len(sent.records) == 1 and recording.set_aside_last(turn.chain, most=MOST_SET_ASIDE) == MOST_SET_ASIDE:
        _stop(turn, submission, in_words(fault), now=now, reply=reply, code=fault.code)
    else:
        _isolate(sent, fault, reply, now=now)


@transaction.atomic
def _isolate(sent: _Sent, fault: SoapFault, reply: Reply | None, *, now: datetime) -> None:
    """Something in the message is wrong by itself: halve it until one record is left, which is then rejected."""
    records, submission = sent.records, sent.submission
    sender = turns.hold(sent.turn)
    recording.end(submission, ExchangeOutcome.FAULT, now=now, reply=reply, code=fault.code, text=fault.text)
    sender.open_submission = None
    if len(records) == 1:
        verdict = Verdict(records[0], RecordOutcome.REJECTED, fault.code or catalogue.NO_CODE, fault.text)
        recording.write_verdicts(sender, submission, [verdict], now=now)
        turns.succeed(sender, next_at=now + timedelta(seconds=sender.wait_seconds))
    else:
        turns.postpone(sender, now=now, why=in_words(fault), pause=timedelta(seconds=sender.wait_seconds))
        sender.most_records = len(records) // 2
    sender.save()


def _failed(sent: _Sent, error: WireError, reply: Reply | None) -> None:
    """No answer that could be read. Only what was certainly not processed may be sent again without asking."""
    now = sent.clock()
    if isinstance(error, Misconfigured):
        _stop(sent.turn, sent.submission, in_words(error), now=now, reply=reply)
    elif isinstance(error, NotSent):
        wish = error.retry_after if isinstance(error, TooMany) else None
        pause = None if wish is None else min(timedelta(seconds=wish), turns.LONGEST_PAUSE)
        outcome = ExchangeOutcome.NOT_SENT
        _put_off(sent.turn, in_words(error), now=now, submission=sent.submission, outcome=outcome, pause=pause)
    else:
        outcome = ExchangeOutcome.UNKNOWN
        heard = error.body if isinstance(error, Unreadable) else None
        _put_off(
            sent.turn, in_words(error), now=now, submission=sent.submission, outcome=outcome, reply=reply, heard=heard
        )


@transaction.atomic
def _put_off(
    turn: Turn,
    why: str,
    *,
    now: datetime,
    submission: Submission | None = None,
    outcome: ExchangeOutcome = ExchangeOutcome.FAULT,
    reply: Reply | None = None,
    code: int | None = None,
    pause: timedelta | None = None,
    heard: bytes | None = None,
) -> None:
    sender = turns.hold(turn)
    if submission is not None and heard:
        submission.response = heard
    _end(sender, submission, outcome, why, now=now, reply=reply, code=code)
    turns.postpone(sender, now=now, why=why, pause=pause)
    sender.save()
    logger.warning("chain %s waits until %s: failure %s", turn.chain.id, sender.next_at, sender.failures)


@transaction.atomic
def _stop(
    turn: Turn,
    submission: Submission | None,
    why: str,
    *,
    now: datetime,
    reply: Reply | None = None,
    code: int | None = None,
    reason: StopReason = StopReason.CONFIGURATION,
) -> None:
    sender = turns.hold(turn)
    known = (sender.stop_reason, sender.last_failure) == (reason, why[:2000])
    outcome = ExchangeOutcome.FAULT if reply else ExchangeOutcome.NOT_SENT
    _end(sender, submission, outcome, why, now=now, reply=reply, code=code)
    turns.stop(sender, now=now, why=why, reason=reason)
    sender.save()
    if known:
        return
    after = {"reason": reason, "why": why[:2000]}
    audit.record("sending.stopped", by=recording.WORKER, subject=recording.subject_of(turn.chain), after=after)
    logger.error("sending of chain %s is stopped until somebody mends it: %s", turn.chain.id, reason)


def _end(
    sender: Sender,
    submission: Submission | None,
    outcome: ExchangeOutcome,
    why: str,
    *,
    now: datetime,
    reply: Reply | None,
    code: int | None,
) -> None:
    """A submission ends; it stays open only while the AEAT may have stored something of it."""
    if submission is None:
        return
    recording.end(submission, outcome, now=now, reply=reply, code=code, text=why)
    sender.open_submission = submission if outcome == ExchangeOutcome.UNKNOWN else None
