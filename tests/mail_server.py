"""A mail server of a test's own: it speaks SMTP over a real socket, keeps what it takes, and refuses when told to."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Mail:
    """What was handed over: the envelope and the message."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        return str(self.message.get_content())


class MailServer:
    """``with MailServer() as server: … server.mails``; ``server.refuses`` is a reply such as ``"451 try later"``."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.refuses = ""
        house = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _converse(house, self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _converse(house: MailServer, wire: Any) -> None:
    """RFC 5321, as much of it as a client needs."""

    def say(line: str) -> None:
        wire.wfile.write(f"{line}\r\n".encode())

    sender = ""
    recipients: list[str] = []
    say("220 tests ESMTP")
    while line := wire.rfile.readline().decode("utf-8").strip():
        verb = line.partition(" ")[0].upper()
        if verb in {"EHLO", "HELO"}:
            say("250-tests")
            say("250 SMTPUTF8")
        elif verb == "MAIL":
            sender, recipients = line.partition("<")[2].partition(">")[0], []
            say("250 ok")
        elif verb == "RCPT":
            recipients.append(line.partition("<")[2].partition(">")[0])
            say(house.refuses or "250 ok")
        elif verb == "DATA":
            say("354 go on")
            content = b""
            while (part := wire.rfile.readline()) != b".\r\n":
                content += part.removeprefix(b".")
            message = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            house.mails.append(Mail(sender, tuple(recipients), message))
            say("250 taken")
        elif verb == "QUIT":
            say("221 bye")
            return
        else:
            say("250 ok")
