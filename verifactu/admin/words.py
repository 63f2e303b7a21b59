"""States as badges, and reasons with what to do about them."""

from __future__ import annotations

from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from audit.admin import Tone, badge
from verifactu.aeat import catalogue
from verifactu.explanations import marks_of
from verifactu.models import Chain, ExchangeOutcome, FiscalRecord, RecordAnswer, RecordOutcome, Sender, StopReason
from verifactu.models.exchange import Exchange
from verifactu.overview import Waiting, status_of

_RECORDS = {
    "pending": (_("waits to be sent"), Tone.CALM),
    "sent": (_("sent"), Tone.ACTIVE),
    "unknown": (_("sent, answer lost"), Tone.WARNING),
    RecordOutcome.ACCEPTED: (RecordOutcome.ACCEPTED.label, Tone.GOOD),
    RecordOutcome.ACCEPTED_WITH_ERRORS: (RecordOutcome.ACCEPTED_WITH_ERRORS.label, Tone.WARNING),
    RecordOutcome.REJECTED: (RecordOutcome.REJECTED.label, Tone.BAD),
}
_EXCHANGES = {
    ExchangeOutcome.SENT: Tone.ACTIVE,
    ExchangeOutcome.ANSWERED: Tone.GOOD,
    ExchangeOutcome.INCOMPLETE: Tone.WARNING,
    ExchangeOutcome.FAULT: Tone.BAD,
    ExchangeOutcome.NOT_SENT: Tone.WARNING,
    ExchangeOutcome.UNKNOWN: Tone.WARNING,
}

STOPS = {
    StopReason.CERTIFICATE: _(
        "Mend the certificate or the setting; the self-test says which. It is looked at again every minute: once it is "
        "right, sending goes on by itself."
    ),
    StopReason.CONFIGURATION: _(
        "It is not called again by itself. Have what it says put right (the "
        "certificate, the representation, the seller’s NIF), then press “Resume”."
    ),
    StopReason.SUSPENDED: _(
        "It is not called again by itself. Write to the AEAT; once it has lifted the suspension, press “Resume”."
    ),
}
"""What to do, by why sending is stopped."""


def record_badge(record: FiscalRecord) -> SafeString:
    """Of a record that was read ``with_status``."""
    return badge(*_RECORDS[status_of(record)])


def outcome_badge(answer: RecordAnswer) -> SafeString:
    return badge(*_RECORDS[RecordOutcome(answer.outcome)])


def exchange_badge(exchange: Exchange) -> SafeString:
    return badge(exchange.get_outcome_display(), _EXCHANGES[ExchangeOutcome(exchange.outcome)])


def mode_badge(chain: Chain) -> SafeString | str:
    """Only test mode is worth a word."""
    return badge(_("test"), Tone.WARNING) if chain.mode == "test" else ""


def sender_badge(waiting: Waiting | None, sender: Sender, *, now: datetime) -> SafeString:
    """How the sending of a chain goes."""
    if sender.stop_reason:
        return badge(pgettext_lazy("sending", "stopped"), Tone.BAD)
    if sender.failures:
        return badge(pgettext_lazy("sending", "fails"), Tone.WARNING)
    if waiting is None:
        return badge(pgettext_lazy("sending", "up to date"), Tone.GOOD)
    if waiting.is_overdue(now=now):
        return badge(pgettext_lazy("sending", "late"), Tone.WARNING)
    return badge(pgettext_lazy("sending", "on its way"), Tone.ACTIVE)


def what_to_do(sender: Sender) -> str:
    """In the reader's language, by why it is stopped or that it fails; nothing where it goes well."""
    if sender.stop_reason:
        return str(STOPS[StopReason(sender.stop_reason)])
    if sender.failures:
        return gettext("It is tried again by itself, at least once an hour, in order. Nothing is lost meanwhile.")
    return ""


def marks(record: FiscalRecord) -> list[tuple[str, str]]:
    """The marks of a record, each in the AEAT's words and in ours."""
    carried = marks_of(
        is_first=record.previous_fingerprint is None,
        amendment=record.amendment,
        previous_rejection=record.previous_rejection,
        without_previous_record=record.without_previous_record,
    )
    return [(mark, gettext(says)) for mark, says in carried]


def aeats_text(answer: RecordAnswer) -> str:
    """What the AEAT said, else what it has published for the code. It is Spanish in either language."""
    return answer.description or catalogue.text_of(answer.code)
