"""A seller's channel: its own certificate, to the right door, and shared with nobody."""

import threading
from pathlib import Path

import pytest

from tests.verifactu.aeat.listening import SOAP, answers, authority, listening
from tests.verifactu.aeat.wallets import CARLA, PASSWORD, PERSON, SEAL, SHOP, identity, put
from verifactu.aeat.channel import open_channel
from verifactu.aeat.errors import Misconfigured
from verifactu.registration import Party
from verifactu.simulator.authority import Authority

PATH = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    """Certificates of two sellers, and the authority that vouches for the simulated AEAT."""
    settings.CERTIFICATES_FOLDER = tmp_path
    settings.AEAT_TEST_CA = tmp_path / "ca.pem"
    settings.AEAT_TEST_CA.write_bytes(authority().certificate_pem())
    for mode in ("test", "live"):
        put(tmp_path, identity().pkcs12(PASSWORD), mode=mode)
        put(tmp_path, identity(CARLA).pkcs12(PASSWORD), name=PERSON, mode=mode)
    return tmp_path


def test_a_message_goes_to_the_simulated_aeat_with_the_sellers_own_certificate(folder, settings, tmp_path):
    with listening(answers(), path=tmp_path) as listener:
        settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"
        channel = open_channel(tax_id=SHOP, mode="test")
        reply = channel.post(b"<m/>")

    assert channel.endpoint == listener.url
    assert (channel.certificate.tax_id, reply.body) == (SHOP, SOAP)
    assert listener.visitors == [f"99999972C PERSONA DE PRUEBA (R: {SHOP})"]


def test_sellers_who_send_at_the_same_time_each_show_their_own(folder, settings, tmp_path):
    with listening(answers(), path=tmp_path) as listener:
        settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"
        channels = [open_channel(tax_id=tax_id, mode="test") for tax_id in (SHOP, PERSON) * 4]
        threads = [
            threading.Thread(target=channel.post, args=[channel.certificate.tax_id.encode()]) for channel in channels
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert listener.connections == 8
    assert sorted(listener.requests) == sorted([SHOP.encode(), PERSON.encode()] * 4)
    for request, visitor in zip(listener.requests, listener.visitors, strict=True):
        assert request.decode() in visitor


def test_live_goes_to_the_aeats_door_for_its_kind_whatever_is_set_for_test(folder, settings):
    settings.AEAT_TEST_URL, settings.AEAT_TEST_CA = "https://localhost:1", folder / "nowhere"
    assert open_channel(tax_id=SHOP, mode="live").endpoint == f"https://www1.agenciatributaria.gob.es{PATH}"

    put(folder, identity(SEAL).pkcs12(PASSWORD), mode="live")
    assert open_channel(tax_id=SHOP, mode="live").endpoint == f"https://www10.agenciatributaria.gob.es{PATH}"


def test_preproduction_is_by_its_name(folder, settings):
    settings.AEAT_TEST_URL, settings.AEAT_TEST_CA = "preproduction", folder / "nowhere"

    assert open_channel(tax_id=SHOP, mode="test").endpoint == f"https://prewww1.aeat.es{PATH}"


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_without_the_simulated_aeats_authority_nobody_is_trusted(folder, settings, content):
    settings.AEAT_TEST_CA.unlink()
    if content is not None:
        settings.AEAT_TEST_CA.write_bytes(content)

    with pytest.raises(Misconfigured, match="simulate_aeat"):
        open_channel(tax_id=SHOP, mode="test")


def test_a_simulated_aeat_of_another_authority_gets_nothing(folder, settings, tmp_path):
    stranger = Authority.create().certify_server()
    with listening(answers(), identity=stranger, path=tmp_path) as listener:
        settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"
        with pytest.raises(Misconfigured, match="not who it should be"):
            open_channel(tax_id=SHOP, mode="test").post(b"<m/>")

    assert listener.requests == []


def test_a_representative_is_told_with_the_channel(folder):
    put(folder, identity(CARLA).pkcs12(PASSWORD)).with_suffix(".toml").write_text(
        'representative_name = "Carla Inventada Ruiz"'
    )

    assert open_channel(tax_id=SHOP, mode="test").certificate.representative == Party("Carla Inventada Ruiz", PERSON)


def test_there_is_no_third_mode(folder):
    with pytest.raises(ValueError):
        open_channel(tax_id=SHOP, mode="demo")


def test_a_channel_tells_no_secret(folder):
    told = repr(open_channel(tax_id=SHOP, mode="test"))

    assert PASSWORD not in told
    assert "PRIVATE" not in told
