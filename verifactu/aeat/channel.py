"""The way to the AEAT of one seller in one mode: its own certificate, its own endpoint, and no connection that anybody
else shares."""

from __future__ import annotations

import json
import ssl
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core.errors import gettext_noop
from core.fictitious import is_of_range
from core.modes import Mode
from verifactu.aeat import endpoints, mishaps, transport
from verifactu.aeat.certificates import Certificate, certificate_of
from verifactu.aeat.errors import Misconfigured
from verifactu.aeat.transport import Reply

__all__ = ["Channel", "Reply", "open_channel"]


@dataclass(frozen=True, slots=True)
class Channel:
    """Where this seller's messages go, and who sends them."""

    endpoint: str
    certificate: Certificate
    _context: ssl.SSLContext = field(repr=False)
    _test_seller: uuid.UUID | None = None

    def post(self, message: bytes, *, patience: float = transport.PATIENCE, submits: bool = False) -> Reply:
        """Send a SOAP message, once, and wait ``patience`` seconds at most; ``submits`` says that it brings records and
        does not only ask. Raises NotSent, Misconfigured and TooMany, of which nothing was processed, and NoAnswer, of
        which nobody knows."""
        wishes = {} if self._test_seller is None else mishaps.wishes_of(self._test_seller, submits=submits)
        return transport.post(self.endpoint, message, context=self._context, patience=patience, for_simulator=wishes)


def open_channel(*, tax_id: str, mode: str, now: datetime | None = None, seller_id: uuid.UUID | None = None) -> Channel:
    """The channel of the seller with this NIF. Raises Misconfigured.

    It talks to nobody yet, but that a simulated AEAT is asked for the certificate of a fictitious company that has
    none. With ``seller_id`` a test seller's clock and scenarios travel along, to a simulated AEAT alone.
    """
    mode = Mode(mode)
    is_simulated = not endpoints.is_the_aeats(mode, settings.AEAT_TEST_URL)
    at = now or datetime.now(UTC)
    certificate = _certificate(tax_id, mode, at) if is_simulated else certificate_of(tax_id=tax_id, mode=mode, now=at)
    url = endpoints.endpoint(mode=mode, is_seal=certificate.is_seal, test_url=settings.AEAT_TEST_URL)
    context = _trusting(mode)
    certificate.present(context)
    return Channel(url, certificate, context, seller_id if is_simulated else None)


def _certificate(tax_id: str, mode: Mode, now: datetime) -> Certificate:
    """As ``certificate_of``. What a fresh start needs is made when it is first looked for, in vain."""
    try:
        return certificate_of(tax_id=tax_id, mode=mode, now=now)
    except Misconfigured:
        address = f"{endpoints.read_test_url(settings.AEAT_TEST_URL)}/simulator/certificates"
        asked = json.dumps({"tax_id": tax_id}).encode()
        if not is_of_range(tax_id) or not transport.summon(address, asked, context=_trusting(mode)):
            raise
    return certificate_of(tax_id=tax_id, mode=mode, now=now)


def _trusting(mode: Mode) -> ssl.SSLContext:
    """TLS 1.2 or later. A simulated AEAT is known by its own authority and no other: an address that turns out to be
    somebody else's gets nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.post_handshake_auth = True  # servers that ask for the certificate only once they know the path
    if endpoints.is_the_aeats(mode, settings.AEAT_TEST_URL):
        context.load_default_certs()
    else:
        _trust_only(context, Path(settings.AEAT_TEST_CA))
    return context


def _trust_only(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(file)
    except OSError as error:  # among them SSLError: not a certificate
        raise Misconfigured(
            gettext_noop("The certificate of the simulated AEAT's authority cannot be read: %(path)s."),
            remedy=gettext_noop(
                "«manage.py simulate_aeat» writes it; AEAT_TEST_CA says where it lies. To test against the AEAT "
                "itself, set AEAT_TEST_URL to preproduction."
            ),
            path=file,
        ) from error
