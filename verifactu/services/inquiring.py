"""Ask the AEAT what it holds of the invoices of a chain (``ConsultaFactuSistemaFacturacion``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.db import transaction

from verifactu.aeat import messages
from verifactu.aeat.answers import InquiryAnswer, PageKey, Registered, read_inquiry
from verifactu.aeat.channel import Channel, Reply
from verifactu.aeat.errors import NotSent, SoapFault, WireError
from verifactu.models import ExchangeOutcome, FiscalRecord, Inquiry
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
        for number in numbers:
            _ask_all_pages(turn, channel, clock, found, period=date(year, month, 1), number=number, days=days)
    return found


def _ask_all_pages(
    turn: Turn,
    channel: Channel,
    clock: Callable[[], datetime],
    found: Found,
    *,
    period: date,
    number: str | None,
    days: Sequence[date],
) -> None:
    page: PageKey | None = None
    while True:
        message = messages.inquiry(
            issuer=Party(turn.chain.seller.legal_name, turn.chain.issuer_tax_id),
            year=period.year,
            month=period.month,
            number=number,
            first=min(days),
            last=max(days),
            after=page,
            by_representative=channel.certificate.representative is not None,
        )
        found.last, answer = _ask(turn, channel, clock, message, period)
        found.held.update({(held.number.strip(), held.issue_date): held for held in answer.records})
        page = answer.next_page
        if page is None:
            return


def _ask(
    turn: Turn, channel: Channel, clock: Callable[[], datetime], message: bytes, period: date
) -> tuple[Inquiry, InquiryAnswer]:
    inquiry = recording.begin_inquiry(turn, f"{period:%Y-%m}", message, channel, now=clock())
    reply: Reply | None = None
    try:
        reply = channel.post(message)
        answer = read_inquiry(reply.body)
    except WireError as error:
        _end(turn, inquiry, _outcome_of(error), reply, clock(), why=in_words(error))
        raise
    _end(turn, inquiry, ExchangeOutcome.ANSWERED, reply, clock())
    return inquiry, answer


def _outcome_of(error: WireError) -> ExchangeOutcome:
    if isinstance(error, SoapFault):
        return ExchangeOutcome.FAULT
    return ExchangeOutcome.NOT_SENT if isinstance(error, NotSent) else ExchangeOutcome.UNKNOWN


@transaction.atomic
def _end(
    turn: Turn, inquiry: Inquiry, outcome: ExchangeOutcome, reply: Reply | None, now: datetime, *, why: str = ""
) -> None:
    turns.hold(turn)
    recording.end(inquiry, outcome, now=now, reply=reply, text=why)
