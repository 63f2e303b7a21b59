"""Where the AEAT listens (``SistemaFacturacion.wsdl``, service ``sfVerifactu``).

Live mode knows no other hosts than the AEAT's, whatever is configured; test mode can reach none of them but those of
its preproduction.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from core.modes import Mode

PREPRODUCTION: Final = "preproduction"
"""As ``AEAT_TEST_URL``: the AEAT's own test hosts."""

PATH: Final = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"

# By mode, and whether a seal sends: a seal at a person's door is told 401.
_HOSTS: Final = {
    (Mode.LIVE, False): "www1.agenciatributaria.gob.es",
    (Mode.LIVE, True): "www10.agenciatributaria.gob.es",
    (Mode.TEST, False): "prewww1.aeat.es",
    (Mode.TEST, True): "prewww10.aeat.es",
}
_HOST: Final = re.compile("[0-9a-z.:-]+")  # as urlsplit() reads it; an IPv6 address without its brackets
_THE_AEATS: Final = ("agenciatributaria.gob.es", "agenciatributaria.es", "aeat.es")


def endpoint(*, mode: Mode, is_seal: bool, test_url: str) -> str:
    """Where a certificate of that kind sends and asks. ``test_url`` is ``AEAT_TEST_URL``, and nothing to live mode.

    Raises ValueError for a ``test_url`` that ``read_test_url`` would not take.
    """
    if mode is Mode.TEST and test_url != PREPRODUCTION:
        return read_test_url(test_url) + PATH
    return f"https://{_HOSTS[mode, is_seal]}{PATH}"


def is_the_aeats(mode: Mode, test_url: str) -> bool:
    """Whether it is the AEAT itself who listens, and not a simulation."""
    return mode is Mode.LIVE or test_url == PREPRODUCTION


def belongs_to_the_aeat(host: str) -> bool:
    """Whether a host is one of the AEAT's own, where only what its documents name may be sent."""
    bare = host.lower().rstrip(".")
    return any(bare == name or bare.endswith(f".{name}") for name in _THE_AEATS)


def read_test_url(text: str) -> str:
    """``AEAT_TEST_URL`` as it is used: «preproduction», or the address of a simulated AEAT without a path.

    Raises ValueError for anything else, above all for a host of the AEAT's own.
    """
    if text == PREPRODUCTION:
        return text
    parts = urlsplit(text)
    host, bare = (parts.hostname or "").rstrip("."), f"https://{parts.netloc}"
    if not _HOST.fullmatch(host) or parts.username is not None or parts.port == 0 or text not in {bare, f"{bare}/"}:
        raise ValueError("an address such as https://localhost:8443, without a path")
    if belongs_to_the_aeat(host):
        raise ValueError("a simulated AEAT is not at the AEAT's own hosts")
    return bare
