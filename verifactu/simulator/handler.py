"""Requests read from a connection, and answers written to it: one, and then it ends."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from verifactu.simulator.doors import Door, Refused, presenter
from verifactu.simulator.faults import CLOCK, FAULTS
from verifactu.simulator.site import Request, Response

_LARGEST: Final = 50_000_000  # bytes of a message; a thousand records are some three million
_log = logging.getLogger(__name__)


class Handler(BaseHTTPRequestHandler):
    """``http.server``'s, with our ``Site`` behind it."""

    server: Door
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "AEAT-simulada", ""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The ``Date`` of an answer is the AEAT's clock too, by which senders judge their own."""
        return super().date_time_string(timestamp or self.server.site.aeat.now("").timestamp())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002 - http.server's signature
        """The path without its query: a QR code's names people."""
        _log.info("%s %s", self.command, urlsplit(self.path).path)

    def _answer(self) -> None:
        self.close_connection = True
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LARGEST:
            self.send_error(413 if length.isdigit() else 411)
            return
        self._write(self.server.site.answer(self._read(int(length))))

    def _read(self, length: int) -> Request:
        parts = urlsplit(self.path)
        try:
            sender, objection = presenter(self.request, self.server.authority), ""
        except Refused as refused:
            sender, objection = None, str(refused)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=self.rfile.read(length),
            address=self.client_address[0],
            presenter=sender,
            objection=objection,
            is_for_seals=self.server.is_for_seals,
            headers={name: self.headers.get(name, "") for name in (CLOCK, FAULTS)},
        )

    def _write(self, response: Response) -> None:
        if response.delay:
            self.server.stopping.wait(response.delay)
        if response.status:
            self.send_response(response.status)
            for name, value in {"Content-Type": response.content_type, **response.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(response.body[: int(len(response.body) * response.sent)])
        if response.sent < 1:
            self.request.shutdown(SHUT_RDWR)
