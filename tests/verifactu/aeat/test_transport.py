"""One message over real TLS, and what is certain when it goes wrong."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.verifactu.aeat.listening import OURS, SOAP, answers, authority, hangs_up, listening, says, trusting
from tests.verifactu.aeat.spoken import fault
from verifactu.aeat import transport
from verifactu.aeat.errors import Misconfigured, NoAnswer, NotSent, TooMany, Unreadable, WireError
from verifactu.aeat.transport import Reply, post
from verifactu.simulator.authority import Authority

MESSAGE = "<message>ñ</message>".encode()
LARGE = b"<m>" + b"x" * 20_000_000 + b"</m>"
ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(SOAP), SOAP)


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """Who sends, and trusts the server."""
    return trusting(tmp_path, authority().certify(OURS))


def said(url: str, context: ssl.SSLContext, message: bytes = MESSAGE, *, patience: float = 5) -> WireError:
    """What went wrong."""
    with pytest.raises(WireError) as caught:
        post(url, message, context=context, patience=patience)
    assert "%(" not in str(caught.value)
    return caught.value


def test_a_message_goes_out_whole_with_the_certificate_and_comes_back_with_the_servers_clock(context, tmp_path):
    act = answers(Content_Type="text/xml", Date="Mon, 23 Nov 2026 12:00:10 GMT")
    with listening(act, path=tmp_path) as listener:
        reply = post(listener.url, MESSAGE, context=context)

    assert reply == Reply(200, SOAP, datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC))
    assert listener.requests == [MESSAGE]
    assert listener.visitors == ["LIBRERÍA INVENTADA, S.L. - B99999013"]
    (head,) = listener.heads
    assert head.startswith("POST /wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP HTTP/1.1\r\n")
    for header in ("Content-Type: text/xml; charset=utf-8", 'SOAPAction: ""', "Connection: close"):
        assert header in head.split("\r\n")


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error", "400 Bad Request", "429 Too Many Requests"])
def test_what_is_soap_is_the_answer_whatever_the_http_status(context, tmp_path, status):
    body = fault("Codigo[4102].x")
    with listening(answers(status, body), path=tmp_path) as listener:
        assert post(listener.url, MESSAGE, context=context) == Reply(int(status[:3]), body, None)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 12:00:10 GMT"])
def test_a_senseless_clock_is_no_clock(context, tmp_path, date):
    with listening(answers(Date=date), path=tmp_path) as listener:
        assert post(listener.url, MESSAGE, context=context).date is None


def test_an_answer_in_chunks_is_put_together(context, tmp_path):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(SOAP), SOAP)
    with listening(says(chunked), path=tmp_path) as listener:
        assert post(listener.url, MESSAGE, context=context).body == SOAP


# --- nothing was processed, for certain -------------------------------------------------------------------------------
def test_nobody_at_home_means_that_nothing_was_sent(context):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    error = said(f"https://localhost:{port}/x", context)

    assert type(error) is NotSent
    assert "Connection refused" in str(error)


def test_a_connection_that_ends_before_tls_means_that_nothing_was_sent(context):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = server.getsockname()[1]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transport, "CONNECT_SECONDS", 0.3)  # it accepts, and says nothing
            assert type(said(f"https://localhost:{port}/x", context)) is NotSent


def test_a_server_without_tls_means_that_nothing_was_sent(context, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            with server.accept()[0] as sock:
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        error = said(f"https://localhost:{server.getsockname()[1]}/x", context)
        thread.join(5)

    assert type(error) is NotSent


def test_a_server_that_another_authority_vouches_for_gets_nothing(context, tmp_path):
    with listening(answers(), identity=Authority.create().certify_server(), path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, Misconfigured)
    assert "AEAT_TEST_CA" in str(error)
    assert listener.requests == []


def test_a_server_with_the_certificate_of_another_host_gets_nothing(context, tmp_path):
    with listening(answers(), identity=authority().certify(OURS), path=tmp_path) as listener:
        assert isinstance(said(listener.url, context), Misconfigured)

    assert listener.requests == []


def test_a_server_whose_certificate_has_ended_gets_nothing(context, tmp_path):
    ended = authority().certify_server(ends=datetime.now(UTC) - timedelta(days=1))
    with listening(answers(), identity=ended, path=tmp_path) as listener:
        assert isinstance(said(listener.url, context), Misconfigured)

    assert listener.requests == []


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("whose", ["foreign", "expired"])
@pytest.mark.parametrize("message", [MESSAGE, LARGE], ids=["small", "large"])
def test_a_certificate_that_tls_refuses_is_to_be_mended(tmp_path, newest, whose, message):
    identity = {
        "foreign": Authority.create(name="Somebody else").certify(OURS),
        "expired": authority().certify(OURS, ends=datetime.now(UTC) - timedelta(days=1)),
    }[whose]
    with listening(answers(), newest=newest, path=tmp_path) as listener:
        error = said(listener.url, trusting(tmp_path, identity), message)

    assert listener.requests == []
    if message is MESSAGE:
        assert isinstance(error, Misconfigured)
        assert "refuses the certificate" in str(error)
    else:  # it may hang up before its reason is heard
        assert isinstance(error, Misconfigured | NoAnswer)


def test_the_aeats_page_for_an_unknown_certificate_is_to_be_mended(context, tmp_path):
    act = answers("302 Found", b"", Location="https://sede.agenciatributaria.gob.es/Sede/errores/erro4011.html")
    with listening(act, path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, Misconfigured)
    assert listener.connections == 1


def test_a_refusal_is_heard_though_the_message_was_not(context, tmp_path):
    def refuses(sock: ssl.SSLSocket) -> None:
        sock.sendall(b"HTTP/1.1 302 Found\r\nLocation: https://x/erro4011.html\r\nContent-Length: 0\r\n\r\n")
        socket.socket.shutdown(sock, socket.SHUT_WR)
        while sock.recv(65536):
            pass

    with listening(refuses, hears=False, path=tmp_path) as listener:
        assert isinstance(said(listener.url, context, LARGE), Misconfigured)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_seal_at_a_persons_door_is_told_which_word_to_write(context, tmp_path, status):
    with listening(answers(status, b"<html/>"), path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, Misconfigured)
    assert 'kind = "seal"' in error.remedy


@pytest.mark.parametrize(
    "after, seconds",
    [("120", 120), ("", None), ("soon", None), ("9" * 30, 86_400), ("Mon, 23 Nov 2020 12:00:00 GMT", 0)],
)
def test_too_many_means_wait_as_long_as_the_aeat_says(context, tmp_path, after, seconds):
    with listening(answers("429 Too Many Requests", b"", Retry_After=after), path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, TooMany)
    assert isinstance(error, NotSent)
    assert error.retry_after == seconds


def test_a_wait_may_be_told_as_an_hour(context, tmp_path):
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    with listening(answers("429 Too Many Requests", b"", Retry_After=at), path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, TooMany)
    assert error.retry_after in range(110, 121)


# --- nobody knows ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "act",
    [
        hangs_up,
        says(b"HTTP/1.1 200 OK\r\nContent-"),
        says(ANSWERED[:-10]),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<e:Env"),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
        says(b"nonsense\r\n\r\n"),
        says(b"\x00" * 200_000),
        says(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n"),
    ],
    ids=["nothing", "half a head", "half a body", "half a chunk", "no chunk", "no head", "zeros", "endless head"],
)
def test_an_answer_that_is_lost_leaves_the_outcome_unknown_and_nothing_is_sent_again(context, tmp_path, act):
    with listening(act, path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, NoAnswer)
    assert listener.requests == [MESSAGE]
    assert listener.connections == 1


@pytest.mark.parametrize(
    "act",
    [
        says(b"", pause=1),
        says(*[b"H"] * 30, pause=0.1),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 30, pause=0.1),
    ],
    ids=["silent", "dripping head", "dripping body"],
)
def test_no_answer_is_waited_for_longer_than_patience_lasts(context, tmp_path, act):
    with listening(act, path=tmp_path) as listener:
        begun = time.monotonic()
        error = said(listener.url, context, patience=0.5)
        waited = time.monotonic() - begun

    assert type(error) is NoAnswer
    assert "within 0.5 seconds" in str(error)
    assert 0.4 < waited < 1.5


def test_a_server_that_does_not_listen_is_not_talked_to_for_ever(context, tmp_path):
    with listening(says(b"", pause=1), hears=False, path=tmp_path) as listener:
        begun = time.monotonic()
        error = said(listener.url, context, LARGE, patience=0.5)

    assert isinstance(error, NoAnswer)
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    "act",
    [
        answers("200 OK", b"<html><body>Portal</body></html>"),
        answers("200 OK", b""),
        answers("503 Service Unavailable", b"<html>Mantenimiento</html>"),
        answers("404 Not Found", b"no"),
        answers("204 No Content", b""),
        answers("200 OK", b"\x1f\x8b\x08\x00", Content_Encoding="gzip"),
    ],
)
def test_what_is_not_soap_is_kept_as_it_came_and_leaves_the_outcome_unknown(context, tmp_path, act):
    with listening(act, path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, Unreadable)
    assert isinstance(error, NoAnswer)


def test_an_unreadable_answer_is_evidence(context, tmp_path):
    with listening(answers("503 Service Unavailable", b"<html>Mantenimiento</html>"), path=tmp_path) as listener:
        error = said(listener.url, context)

    assert error.body == b"<html>Mantenimiento</html>"
    assert "HTTP 503" in str(error)


def test_an_answer_without_end_is_cut_off(context, tmp_path, monkeypatch):
    monkeypatch.setattr(transport, "MOST_BYTES", 1000)
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + SOAP + b" " * 5000
    with listening(says(endless), path=tmp_path) as listener:
        error = said(listener.url, context)

    assert isinstance(error, Unreadable)
    assert "too long" in str(error)


# --- nobody else is talked to ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(context, tmp_path, status):
    with listening(answers(), path=tmp_path) as elsewhere:
        act = answers(status, b"", Location=elsewhere.url)
        with listening(act, path=tmp_path) as listener:
            assert isinstance(said(listener.url, context), Unreadable)

    assert elsewhere.connections == 0


def test_no_proxy_of_the_environment_is_used(context, tmp_path, monkeypatch):
    with listening(answers(), path=tmp_path) as proxy, listening(answers(), path=tmp_path) as listener:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://localhost:{proxy.port}")
        assert post(listener.url, MESSAGE, context=context).status == 200

    assert proxy.connections == 0


def test_every_message_has_a_connection_of_its_own(context, tmp_path):
    with listening(answers(Connection="keep-alive"), path=tmp_path) as listener:
        for _ in range(3):
            post(listener.url, MESSAGE, context=context)

    assert listener.connections == 3
