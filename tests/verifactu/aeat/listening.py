"""A server over TLS that does what it is told to, right or wrong, and remembers what it heard."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from verifactu.simulator.authority import Authority, Holder, Identity

Act: TypeAlias = Callable[[ssl.SSLSocket], None]
"""What to do once a request was heard."""

SOAP = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
PATH = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
OURS = Holder("B99999013", "Librería Inventada, S.L.")


@cache
def authority() -> Authority:
    """The one that everybody here trusts."""
    return Authority.create()


@dataclass
class Listener:
    """``requests`` are bodies, ``heads`` what came before them; ``visitors`` the names in the certificates shown."""

    port: int
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    visitors: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}{PATH}"


def answers(status: str = "200 OK", body: bytes = SOAP, **headers: str) -> Act:
    """Answer like that; names of headers are written with underscores."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{named}\r\n"
    return lambda sock: sock.sendall(head.encode() + body)


def says(*parts: bytes, pause: float = 0) -> Act:
    """Send these bytes, with a pause after each."""

    def act(sock: ssl.SSLSocket) -> None:
        for part in parts:
            sock.sendall(part)
            time.sleep(pause)

    return act


def hangs_up(sock: ssl.SSLSocket) -> None:
    """Nothing but the end."""


@contextmanager
def listening(
    act: Act,
    *,
    identity: Identity | None = None,
    asks: ssl.VerifyMode = ssl.CERT_REQUIRED,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    hears: bool = True,
    path: Path,
) -> Iterator[Listener]:
    """A listener at a free port of this machine. Without ``hears`` it acts once it has read the head of a request."""
    pem = path / "server.pem"
    pem.write_bytes((identity or authority().certify_server()).pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.load_verify_locations(cadata=authority().certificate_pem().decode())
    context.verify_mode, context.maximum_version = asks, newest
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener, ended = Listener(server.getsockname()[1]), threading.Event()
        server.settimeout(0.05)

        def serve() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    _receive(server.accept()[0], context, listener, act, hears=hears)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            ended.set()
            thread.join(10)


def _receive(raw: socket.socket, context: ssl.SSLContext, listener: Listener, act: Act, *, hears: bool) -> None:
    listener.connections += 1
    raw.settimeout(5)
    with raw, suppress(OSError), context.wrap_socket(raw, server_side=True) as sock:
        certificate: dict[str, Any] = sock.getpeercert() or {}
        listener.visitors += [value for ((name, value),) in certificate.get("subject", ()) if name == "commonName"]
        head, _, body = _until(sock, b"\r\n\r\n").partition(b"\r\n\r\n")
        listener.heads.append(head.decode())
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while hears and len(body) < length:
            body += sock.recv(65536) or b"\0" * length
        if hears:
            listener.requests.append(body)
        act(sock)


def _until(sock: ssl.SSLSocket, mark: bytes) -> bytes:
    heard = b""
    while mark not in heard:
        part = sock.recv(65536)
        if not part:
            raise ConnectionError("hung up")
        heard += part
    return heard


def trusting(path: Path, identity: Identity | None, trusted: Authority | None = None) -> ssl.SSLContext:
    """A client's context that shows ``identity``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=(trusted or authority()).certificate_pem().decode())
    if identity is not None:
        pem = path / "client.pem"
        pem.write_bytes(identity.pem())
        context.load_cert_chain(pem)
    return context
