"""What a test seller's sandbox sends along: to a simulated AEAT, and to no host of the AEAT's own."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from billing.models import Seller
from integrations.services.clocks import set_clock
from integrations.services.scenarios import Wish, start_scenario
from tests.builders import MARIA, a_seller
from tests.verifactu.aeat.listening import PATH, answers, authority, listening
from tests.verifactu.aeat.wallets import CARLA, PASSWORD, PERSON, identity, put
from verifactu.aeat import transport
from verifactu.aeat.channel import open_channel
from verifactu.aeat.endpoints import belongs_to_the_aeat
from verifactu.aeat.errors import Misconfigured, NotSent

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.CERTIFICATES_FOLDER = tmp_path
    settings.AEAT_TEST_CA = tmp_path / "ca.pem"
    settings.AEAT_TEST_CA.write_bytes(authority().certificate_pem())
    put(tmp_path, identity(CARLA).pkcs12(PASSWORD), name=PERSON, mode="test")
    return tmp_path


@pytest.fixture
def seller(folder: Path) -> Seller:
    seller, now = a_seller(tax_id=PERSON), timezone.now()
    set_clock(seller_id=seller.id, to=now + timedelta(days=2), by=MARIA, now=now)
    start_scenario(seller_id=seller.id, wish=Wish(kind="aeat_rejects", code=1110), by=MARIA, now=now)
    return seller


@pytest.fixture
def head_of(folder: Path, settings: Any, seller: Seller) -> Callable[..., str]:
    """What came before a message of the seller's channel, as the other side heard it."""

    def post(*, known: bool = True, submits: bool = True) -> str:
        with listening(answers(), path=folder) as listener:
            settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"
            channel = open_channel(tax_id=PERSON, mode="test", seller_id=seller.id if known else None)
            channel.post(b"<m/>", submits=submits)
        [head] = listener.heads
        return head

    return post


def test_the_sellers_clock_and_scenario_travel_with_a_submission_once(head_of: Callable[..., str]) -> None:
    first, second = head_of(), head_of()
    assert "X-Simulator-Clock-Ahead: 172800.000000" in first
    assert f"X-Simulator-Faults: {json.dumps([{'kind': 'reject', 'code': 1110}])}" in first
    assert "X-Simulator-Clock-Ahead: 172800.000000" in second
    assert "X-Simulator-Faults" not in second


def test_a_question_takes_no_record_s_scenario_along(head_of: Callable[..., str]) -> None:
    assert "X-Simulator-Faults" not in head_of(submits=False)
    assert "X-Simulator-Faults" in head_of()


def test_the_self_test_speaks_for_nobody(head_of: Callable[..., str]) -> None:
    assert "X-Simulator" not in head_of(known=False)


@pytest.mark.parametrize("host", ["prewww1.aeat.es", "www1.agenciatributaria.gob.es", "PREWWW10.AEAT.ES."])
def test_the_aeats_own_hosts_never_see_any_of_it(host: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers to that name: here a listener of ours."""
    assert belongs_to_the_aeat(host)
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _name, port, *more: look_up("127.0.0.1", port, *more))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wishes = {"X-Simulator-Clock-Ahead": "5", "X-Simulator-Faults": "[]"}
    with listening(answers(), path=folder, asks=ssl.CERT_NONE) as listener:
        url = f"https://{host}:{listener.port}{PATH}"
        transport.post(url, b"<m/>", context=context, for_simulator=wishes)
        assert not transport.summon(url, b"{}", context=context)
    [head] = listener.heads
    assert "SOAPAction" in head
    assert "X-Simulator" not in head


@pytest.mark.parametrize("host", ["localhost", "aeat.es.example.com", "notaeat.es", "127.0.0.1"])
def test_others_are_not_taken_for_the_aeat(host: str) -> None:
    assert not belongs_to_the_aeat(host)


def test_live_and_preproduction_channels_speak_for_no_sandbox(
    seller: Seller, folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(transport, "post", lambda *_a, for_simulator, **_k: sent.append(dict(for_simulator)))
    put(folder, identity(CARLA).pkcs12(PASSWORD), name=PERSON, mode="live")
    settings.AEAT_TEST_URL = "preproduction"
    for mode in ("test", "live"):
        open_channel(tax_id=PERSON, mode=mode, seller_id=seller.id).post(b"<m/>", submits=True)
    assert sent == [{}, {}]


def test_an_aeat_that_is_down_on_request_hears_nothing(folder: Path, settings: Any, seller: Seller) -> None:
    start_scenario(seller_id=seller.id, wish=Wish(kind="aeat_down"), by=MARIA, now=timezone.now())
    with listening(answers(), path=folder) as listener:
        settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"
        channel = open_channel(tax_id=PERSON, mode="test", seller_id=seller.id)
        with pytest.raises(NotSent):
            channel.post(b"<m/>")
        assert listener.connections == 0


def test_without_a_simulated_aeat_a_fresh_company_is_told_what_it_lacks(folder: Path, settings: Any) -> None:
    settings.AEAT_TEST_URL = "https://localhost:1"
    with pytest.raises(Misconfigured):
        open_channel(tax_id="B99900003", mode="test")
