"""The simulated AEAT's doors: HTTPS with the sender's certificate, as far as TLS goes.

OpenSSL ends a handshake by itself for a certificate that has ended or that it does not know; the AEAT lets such senders
in and sends them away. So the times of certificates are not looked at here, and the «foreign» authority is known; both
are judged afterwards, with an answer.
"""

from __future__ import annotations

import logging
import socket
import ssl
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any, Final

from cryptography import x509

from verifactu.simulator.authority import Authority, Holder, holder_of
from verifactu.simulator.folder import Folder
from verifactu.simulator.site import Site

_log = logging.getLogger(__name__)

_NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python's ssl does not name
_PATIENCE: Final = 30.0  # seconds for a handshake, and for a request


class Refused(Exception):
    """Whoever sends is turned away: it has no certificate, a foreign one, one that has ended, or one without a NIF."""


class Door(ThreadingHTTPServer):
    """A port that speaks TLS. ``is_for_seals`` None takes everybody; else people and seals have a door each."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        *,
        context: ssl.SSLContext,
        site: Site,
        authority: Authority,
        is_for_seals: bool | None,
    ) -> None:
        self.site, self.authority, self.is_for_seals = site, authority, is_for_seals
        self.stopping, self._context = Event(), context
        super().__init__(address, handler)

    def stop(self) -> None:
        """Whoever is waiting for an answer gets none any more."""
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        """The handshake waits for the request's own thread: a slow one holds nobody up."""
        connection, address = super().get_request()
        connection.settimeout(_PATIENCE)
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            request.do_handshake()
        except OSError:  # ssl.SSLError among them: a stranger to TLS, or one that does not trust us
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - its signature
        """That a connection ends in the middle is everyday life here; all else is a mistake of ours."""
        if not isinstance(sys.exception(), OSError):
            _log.exception("A request of %s could not be answered", client_address[0])


def server_context(folder: Folder, authority: Authority, foreign: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder.server_file)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= _NO_CHECK_TIME
    context.load_verify_locations(cadata=(authority.certificate_pem() + foreign.certificate_pem()).decode())
    return context


def presenter(connection: ssl.SSLSocket, authority: Authority) -> Holder:
    """Who sends. Raises ``Refused``."""
    der = connection.getpeercert(binary_form=True)
    if der is None:
        raise Refused("no certificate")
    certificate = x509.load_der_x509_certificate(der)
    if not authority.made(certificate):
        raise Refused("a certificate of an unknown authority")
    if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
        raise Refused("a certificate that has ended or has not begun")
    try:
        return holder_of(certificate)
    except ValueError as error:
        raise Refused("a certificate without a NIF") from error
