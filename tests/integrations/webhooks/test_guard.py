"""Whom the house may be made to call: nobody of its own network."""

import ipaddress
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from integrations.webhooks import guard
from integrations.webhooks.guard import Reason, RefusedAddress, check_address, check_reachable, check_url

VECTORS = json.loads((Path(__file__).parent / "data" / "ssrf.json").read_text())


@pytest.mark.parametrize("address", VECTORS["block"])
def test_an_internal_address_is_refused(address: str) -> None:
    with pytest.raises(RefusedAddress, match="address"):
        check_address(address)


@pytest.mark.parametrize("address", VECTORS["allow"])
def test_a_public_address_is_not(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::a9fe:a9fe",  # NAT64 of the metadata address
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2001:0:7f00:1::",  # Teredo
        "::127.0.0.1",  # IPv4-compatible
        "fec0::1",  # site-local, deprecated
        "5f00::1",  # segment routing
        "168.63.129.16",  # a cloud's wire server
        "255.255.255.255",
        "::ffff:10.1.2.3",
        "::ffff:168.63.129.16",
        "2606:4700:4700::1111%eth0",
        "not an address",
        "",
    ],
)
def test_so_are_those_that_python_takes_for_global(address: str) -> None:
    with pytest.raises(RefusedAddress):
        check_address(address)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public_to_us(address: ipaddress.IPv4Address) -> None:
    """A second opinion, good in this direction only: it forgets many, but what it names is internal."""
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        with pytest.raises(RefusedAddress):
            check_address(str(address))


@pytest.mark.parametrize("vector", VECTORS["urls"], ids=lambda vector: vector["url"])
def test_each_url_is_refused_for_its_reason(vector: dict) -> None:
    verdict = "allowed"
    try:
        target = check_url(vector["url"], livemode=True, allowed_hosts=())
        check_reachable(target, allowed_hosts=(), lookup=lambda *_: vector["resolves_to"])
    except RefusedAddress as refusal:
        verdict = str(refusal)
    assert verdict == vector["expect"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://0x7f000001/", Reason.NUMERIC),
        ("https://0x/", Reason.NUMERIC),
        ("https://127.1/", Reason.NUMERIC),
        ("https://017700000001/", Reason.NUMERIC),
        ("https://1.2.3.4.5/", Reason.NUMERIC),
        ("https://256.256.256.256/", Reason.NUMERIC),
        ("https://hooks.example.0x7f/", Reason.NUMERIC),
        ("https://[::1]/", Reason.ADDRESS),
        ("https://[1.2.3.4]/", Reason.HOST),
        ("https://[::1.2.3]/", Reason.HOST),
        ("https://[:]/", Reason.HOST),
        ("https://[::ffff:7f00:1]/", Reason.ADDRESS),
        ("https://[fe80::1%25eth0]/", Reason.HOST),
        ("https://[127.0.0.1]/", Reason.HOST),
        ("https://169.254.169.254/latest/meta-data", Reason.ADDRESS),
        ("https://intranet/", Reason.LOCAL_NAME),
        ("https://printer.local/", Reason.LOCAL_NAME),
        ("https://a.LOCALHOST/", Reason.LOCAL_NAME),
        ("https://router.home.arpa/", Reason.LOCAL_NAME),
        ("https://hooks.example.com./", Reason.HOST),
        ("https://hooks..example.com/", Reason.HOST),
        ("https://-hooks.example.com/", Reason.HOST),
        (f"https://{'a' * 64}.example.com/", Reason.HOST),
        (f"https://{'a.' * 130}com/", Reason.HOST),
        ("https:///x", Reason.HOST),
        ("https://:443/", Reason.HOST),
        ("https://hooks.example.com:/", Reason.HOST),
        ("https://hooks.example.com:4430000/", Reason.HOST),
        ("https://hooks.example.com:65536/", Reason.PORT),
        ("https://hooks.example.com:0/", Reason.PORT),
        ("https://hooks.example.com:80/", Reason.PORT),
        ("https://@hooks.example.com/", Reason.USERINFO),
        ("https://8.8.8.8#@hooks.example.com/", Reason.FRAGMENT),
        ("https://hooks.example.com#", Reason.FRAGMENT),
        ("https://hooks.example.com/ x", Reason.CHARACTERS),
        ("https://hooks.example.com/\r\nHost: x", Reason.CHARACTERS),
        ("https://hooks.example.com/\x00", Reason.CHARACTERS),
        ("https://hooks.example.com/ñ", Reason.CHARACTERS),
        ("https://ⓛocalhost/", Reason.CHARACTERS),
        ("https://127。0。0。1/", Reason.CHARACTERS),
        (" https://hooks.example.com/", Reason.CHARACTERS),
        ("https:hooks.example.com/", Reason.SCHEME),
        ("//hooks.example.com/", Reason.SCHEME),
        ("file:///etc/passwd", Reason.SCHEME),
        ("gopher://hooks.example.com/", Reason.SCHEME),
        ("", Reason.SCHEME),
    ],
)
def test_no_other_way_of_writing_it_helps(url: str, reason: Reason) -> None:
    for livemode in (True, False):
        with pytest.raises(RefusedAddress) as refusal:
            check_url(url, livemode=livemode, allowed_hosts=())
        assert refusal.value.reason == reason
        assert refusal.value.message % refusal.value.params


