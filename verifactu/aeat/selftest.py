"""Would this seller's records reach the AEAT? Everything between us and it, looked at one by one, with what mends it.

It asks the AEAT what it holds of this month, which changes nothing there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import gettext_noop
from core.modes import Mode
from verifactu.aeat import messages
from verifactu.aeat.answers import InquiryAnswer, read_inquiry
from verifactu.aeat.certificate_files import Place
from verifactu.aeat.certificates import Certificate, assign, locate
from verifactu.aeat.channel import Channel, open_channel
from verifactu.aeat.errors import Misconfigured, SoapFault, WireError
from verifactu.aeat.expiry import alert_of
from verifactu.aeat.keystores import Keystore, unlock
from verifactu.registration import Party

SKEW_TO_WARN: Final = timedelta(seconds=60)
MOST_SKEW: Final = timedelta(seconds=240)
"""Beyond this the AEAT accepts records with errors (2004)."""

PATIENCE: Final = 30
"""Seconds: somebody is looking at the page."""

_NAMES: Final = {
    "file": gettext_noop("Certificate file"),
    "permissions": gettext_noop("Who may read it"),
    "password": gettext_noop("Password"),
    "holder": gettext_noop("Holder"),
    "chain": gettext_noop("Issuers"),
    "expiry": gettext_noop("Validity"),
    "endpoint": gettext_noop("Endpoint"),
    "clock": gettext_noop("Clock"),
}


class Result(StrEnum):
    """A warning is for somebody to look at; after a failure nothing reaches the AEAT."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``code`` is stable, the other texts are in the reader's language."""

    code: str
    outcome: Result
    detail: str
    remedy: str = ""

    @property
    def name(self) -> str:
        return _(_NAMES[self.code])

    @classmethod
    def failed(cls, code: str, error: WireError) -> Self:
        """What went wrong, and what mends it."""
        remedy = _(error.remedy) % error.params if error.remedy else ""
        return cls(code, Result.FAILURE, _(error.message) % error.params, remedy)


def self_test(*, tax_id: str, mode: str, now: datetime, name: str = "") -> list[Check]:
    """Look at everything, in the order in which it is needed, up to the first thing without which the rest cannot be
    looked at. ``name`` is the seller's, as the AEAT's census knows it."""
    issuer = Party(name or tax_id, tax_id)
    return [*_certificate_checks(issuer, Mode(mode), now)]


def _certificate_checks(issuer: Party, mode: Mode, now: datetime) -> Iterator[Check]:
    code = "file"
    try:
        place = locate(tax_id=issuer.nif or "", mode=mode)
        yield Check(code, Result.OK, str(place.path))
        yield _permissions(place)
        code = "password"
        keystore = unlock(place.content(), place.password(), path=place.path)
        yield Check(code, Result.OK, _("It opens the file."))
        code = "holder"
        certificate = assign(place, keystore)
        yield Check(code, Result.OK, _holder(certificate))
        yield _chain(keystore)
        code = "expiry"
        certificate.check_dates(now)
        yield _expiry(certificate, now)
        code = "endpoint"
        channel = open_channel(tax_id=place.tax_id, mode=mode, now=now)
    except Misconfigured as error:
        yield Check.failed(code, error)
        return
    yield from _conversation(channel, issuer, now)


def _permissions(place: Place) -> Check:
    open_to_others = [str(file) for file in place.secret_files if file.exists() and file.stat().st_mode & 0o077]
    if not open_to_others:
        return Check("permissions", Result.OK, _("Only the user that this runs as."))
    files = ", ".join(open_to_others)
    detail = _("Other users of this machine may read or change %(files)s.") % {"files": files}
    return Check("permissions", Result.WARNING, detail, _("Close it to them: chmod 600."))


def _holder(certificate: Certificate) -> str:
    said = {"tax_id": certificate.tax_id, "subject": certificate.subject}
    if certificate.representative:
        return _("%(tax_id)s, who represents the seller: %(subject)s") % said
    if certificate.is_seal:
        return _("%(tax_id)s, seal: %(subject)s") % said
    return _("%(tax_id)s, personal or of a representative: %(subject)s") % said


def _chain(keystore: Keystore) -> Check:
    if keystore.issuers:
        return Check("chain", Result.OK, " ← ".join(keystore.issuers))
    detail = _("The file lacks the certificate of its issuer: %(issuer)s.") % {"issuer": keystore.facts.issuer}
    remedy = _("If the AEAT refuses the certificate, export it again with all the certificates of its path.")
    return Check("chain", Result.WARNING, detail, remedy)


def _expiry(certificate: Certificate, now: datetime) -> Check:
    left = {"day": f"{certificate.not_after:%Y-%m-%d}", "days": (certificate.not_after - now).days}
    detail = _("Until %(day)s: %(days)s days.") % left
    if alert_of(certificate.not_after, now) is None:
        return Check("expiry", Result.OK, detail)
    remedy = _("Renew it, and put the new one in its place; nothing needs to be restarted.")
    return Check("expiry", Result.WARNING, detail, remedy)


def _conversation(channel: Channel, issuer: Party, now: datetime) -> Iterator[Check]:
    today = timezone.localtime(now)
    question = messages.inquiry(
        issuer=issuer,
        year=today.year,
        month=today.month,
        by_representative=channel.certificate.representative is not None,
    )
    begun = time.monotonic()
    try:
        reply = channel.post(question, patience=PATIENCE)
    except WireError as error:
        yield Check.failed("endpoint", error)
        return
    heard_at = now + timedelta(seconds=time.monotonic() - begun)
    yield _endpoint(channel, reply.body)
    yield _clock(reply.date, heard_at)


def _endpoint(channel: Channel, body: bytes) -> Check:
    try:
        answer = read_inquiry(body)
    except SoapFault as fault:
        detail = _("%(endpoint)s refuses: %(text)s") % {"endpoint": channel.endpoint, "text": fault.text}
        remedy = _("That is the AEAT's own text. See whose certificate it is, and for whom the AEAT lets it act.")
        return Check("endpoint", Result.FAILURE, detail, remedy)
    except WireError as error:
        return Check.failed("endpoint", error)
    return Check("endpoint", Result.OK, _answered(channel, answer))


def _answered(channel: Channel, answer: InquiryAnswer) -> str:
    more = "+" if answer.next_page else ""
    return _("%(endpoint)s answers; invoices of this month that it holds: %(count)s.") % {
        "endpoint": channel.endpoint,
        "count": f"{len(answer.records)}{more}",
    }


def _clock(theirs: datetime | None, ours: datetime) -> Check:
    if theirs is None:
        return Check("clock", Result.WARNING, _("The AEAT did not say what time it is."))
    seconds = round((ours - theirs).total_seconds())
    ahead = _("%(seconds)s seconds ahead of the AEAT's.") % {"seconds": seconds}
    behind = _("%(seconds)s seconds behind the AEAT's.") % {"seconds": -seconds}
    detail = ahead if seconds >= 0 else behind
    if abs(seconds) <= SKEW_TO_WARN.total_seconds():
        return Check("clock", Result.OK, detail)
    remedy = _(
        "Set this machine's clock by NTP: from 240 seconds on the AEAT accepts records only with errors (code 2004)."
    )
    too_much = abs(seconds) > MOST_SKEW.total_seconds()
    return Check("clock", Result.FAILURE if too_much else Result.WARNING, detail, remedy)
