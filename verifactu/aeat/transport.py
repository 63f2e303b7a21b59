"""One message, one connection, one answer: HTTPS with the sender's certificate. Nothing else here uses the network.

No redirect is followed and nothing is sent twice: whether to send again is for whoever knows what a message means.
A connection is not kept for the next message, since one that has died meanwhile could not be told from a lost answer,
and the AEAT asks for a minute between two messages anyway.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from threading import Event, Timer
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from core.errors import gettext_noop
from verifactu.aeat.endpoints import belongs_to_the_aeat
from verifactu.aeat.errors import Misconfigured, NoAnswer, NotSent, TooMany, Unreadable, WireError
from verifactu.aeat.reading import is_envelope

CONNECT_SECONDS: Final = 10
PATIENCE: Final = 180
"""Seconds from the first byte sent to the last one received; the AEAT has taken more than 30 for a thousand records."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an answer: a page of 10,000 records takes about half of it."""

_PART: Final = 64 * 1024
_HEADERS: Final = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '""',
    "Accept": "text/xml",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Correlativa",
}
_REFUSED_CERTIFICATE: Final = "erro4011"  # the AEAT's page for a certificate that is unknown to it, or has ended


@dataclass(frozen=True, slots=True)
class Reply:
    """A SOAP message that came back, whatever the HTTP status. ``date`` is the server's clock."""

    status: int
    body: bytes
    date: datetime | None


