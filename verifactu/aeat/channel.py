"""The way to the AEAT of one seller in one mode: its own certificate, its own endpoint, and no connection that anybody
else shares."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core.errors import gettext_noop
from core.modes import Mode
from verifactu.aeat import endpoints, transport
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

    def post(self, message: bytes, *, patience: float = transport.PATIENCE) -> Reply:
        """Send a SOAP message, once, and wait ``patience`` seconds at most. Raises NotSent, Misconfigured and TooMany,
        of which nothing was processed, and NoAnswer, of which nobody knows."""
        return transport.post(self.endpoint, message, context=self._context, patience=patience)


def open_channel(*, tax_id: str, mode: str, now: datetime | None = None) -> Channel:
    """The channel of the seller with this NIF. Connects to nobody yet. Raises Misconfigured."""
    mode = Mode(mode)
    certificate = certificate_of(tax_id=tax_id, mode=mode, now=now or datetime.now(UTC))
    url = endpoints.endpoint(mode=mode, is_seal=certificate.is_seal, test_url=settings.AEAT_TEST_URL)
    context = _trusting(mode)
    certificate.present(context)
    return Channel(url, certificate, context)


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
