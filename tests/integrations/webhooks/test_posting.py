"""One call of a receiver, whatever the receiver does. The network beneath is the only thing that is made up."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from integrations.webhooks import connecting, guard, posting
from integrations.webhooks.posting import KEPT_BYTES, Answer, Poster, post_once
from tests.integrations.webhooks.certificates import server_for, trusting
from tests.receiver import SILENCE, Call, Receiver, Reply

PUBLIC, OTHER = "93.184.216.34", "151.101.1.69"
NAME = "hooks.example.com"


class Names:
    """A resolver that changes its answer: the first time the first, and so on; the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Wires:
    """The internet of a test: each address leads to a port of this machine, or nowhere. ``tried`` is what was called."""

    def __init__(self, **_: object) -> None:
        self.ports: dict[str, int] = {}
        self.tried: list[str] = []

    def __call__(self, way: connecting.Way) -> socket.socket:
        wires = self

        class Wire(socket.socket):
            def connect(self, address: Any) -> None:
                wires.tried.append(address[0])
                if address[0] not in wires.ports:
                    raise ConnectionRefusedError(111, "Connection refused")
                super().connect(("127.0.0.1", wires.ports[address[0]]))

        return Wire(way[0], way[1], way[2])


def post(
    url: str, body: bytes = b"{}", *, livemode: bool = False, allowed: Sequence[str] = ("localhost",), **of: Any
) -> Answer:
    async def once() -> Answer:
        async with Poster(allowed_hosts=allowed, **of) as poster:
            return await poster.post(url, body, {"webhook-id": "1"}, livemode=livemode)

    return asyncio.run(once())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.5)


def test_what_is_sent_arrives_as_it_is(receiver: Receiver) -> None:
    body = '{"número":"€"}'.encode()
    answer = post(receiver.url("/a?b=%2Fc&d=~"), body)
    assert (answer.outcome, answer.status) == ("delivered", 200)
    [call] = receiver.calls()
    assert (call.path, call.body, call.id) == ("/a?b=%2Fc&d=~", body, "1")
    assert call.headers["content-type"] == "application/json"
    assert call.headers["accept-encoding"] == "identity"
    assert call.headers["user-agent"].startswith("Correlativa-Webhooks/")
    assert "cookie" not in call.headers


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (299, "delivered"),
        (304, "redirected"),
        (400, "answered"),
        (404, "answered"),
        (410, "gone"),
        (429, "answered"),
        (503, "answered"),
    ],
)
def test_only_2xx_is_success(receiver: Receiver, status: int, outcome: str) -> None:
    receiver.will_answer("/", Reply(status, headers={"Retry-After": "7", "Set-Cookie": "a=secret"}))
    answer = post(receiver.url())
    assert (answer.outcome, answer.status) == (outcome, status)
    assert answer.headers["retry-after"] == "7"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(receiver: Receiver, status: int) -> None:
    receiver.will_answer("/", Reply(status, headers={"Location": receiver.url("/elsewhere")}))
    answer = post(receiver.url())
    assert (answer.outcome, answer.headers["location"]) == ("redirected", receiver.url("/elsewhere"))
    assert len(receiver.calls()) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "reply",
    [
        SILENCE,
        Reply(body=b"x", pieces=10_000, drip=0.05),
        Reply(500, body=b"x" * 1_000, pieces=10_000, drip=0.05),
    ],
    ids=["silence", "dripping", "dripping failure"],
)
def test_nobody_holds_a_call_longer_than_it_may_last(receiver: Receiver, reply: Reply) -> None:
    receiver.will_answer("/", reply)
    begin = time.monotonic()
    answer = post(receiver.url())
    assert answer.outcome == "timed_out"
    assert answer.status in {None, reply.status}
    assert time.monotonic() - begin < 10
    assert answer.duration_ms >= 450


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that speaks HTTP as it likes, to one caller."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                wire, _ = server.accept()
                with wire:
                    wire.recv(65536)
                    talk(wire)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://localhost:{server.getsockname()[1]}/?token=sesame"
        thread.join(30)


@pytest.mark.usefixtures("impatient")
def test_headers_that_drip_are_cut_off_too() -> None:
    """A limit for each read would never strike: every read brings something."""

    def drip(wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(600):
            wire.sendall(b"x")
            time.sleep(0.02)

    with raw_server(drip) as url:
        assert post(url).outcome == "timed_out"


@pytest.mark.parametrize(
    ("said", "outcome", "status"),
    [
        (b"", "unreachable", None),
        (b"220 mail.example.com ESMTP\r\n", "unreachable", None),
        (b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 100_000 + b"\r\n\r\n", "unreachable", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this", "delivered", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", "unreachable", None),
        (b"HTTP/1.1 500 \xff\xfe\r\nServer: \xff\xfe\xf1\r\nContent-Length: 3\r\n\r\n\x00\xff\xfe", "answered", 500),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "delivered", 200),
    ],
    ids=["nothing", "no HTTP", "huge header", "cut off", "bad chunks", "no UTF-8", "compressed"],
)
def test_no_odd_answer_raises(said: bytes, outcome: str, status: int | None) -> None:
    with raw_server(lambda wire: wire.sendall(said)) as url:
        answer = post(url)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert bool(answer.problem) == (outcome == "unreachable" or b"1000" in said)
    assert "sesame" not in answer.problem
    for text in (answer.problem, *answer.headers.values()):
        assert text.encode("utf-8").decode() == text, "PostgreSQL takes it"


