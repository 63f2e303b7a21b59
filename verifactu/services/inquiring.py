"""Ask the AEAT what it holds of the invoices of a chain (``ConsultaFactuSistemaFacturacion``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.db import transaction

from core.errors import gettext_noop
from verifactu.aeat import messages
from verifactu.aeat.answers import InquiryAnswer, PageKey, Registered, read_inquiry
from verifactu.aeat.channel import Channel, Reply
from verifactu.aeat.errors import NotSent, SoapFault, Unreadable, WireError
from verifactu.models import Chain, ExchangeOutcome, FiscalRecord, Inquiry
from verifactu.registration import Party
from verifactu.services import recording, turns
from verifactu.services.recording import in_words
from verifactu.services.turns import Turn
from verifactu.services.verdicts import Key, Verdict, adopt, duplicate, key_of

MOST_BY_NUMBER = 10
"""So few invoices are asked for one by one; more of them by the days on which they were issued, page by page."""


@dataclass(slots=True)
class Found:
    """What the AEAT holds, by invoice, and the last question that was asked."""

    held: dict[Key, Registered] = field(default_factory=dict)
    last: Inquiry | None = None

    def verdicts(self, records: Sequence[FiscalRecord], *, duplicates: Sequence[FiscalRecord]) -> list[Verdict]:
        """What became of these records, as far as this tells. A duplicate of something else is rejected for good."""
        adopted = adopt(records, self.held)
        judged = {verdict.record for verdict in adopted}
        return [*adopted, *(duplicate(record) for record in duplicates if record not in judged)]


def look_up(turn: Turn, records: Sequence[FiscalRecord], channel: Channel, clock: Callable[[], datetime]) -> Found:
    """What the AEAT holds of the invoices of these records. Raises WireError (SoapFault among them) where it cannot be
    asked; nothing is adopted then."""
    found = Found()
    by_month = sorted(records, key=lambda record: (record.issue_date, record.number))
    for (year, month), group in groupby(by_month, lambda record: (record.issue_date.year, record.issue_date.month)):
        keys = {key_of(record) for record in group}
        numbers = [*sorted(number for number, _ in keys)] if len(keys) <= MOST_BY_NUMBER else [None]
        days = [day for _, day in keys]
        period = date(year, month, 1)
        for number in numbers:
            for inquiry, answer in ask(turn.chain, channel, clock, period=period, number=number, days=days, turn=turn):
                found.last = inquiry
                own = [held for held in answer.records if held.issuer_tax_id == turn.chain.issuer_tax_id]
                found.held.update({(held.number, held.issue_date): held for held in own})
    return found


def ask(
    chain: Chain,
    channel: Channel,
    clock: Callable[[], datetime],
    *,
    period: date,
    number: str | None = None,
    days: Sequence[date] = (),
    turn: Turn | None = None,
) -> Iterator[tuple[Inquiry, InquiryAnswer]]:
    """Page by page, what the AEAT holds of the invoices that a chain's taxpayer issued in the month of ``period``; of
    that ``number`` alone, or from the first to the last of ``days``.

    Each question is written down before it is asked, and each answer as it came; with a ``turn``, by whoever still has
    it. Raises WireError, and Unreadable within it for pages that lead nowhere.
    """
    page: PageKey | None = None
    while True:
        message = messages.inquiry(
            issuer=Party(chain.seller.legal_name, chain.issuer_tax_id),
            year=period.year,
            month=period.month,
            number=number,
            first=min(days, default=None),
            last=max(days, default=None),
            after=page,
            by_representative=channel.certificate.representative is not None,
        )
        inquiry = _begin(chain, channel, f"{period:%Y-%m}", message, now=clock(), turn=turn)
        answer = _ask_once(inquiry, channel, clock, turn)
        yield inquiry, answer
        if answer.next_page is None:
            return
        if answer.next_page == page:
            raise Unreadable(gettext_noop("The AEAT's pages go round in a circle."))
        page = answer.next_page


def _ask_once(inquiry: Inquiry, channel: Channel, clock: Callable[[], datetime], turn: Turn | None) -> InquiryAnswer:
    reply: Reply | None = None
    try:
        reply = channel.post(bytes(inquiry.request))
        answer = read_inquiry(reply.body)
    except WireError as error:
        _end(inquiry, _outcome_of(error), reply, now=clock(), turn=turn, why=in_words(error))
        raise
    _end(inquiry, ExchangeOutcome.ANSWERED, reply, now=clock(), turn=turn)
    return answer


def _outcome_of(error: WireError) -> ExchangeOutcome:
    if isinstance(error, SoapFault):
        return ExchangeOutcome.FAULT
    return ExchangeOutcome.NOT_SENT if isinstance(error, NotSent) else ExchangeOutcome.UNKNOWN


@transaction.atomic
def _begin(chain: Chain, channel: Channel, period: str, message: bytes, *, now: datetime, turn: Turn | None) -> Inquiry:
    if turn is not None:
        turns.hold(turn)
    return recording.begin_inquiry(chain, period, message, channel, now=now)


@transaction.atomic
def _end(
    inquiry: Inquiry,
    outcome: ExchangeOutcome,
    reply: Reply | None,
    *,
    now: datetime,
    turn: Turn | None,
    why: str = "",
) -> None:
    if turn is not None:
        turns.hold(turn)
    recording.end(inquiry, outcome, now=now, reply=reply, text=why)
