"""Which addresses a receiver may have, so that nobody makes this house call its own neighbours (SSRF).

What an address bar shows is checked here without asking anybody; where a name leads is checked when it is registered
and, once and for all, when it is connected (posting.py). Hosts that the operator names (WEBHOOK_ALLOWED_HOSTS) may be
internal, with any port and plain http; nobody else may.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from core.errors import gettext_noop

RESOLVE_SECONDS: Final = 3.0
"""How long a name may take to resolve: getaddrinfo itself knows no limit."""

Lookup = Callable[[str, int], Sequence[str]]
"""The addresses of a name, as text. Raises OSError where there are none."""


class Reason(StrEnum):
    SCHEME = "scheme"
    USERINFO = "userinfo"
    FRAGMENT = "fragment"
    CHARACTERS = "bad characters"
    HOST = "host"
    NUMERIC = "numeric host form"
    LOCAL_NAME = "local name"
    PORT = "port"
    ADDRESS = "address"


_TOLD: Final = {
    Reason.SCHEME: gettext_noop("The address must begin with https://; test mode takes http:// too."),
    Reason.USERINFO: gettext_noop("The address must not hold a user or a password: deliveries are signed instead."),
    Reason.FRAGMENT: gettext_noop("The address must not hold a fragment (#): it would never be sent."),
    Reason.CHARACTERS: gettext_noop(
        "The address holds characters that it may not hold as they are: write names in ASCII (xn--…), and "
        "percent-encode the rest."
    ),
    Reason.HOST: gettext_noop("The address has no host name that can be looked up."),
    Reason.NUMERIC: gettext_noop("The host is a number, or an IPv4 address in an unusual form. Write its name."),
    Reason.LOCAL_NAME: gettext_noop("The host is a name of a local network. Only public receivers are called."),
    Reason.PORT: gettext_noop("Only the usual ports are called: 443, and 80 for http in test mode."),
    Reason.ADDRESS: gettext_noop("The host leads to %(address)s, which is not a public address."),
}


class RefusedAddress(Exception):
    """A receiver that is not called. ``message`` is an English template for ``params``."""

    def __init__(self, reason: Reason, address: str = "") -> None:
        self.reason, self.address = reason, address
        self.message, self.params = _TOLD[reason], {"address": address}
        super().__init__(f"{reason} {address}".rstrip())


@dataclass(frozen=True, slots=True)
class Target:
    """Who is called, as the address says it: ``host`` in lower case, without brackets."""

    scheme: str
    host: str
    port: int


_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<authority>[^/?#]*)"
    r"(?:/[^?#]*)?(?:\?[^#]*)?(?P<fragment>#.*)?",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
# What RFC 3986 lets stand in an address; a backslash is a slash to some readers, and whitespace nothing to others.
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL = (".local", ".internal", ".localhost", ".localdomain", ".home.arpa")
_PORTS: Final = {"https": 443, "http": 80}


def check_url(url: str, *, livemode: bool, allowed_hosts: Collection[str]) -> Target:
    """What can be said of an address without asking anybody. Raises RefusedAddress."""
    target = _read(url)
    if target.host in allowed_hosts:
        return target
    if target.scheme != "https" and livemode:
        raise RefusedAddress(Reason.SCHEME)
    if target.port != _PORTS[target.scheme]:
        raise RefusedAddress(Reason.PORT)
    _check_host(target.host)
    return target


def host_of(url: str) -> str:
    """The host alone, for people: the rest of an address may hold secrets. Empty where the address cannot be read."""
    try:
        return _read(url).host
    except RefusedAddress:
        return ""


def check_reachable(target: Target, *, allowed_hosts: Collection[str], lookup: Lookup | None = None) -> bool:
    """Ask where the name leads, and say whether it leads anywhere at all within three seconds.

    Raises RefusedAddress where one of its addresses is internal. What it says holds for now: whoever connects checks
    again.
    """
    if target.host in allowed_hosts:
        return True
    pool = ThreadPoolExecutor(1, thread_name_prefix="webhook-lookup")
    try:
        addresses = pool.submit(lookup or look_up, target.host, target.port).result(RESOLVE_SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        return False
    finally:
        pool.shutdown(wait=False)
    check_addresses(addresses)
    return True


def look_up(host: str, port: int) -> list[str]:
    """What the system's resolver knows: every address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def check_addresses(addresses: Sequence[str]) -> None:
    """All of them must be public: one that is not spoils the name. Raises RefusedAddress."""
    for address in addresses:
        check_address(address)


# ``ipaddress.is_global`` is no guide: up to Python 3.11.7 it takes multicast, NAT64 of the metadata address, 6to4 of
# 127.0.0.1 and site-local addresses for global ones. The lists are IANA's special-purpose registries.
_INTERNAL_V4: Final = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
    )
]
# Beside what is no global unicast at all (loopback, link-local, unique local, NAT64, multicast, IPv4-compatible):
# Teredo and the rest of IETF's own, documentation, 6to4, and documentation again.
_UNICAST_V6: Final = IPv6Network("2000::/3")
_INTERNAL_V6: Final = [IPv6Network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


def check_address(text: str) -> None:
    """Only addresses of the public internet are connected. Raises RefusedAddress."""
    try:
        address = ip_address(text)
    except ValueError:
        raise RefusedAddress(Reason.ADDRESS, text) from None
    if not _is_public(address):
        raise RefusedAddress(Reason.ADDRESS, text)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _INTERNAL_V4)
    if address.ipv4_mapped is not None:
        return _is_public(address.ipv4_mapped)
    return not address.scope_id and address in _UNICAST_V6 and not any(address in network for network in _INTERNAL_V6)


def _read(url: str) -> Target:
    """Strict, so that no two readers can understand an address differently."""
    if not _CHARACTERS.fullmatch(url):
        raise RefusedAddress(Reason.CHARACTERS)
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() not in _PORTS:
        raise RefusedAddress(Reason.SCHEME)
    if "@" in parts["authority"]:
        raise RefusedAddress(Reason.USERINFO)
    if parts["fragment"] is not None:
        raise RefusedAddress(Reason.FRAGMENT)
    scheme, authority = parts["scheme"].lower(), _AUTHORITY.fullmatch(parts["authority"].lower())
    if authority is None or not authority["host"] or not _is_bracketed_right(authority["host"]):
        raise RefusedAddress(Reason.HOST)
    port = int(authority["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        raise RefusedAddress(Reason.PORT)
    return Target(scheme, authority["host"].strip("[]"), port)


def _is_bracketed_right(host: str) -> bool:
    """Brackets are for IPv6 addresses (RFC 3986, 3.2.2): what else stands in them, other readers choke on."""
    if not host.startswith("["):
        return True
    try:
        return bool(IPv6Address(host[1:-1]))
    except ValueError:
        return False


def _check_host(host: str) -> None:
    if _is_literal(host):
        check_address(host)
        return
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        raise RefusedAddress(Reason.NUMERIC)
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > 253:
        raise RefusedAddress(Reason.HOST)
    if len(labels) == 1 or host.endswith(_LOCAL):
        raise RefusedAddress(Reason.LOCAL_NAME)


def _is_literal(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