def test_of_a_huge_answer_the_beginning_is_kept(receiver: Receiver) -> None:
    receiver.will_answer("/", Reply(body=b"x" * 1_000_000, pieces=100))
    answer = post(receiver.url())
    assert (answer.outcome, answer.body) == ("delivered", b"x" * KEPT_BYTES)


def test_a_receiver_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        answer = post(f"http://localhost:{taken.getsockname()[1]}/")
    assert (answer.outcome, answer.status) == ("unreachable", None)
    assert answer.problem


def test_one_that_hangs_up(receiver: Receiver) -> None:
    receiver.will_answer("/", Reply(hang_up=True))
    assert post(receiver.url()).outcome == "unreachable"


# --- The guard, at the moment of connecting --------------------------------------------------------------------------


def test_a_resolver_that_changes_its_answer_is_asked_once(tmp_path: Path) -> None:
    """DNS rebinding: public when it is checked, this machine when it is called."""
    names, wires = Names([PUBLIC], ["127.0.0.1"]), Wires()
    with Receiver(tls=server_for(NAME, tmp_path)) as receiver:
        wires.ports = {PUBLIC: receiver.port}
        answer = post(f"https://{NAME}/x", livemode=True, lookup=names, dial=wires, tls=trusting(tmp_path))
        assert answer.outcome == "delivered", answer
        [call] = receiver.calls()
    assert call.headers["host"] == NAME, "the name goes into the header, SNI and the certificate's check"
    assert wires.tried == [PUBLIC], "the address that was checked is the one that is used"
    assert names.asked == 1


def test_once_it_has_changed_nobody_is_called(tmp_path: Path) -> None:
    names, wires = Names([PUBLIC], ["127.0.0.1"]), Wires()

    async def twice() -> list[Answer]:
        of = {"lookup": names, "dial": wires, "tls": trusting(tmp_path)}
        answers = []
        for _ in range(2):  # each with a session of its own: as after the name's time to live
            async with Poster(allowed_hosts=(), **of) as poster:
                answers.append(await poster.post(f"https://{NAME}/", b"", {}))
        return answers

    with Receiver(tls=server_for(NAME, tmp_path)) as receiver:
        wires.ports = {PUBLIC: receiver.port, "127.0.0.1": receiver.port}
        first, second = asyncio.run(twice())
        assert len(receiver.calls()) == 1
    assert (first.outcome, second.outcome) == ("delivered", "refused_address")
    assert wires.tried == [PUBLIC]