def test_test_mode_takes_plain_http_on_its_own_port() -> None:
    assert check_url("http://hooks.example.com/x", livemode=False, allowed_hosts=()).port == 80
    with pytest.raises(RefusedAddress, match="port"):
        check_url("http://hooks.example.com:443/x", livemode=False, allowed_hosts=())
    with pytest.raises(RefusedAddress, match="scheme"):
        check_url("http://hooks.example.com/x", livemode=True, allowed_hosts=())


@pytest.mark.parametrize(
    "url", ["http://localhost:8123/x", "http://LOCALHOST/x", "https://127.0.0.1:9/", "http://[::1]:8123/"]
)
def test_a_host_that_the_operator_names_may_be_anywhere(url: str) -> None:
    named = ["localhost", "127.0.0.1", "::1"]
    for livemode in (True, False):
        target = check_url(url, livemode=livemode, allowed_hosts=named)
        assert check_reachable(target, allowed_hosts=named)


@pytest.mark.parametrize(
    "url", ["http://user@localhost/", "http://localhost/#x", "ftp://localhost/", "http://loc\\alhost/"]
)
def test_but_not_written_anyhow(url: str) -> None:
    with pytest.raises(RefusedAddress):
        check_url(url, livemode=False, allowed_hosts=["localhost"])


def test_a_name_like_one_that_is_named_is_another() -> None:
    for url in ("https://localhost.example.com:8123/", "http://127.0.0.2:80/", "http://xlocalhost/"):
        with pytest.raises(RefusedAddress):
            check_url(url, livemode=False, allowed_hosts=["localhost", "127.0.0.1"])


def test_a_name_that_leads_nowhere_is_no_refusal() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    target = check_url("https://hooks.example.com/", livemode=True, allowed_hosts=())
    assert not check_reachable(target, allowed_hosts=(), lookup=unknown)


def test_a_name_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(host: str, port: int) -> list[str]:
        time.sleep(2)
        return ["10.0.0.1"]

    monkeypatch.setattr(guard, "RESOLVE_SECONDS", 0.05)
    target = check_url("https://hooks.example.com/", livemode=True, allowed_hosts=())
    begin = time.monotonic()
    assert not check_reachable(target, allowed_hosts=(), lookup=slow)
    assert time.monotonic() - begin < 1.5


def test_the_systems_resolver_knows_this_machine() -> None:
    assert {"127.0.0.1", "::1"} & set(guard.look_up("localhost", 80))


@given(st.text(alphabet="ahttps:/.@#?%[]\\0x127 é\n-_", max_size=30))
def test_who_calls_reads_the_same_host_as_who_checks(tail: str) -> None:
    """What we let pass, the client's own parser understands as we did: no gap between the two."""
    url = f"https://{tail}"
    try:
        target = check_url(url, livemode=True, allowed_hosts=())
    except RefusedAddress:
        return
    theirs = URL(url, encoded=True)
    assert (theirs.scheme, theirs.host, theirs.port) == (target.scheme, target.host, target.port)