def post(
    url: str,
    message: bytes,
    *,
    context: ssl.SSLContext,
    patience: float = PATIENCE,
    for_simulator: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    """Send a SOAP message and wait for the answer, at most ``patience`` seconds once connected. ``for_simulator`` are
    headers that only a simulated AEAT understands, and that the AEAT's own hosts never see.

    Raises NotSent or Misconfigured where nothing was processed, for certain; NoAnswer, or Unreadable within it, where
    it may have been.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = HTTPSConnection(host, parts.port, timeout=CONNECT_SECONDS, ssl_context=context)
    with closing(connection):
        _connect(connection, host)
        with _deadline(connection.sock, patience) as passed:
            try:
                return _judge(*_exchange(connection, parts.path, message, _headers(host, for_simulator)), host)
            except (HTTPError, HTTPException, OSError, ValueError) as error:
                raise _lost(error, host=host, seconds=patience if passed.is_set() else None) from error


def _connect(connection: HTTPSConnection, host: str) -> None:
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as error:
        raise Misconfigured(
            gettext_noop("%(host)s is not who it should be: %(reason)s."),
            remedy=gettext_noop(
                "Live mode and preproduction trust the authorities of this machine (package ca-certificates), a "
                "simulated AEAT the file of AEAT_TEST_CA alone."
            ),
            host=host,
            reason=error.verify_message,
        ) from error
    except (HTTPError, OSError) as error:
        if _refuses_certificate(error):
            raise refused_certificate(host) from error
        raise NotSent(
            gettext_noop("%(host)s cannot be reached: %(reason)s."),
            remedy=gettext_noop(
                "See that this machine may connect to it (firewall, DNS), or that the simulated AEAT is running."
            ),
            host=host,
            reason=_reason(error),
        ) from error


@contextmanager
def _deadline(sock: socket.socket | None, seconds: float) -> Iterator[Event]:
    """Hang up after ``seconds`` and say so: a timeout of the socket's own would begin anew with every byte."""
    assert sock is not None, "connected"
    sock.settimeout(seconds)
    passed = Event()

    def hang_up() -> None:
        passed.set()
        with suppress(OSError):  # it has hung up by itself
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, which another thread is in the middle of

    timer = Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def summon(url: str, message: bytes, *, context: ssl.SSLContext) -> bool:
    """Ask a simulated AEAT for something beside its service; whether it did it. The AEAT's own hosts are not asked."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if belongs_to_the_aeat(host):
        return False
    with closing(HTTPSConnection(host, parts.port, timeout=CONNECT_SECONDS, ssl_context=context)) as connection:
        try:
            connection.request("POST", parts.path, message, {"Content-Type": "application/json", "Connection": "close"})
            return connection.getresponse().status == 201
        except (HTTPError, HTTPException, OSError):
            return False


def _headers(host: str, for_simulator: Mapping[str, str]) -> dict[str, str]:
    return dict(_HEADERS) if belongs_to_the_aeat(host) else {**_HEADERS, **for_simulator}


def _exchange(
    connection: HTTPSConnection, path: str, message: bytes, headers: Mapping[str, str]
) -> tuple[BaseHTTPResponse, bytes]:
    # Who refuses a certificate may answer and hang up before having heard it all: the answer is what counts, and
    # without one, getresponse() fails as well.
    with suppress(OSError):
        connection.request("POST", path, message, headers, preload_content=False, decode_content=False)
    with closing(connection.getresponse()) as response:
        return response, _read(response)


def _read(response: BaseHTTPResponse) -> bytes:
    """The body, up to one byte too many or so. Read to its end, since only there a truncated one is told."""
    body = bytearray()
    while len(body) <= MOST_BYTES and (part := response.read(_PART)):
        body += part
    return bytes(body)


def _judge(response: BaseHTTPResponse, body: bytes, host: str) -> Reply:
    if len(body) > MOST_BYTES:
        raise Unreadable(gettext_noop("The answer of %(host)s is too long."), host=host)
    if is_envelope(body):
        return Reply(response.status, body, _instant(response.headers.get("Date")))
    raise _not_soap(response.status, response.headers, body, host)


def _not_soap(status: int, headers: Mapping[str, str], body: bytes, host: str) -> WireError:
    location = headers.get("Location", "")
    if _REFUSED_CERTIFICATE in location:
        return refused_certificate(host)
    if status in {401, 403}:
        return Misconfigured(
            gettext_noop("%(host)s does not let this certificate in (HTTP %(status)s)."),
            remedy=gettext_noop(
                "Seals («sello de entidad») and personal certificates have different addresses: if the kind was not "
                'recognised, write kind = "seal" or kind = "personal" into the .toml file beside the certificate.'
            ),
            host=host,
            status=status,
        )
    if status == 429:
        return TooMany(
            gettext_noop("%(host)s asks to be left alone for a while (HTTP 429)."),
            retry_after=_seconds(headers.get("Retry-After", "")),
            host=host,
        )
    return Unreadable(
        gettext_noop("%(host)s answered something that is not SOAP (HTTP %(status)s)."),
        body=body,
        host=host,
        status=status,
    )


def refused_certificate(host: str) -> Misconfigured:
    """The other side does not know the certificate, or takes it for ended or revoked."""
    return Misconfigured(
        gettext_noop("%(host)s refuses the certificate."),
        remedy=gettext_noop(
            "See that it is a qualified one, still valid and not revoked; a simulated AEAT only takes those that it "
            "made itself."
        ),
        host=host,
    )


def _lost(error: Exception, *, host: str, seconds: float | None) -> WireError:
    if _refuses_certificate(error):  # in TLS 1.3 the client's certificate is judged once the client has begun to talk
        return refused_certificate(host)
    if seconds is not None:
        return NoAnswer(gettext_noop("%(host)s did not answer within %(seconds)s seconds."), host=host, seconds=seconds)
    return NoAnswer(gettext_noop("The answer of %(host)s was lost: %(reason)s."), host=host, reason=_reason(error))


def _reason(error: BaseException) -> str:
    """What the system says of it, which is the cause of what the library says; its own words hold addresses of
    objects."""
    for each in (error, error.__cause__):
        if isinstance(each, ssl.SSLError) and each.reason:
            return each.reason.replace("_", " ").lower()
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return type(error.__cause__ or error).__name__


def _refuses_certificate(error: Exception) -> bool:
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return "ALERT" in reason and any(word in reason for word in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"))


def _seconds(retry_after: str) -> int | None:
    """Seconds, or a date that is so many seconds away."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after[:9]), 24 * 3600)
    at = _instant(retry_after)
    return None if at is None else max(0, round((at - datetime.now(UTC)).total_seconds()))


def _instant(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