@pytest.mark.parametrize(
    "bad", ["10.0.0.5", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"]
)
def test_one_bad_address_among_good_ones_spoils_the_name(bad: str) -> None:
    for found in ([PUBLIC, bad], [bad, PUBLIC]):
        wires = Wires()
        answer = post(f"https://{NAME}/", livemode=True, lookup=Names(found), dial=wires)
        assert (answer.outcome, answer.problem) == ("refused_address", f"address {bad}")
        assert wires.tried == []


def test_each_checked_address_is_tried_in_turn(tmp_path: Path) -> None:
    wires = Wires()
    with Receiver(tls=server_for(NAME, tmp_path)) as receiver:
        wires.ports = {OTHER: receiver.port}
        answer = post(
            f"https://{NAME}/", livemode=True, lookup=Names([PUBLIC, OTHER]), dial=wires, tls=trusting(tmp_path)
        )
    assert (answer.outcome, wires.tried) == ("delivered", [PUBLIC, OTHER])


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_an_address_written_as_such_is_checked_without_a_resolver(host: str) -> None:
    names, wires = Names([PUBLIC]), Wires()
    answer = post(f"https://{host}/", livemode=True, lookup=names, dial=wires)
    assert (answer.outcome, answer.status) == ("refused_address", None)
    assert (names.asked, wires.tried) == (0, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_even_where_the_first_check_is_missing_no_socket_is_made_for_it(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp asks no resolver about literals: the last check sits where the socket is made."""
    monkeypatch.setattr(guard, "_check_host", lambda host: None)
    wires = Wires()
    answer = post(f"https://{host}/", livemode=True, dial=wires)
    assert (answer.outcome, wires.tried) == ("refused_address", [])


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    wires = Wires()
    with Receiver(tls=server_for("other.example.com", tmp_path)) as receiver:
        wires.ports = {PUBLIC: receiver.port}
        answer = post(f"https://{NAME}/", livemode=True, lookup=Names([PUBLIC]), dial=wires, tls=trusting(tmp_path))
        assert receiver.calls() == []
    assert answer.outcome == "tls"
    assert "certificate" in answer.problem


def test_so_is_one_that_nobody_vouches_for(tmp_path: Path) -> None:
    wires = Wires()
    with Receiver(tls=server_for(NAME, tmp_path)) as receiver:
        wires.ports = {PUBLIC: receiver.port}
        assert post(f"https://{NAME}/", livemode=True, lookup=Names([PUBLIC]), dial=wires).outcome == "tls"


def test_a_name_that_is_not_found() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    answer = post(f"https://{NAME}/", livemode=True, lookup=unknown)
    assert (answer.outcome, answer.problem) == ("dns", "Name or service not known")


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(1)
        return [PUBLIC]

    monkeypatch.setattr(guard, "RESOLVE_SECONDS", 0.05)
    assert post(f"https://{NAME}/", livemode=True, lookup=slow).outcome == "dns"


def test_names_that_nobody_answers_for_hold_up_no_other(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called again and again, each keeps one thread, and others find theirs."""
    monkeypatch.setattr(guard, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(posting, "_LOOKUPS", 4)
    wires, over, asked = Wires(), threading.Event(), []
    wires.ports = {PUBLIC: receiver.port}

    def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if host != NAME:
            assert over.wait(60)
        return [PUBLIC]

    async def call() -> Answer:
        async with Poster(allowed_hosts=[], lookup=look_up, dial=wires) as poster:
            for _ in range(5):
                for number in range(3):
                    answer = await poster.post(f"http://black{number}.example.com/", b"{}", {}, livemode=False)
                    assert answer.outcome == "dns"
            monkeypatch.setattr(guard, "RESOLVE_SECONDS", 30.0)
            return await asyncio.wait_for(poster.post(f"http://{NAME}/", b"{}", {}, livemode=False), 10)

    try:
        assert asyncio.run(call()).outcome == "delivered"
    finally:
        over.set()
    assert len(asked) == 3 + 1


def test_a_late_answer_of_a_name_server_serves_who_asks_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "RESOLVE_SECONDS", 0.05)
    over = threading.Event()

    def late(host: str, port: int) -> Sequence[str]:
        assert over.wait(60)
        raise socket.gaierror(-2, "Name or service not known")

    async def call() -> list[Answer]:
        async with Poster(allowed_hosts=[], lookup=late) as poster:
            first = await poster.post(f"http://{NAME}/", b"{}", {}, livemode=False)
            monkeypatch.setattr(guard, "RESOLVE_SECONDS", 30.0)
            second = asyncio.create_task(poster.post(f"http://{NAME}/", b"{}", {}, livemode=False))
            await asyncio.sleep(0)
            over.set()
            return [first, await second]

    first, second = asyncio.run(call())
    assert (first.problem, second.problem) == ("no address within 0 s", "Name or service not known")


def test_plain_http_is_for_test_mode_alone(receiver: Receiver) -> None:
    wires = Wires()
    wires.ports = {PUBLIC: receiver.port}
    assert post(f"http://{NAME}/", livemode=True, lookup=Names([PUBLIC]), dial=wires).outcome == "refused_address"
    assert post(f"http://{NAME}/", livemode=False, lookup=Names([PUBLIC]), dial=wires).outcome == "delivered"


def test_localhost_is_called_only_where_the_operator_names_it(receiver: Receiver) -> None:
    assert post(receiver.url(), allowed=()).outcome == "refused_address"
    assert post(receiver.url(), allowed=("localhost",), livemode=True).outcome == "delivered"
    assert len(receiver.calls()) == 1


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    assert post(receiver.url()).outcome == "delivered"


def test_no_cookie_is_kept(receiver: Receiver) -> None:
    async def twice() -> None:
        async with Poster(allowed_hosts=["localhost"]) as poster:
            for _ in range(2):
                await poster.post(receiver.url(), b"", {})

    receiver.will_answer("/", Reply(headers={"Set-Cookie": "a=b; Path=/"}))
    asyncio.run(twice())
    first, second = receiver.calls()
    assert "cookie" not in second.headers
    assert isinstance(first, Call)


def test_a_worker_without_a_loop_calls_once(receiver: Receiver) -> None:
    assert post_once(receiver.url(), b"{}", {}, allowed_hosts=["localhost"]).status == 200


def test_what_nobody_foresaw_is_a_failure_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(host: str, port: int) -> Sequence[str]:
        raise ZeroDivisionError

    answer = post(f"https://{NAME}/?token=sesame", livemode=True, lookup=broken)
    assert (answer.outcome, answer.problem) == ("unreachable", "ZeroDivisionError")
    assert "nobody foresaw" in caplog.text
    assert "sesame" not in caplog.text


def test_the_systems_authorities_are_trusted_by_default() -> None:
    """Whatever a session is made with, names and chains are checked."""

    async def context() -> ssl.SSLContext | None:
        async with Poster(allowed_hosts=()) as poster:
            return poster._public.connector._get_ssl_context(_Secure())

    made = asyncio.run(context())
    assert made.check_hostname
    assert made.verify_mode == ssl.CERT_REQUIRED


class _Secure:
    ssl = True

    def is_ssl(self) -> bool:
        return True
