"""Live speaks to the AEAT and nobody else; test never reaches where invoices are real."""

import pytest
from django_verifactu.aeat import transport as others
from hypothesis import given
from hypothesis import strategies as st

from core.modes import Mode
from verifactu.aeat.endpoints import endpoint, is_the_aeats, read_test_url

SIMULATED = "https://localhost:8443"


@pytest.mark.parametrize(
    "mode, is_seal, url",
    [
        (Mode.LIVE, False, "https://www1.agenciatributaria.gob.es"),
        (Mode.LIVE, True, "https://www10.agenciatributaria.gob.es"),
        (Mode.TEST, False, "https://prewww1.aeat.es"),
        (Mode.TEST, True, "https://prewww10.aeat.es"),
    ],
)
def test_each_kind_of_certificate_has_its_door_in_each_mode(mode, is_seal, url):
    found = endpoint(mode=mode, is_seal=is_seal, test_url="preproduction")

    assert found == f"{url}/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
    assert is_the_aeats(mode, "preproduction")


@pytest.mark.parametrize("mode", [*Mode])
@pytest.mark.parametrize("is_seal", [True, False])
def test_the_doors_are_those_that_another_program_knocks_at(mode, is_seal):
    host = others._HOSTS[mode is Mode.LIVE, is_seal]

    assert endpoint(mode=mode, is_seal=is_seal, test_url="preproduction") == f"https://{host}{others._PATH}"


@pytest.mark.parametrize("is_seal", [True, False])
def test_test_mode_goes_to_the_simulated_aeat_unless_told_otherwise(is_seal):
    found = endpoint(mode=Mode.TEST, is_seal=is_seal, test_url=f"{SIMULATED}/")

    assert found == "https://localhost:8443/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
    assert not is_the_aeats(Mode.TEST, SIMULATED)


@given(
    test_url=st.text() | st.sampled_from([SIMULATED, "https://evil.example", "preproduction", ""]), seal=st.booleans()
)
def test_live_cannot_be_pointed_elsewhere(test_url, seal):
    host = endpoint(mode=Mode.LIVE, is_seal=seal, test_url=test_url).split("/")[2]

    assert host in {"www1.agenciatributaria.gob.es", "www10.agenciatributaria.gob.es"}
    assert is_the_aeats(Mode.LIVE, test_url)


PRODUCTION = [
    "https://www1.agenciatributaria.gob.es",
    "https://www10.agenciatributaria.gob.es:443",
    "https://WWW1.AgenciaTributaria.GOB.es",
    "https://www1.agenciatributaria.gob.es.",
    "https://agenciatributaria.gob.es",
    "https://www2.agenciatributaria.es",
    "https://www1.aeat.es",
    "https://prewww1.aeat.es",  # by its name only, so that seals find their own
    "https://localhost:8443@www1.agenciatributaria.gob.es",
    "https://@www1.agenciatributaria.gob.es",
    "https://www1.agenciatributaria.gob.es\\@localhost",
    "https://www1.agenciatributaria.gob.es#@localhost",
    "https://www1。agenciatributaria。gob。es",
    "https://ⓦww1.agenciatributaria.gob.es",
]


@pytest.mark.parametrize("url", PRODUCTION)
@pytest.mark.parametrize("seal", [True, False])
def test_test_mode_cannot_reach_where_invoices_are_real(url, seal):
    with pytest.raises(ValueError):
        read_test_url(url)
    with pytest.raises(ValueError):
        endpoint(mode=Mode.TEST, is_seal=seal, test_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "", "http://localhost:8443", "localhost:8443", "https://", "https://:8443", "https://localhost:port",
        "https://localhost:99999", "https://localhost:0", "https://localhost/path", "https://localhost?a=b",
        "https://localhost#a", "HTTPS://localhost", "https://user:secret@localhost", "Preproduction", "file:///etc",
        " https://localhost", "https://local host",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_simulated_aeat_is_refused(url):
    with pytest.raises(ValueError):
        read_test_url(url)


@pytest.mark.parametrize("url", ["https://localhost:8443", "https://127.0.0.1:1", "https://[::1]:8443", "https://aeat"])
def test_an_address_is_taken_with_or_without_its_last_slash(url):
    assert read_test_url(url) == read_test_url(f"{url}/") == url


def test_preproduction_is_a_word():
    assert read_test_url("preproduction") == "preproduction"


@given(st.text(alphabet="wprea1t.gobsnciruE:/@\\?#%0", max_size=40))
def test_no_address_leads_to_the_aeat(text):
    try:
        found = read_test_url(f"https://{text}")
    except ValueError:
        return

    assert not found.lower().split("/")[2].split(":")[0].rstrip(".").endswith(("aeat.es", "agenciatributaria.gob.es"))
