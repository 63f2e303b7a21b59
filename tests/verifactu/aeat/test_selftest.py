"""The self-test finds what stands between a seller and the AEAT, before records wait for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.core.management import CommandError, call_command
from django.utils import translation

from tests.builders import a_seller
from tests.verifactu.aeat.listening import answers, authority, listening
from tests.verifactu.aeat.spoken import inquiry_answer, registered
from tests.verifactu.aeat.wallets import CARLA, COMPANY, NOW, PASSWORD, PERSON, SHOP, identity, put
from verifactu.aeat.expiry import alert_of, expiring_certificates
from verifactu.aeat.selftest import Check, Result, self_test
from verifactu.simulator.authority import Holder, Kind
from verifactu.simulator.faults import FaultKind, On
from verifactu.simulator.simulated import SimulatedAeat

ALL = ["file", "permissions", "password", "holder", "chain", "expiry", "endpoint", "clock"]


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def simulated(tmp_path: Path, settings) -> Iterator[SimulatedAeat]:
    """A simulated AEAT with a certificate for the shop, which knows where to find both."""
    with SimulatedAeat(tmp_path, holders={SHOP: COMPANY, PERSON: CARLA}) as running:
        settings.CERTIFICATES_FOLDER = tmp_path
        settings.AEAT_TEST_CA = running.folder.ca_file
        settings.AEAT_TEST_URL = running.url
        yield running


def looked_at(tax_id: str = SHOP, mode: str = "test", *, now: datetime | None = None) -> dict[str, Check]:
    checks = self_test(tax_id=tax_id, mode=mode, now=now or datetime.now(UTC), name="Librería Inventada, S.L.")
    found = {check.code: check for check in checks}
    assert len(found) == len(checks)
    assert all(check.name and check.detail and "%(" not in check.detail + check.remedy for check in checks)
    return found


def outcomes(checks: dict[str, Check]) -> dict[str, str]:
    """Only what is not as it should be."""
    return {code: str(check.outcome) for code, check in checks.items() if check.outcome is not Result.OK}


def test_when_all_is_well_everything_is_looked_at_and_right(simulated):
    checks = looked_at()

    assert list(checks) == ALL
    assert outcomes(checks) == {}
    assert str(simulated.folder.pkcs12_file(SHOP)) in checks["file"].detail
    assert SHOP in checks["holder"].detail
    assert "it holds: 0" in checks["endpoint"].detail
    assert simulated.accepted() == []


def test_without_a_certificate_the_rest_cannot_be_looked_at(simulated):
    simulated.folder.pkcs12_file(SHOP).unlink()

    checks = looked_at()

    assert outcomes(checks) == {"file": "failure"}
    assert list(checks) == ["file"]
    assert "Put the PKCS#12 file there" in checks["file"].remedy


@pytest.mark.parametrize("which", ["p12", "password"])
def test_a_secret_that_others_may_read_is_a_warning(simulated, which):
    simulated.folder.pkcs12_file(SHOP).with_suffix(f".{which}").chmod(0o640)

    checks = looked_at()

    assert outcomes(checks) == {"permissions": "warning"}
    assert f"{SHOP}.{which}" in checks["permissions"].detail
    assert "chmod 600" in checks["permissions"].remedy


def test_a_wrong_password_is_told_as_such(simulated):
    simulated.folder.password_file(SHOP).write_text("hunter2")

    checks = looked_at()

    assert outcomes(checks) == {"password": "failure"}
    assert list(checks) == ["file", "permissions", "password"]
    assert "hunter2" not in repr(checks)


def test_the_certificate_of_somebody_else_is_told_as_such(simulated):
    simulated.folder.pkcs12_file(SHOP).write_bytes(identity(CARLA, by=simulated.authority).pkcs12(PASSWORD))
    simulated.folder.password_file(SHOP).write_text(PASSWORD, encoding="utf-8")

    checks = looked_at()

    assert outcomes(checks) == {"holder": "failure"}
    assert f"not the certificate of {SHOP} but of {PERSON}" in checks["holder"].detail


def test_a_representative_who_may_is_let_in_and_one_who_may_not_is_refused_in_the_aeats_words(simulated):
    simulated.folder.pkcs12_file(SHOP).write_bytes(simulated.folder.pkcs12_file(PERSON).read_bytes())
    simulated.folder.password_file(SHOP).write_text(simulated.folder.password_file(PERSON).read_text())
    simulated.folder.pkcs12_file(SHOP).with_suffix(".toml").write_text('representative_name = "Carla Inventada Ruiz"')

    checks = looked_at()
    assert outcomes(checks) == {"endpoint": "failure"}
    assert "Codigo[41" in checks["endpoint"].detail

    simulated.authorise(PERSON, SHOP)
    checks = looked_at()
    assert outcomes(checks) == {}
    assert "represents the seller" in checks["holder"].detail


@pytest.mark.parametrize(
    "days, expected",
    [(90, {}), (59, {"expiry": "warning"}), (6, {"expiry": "warning"}), (-1, {"expiry": "failure"})],
)
def test_a_certificate_that_ends_soon_is_a_warning_and_an_ended_one_a_failure(simulated, days, expected):
    simulated.folder.hand_out(simulated.authority, COMPANY, ends=datetime.now(UTC) + timedelta(days=days, hours=1))

    checks = looked_at()

    assert outcomes(checks) == expected
    assert ("endpoint" in checks) == (days > 0)


def test_a_certificate_of_the_wrong_authority_is_refused_at_the_endpoint(simulated):
    stranger = Holder(SHOP, "Otra", Kind.SEAL)
    simulated.folder.pkcs12_file(SHOP).write_bytes(identity(stranger).pkcs12(PASSWORD))
    simulated.folder.password_file(SHOP).write_text(PASSWORD, encoding="utf-8")

    checks = looked_at()

    assert outcomes(checks) == {"endpoint": "failure"}
    assert "refuses the certificate" in checks["endpoint"].detail
    assert "seal" in checks["holder"].detail


def test_a_file_without_its_issuer_is_a_warning(simulated):
    mine = identity(by=simulated.authority)
    content = pkcs12.serialize_key_and_certificates(
        b"x", mine.key, mine.certificate, None, BestAvailableEncryption(PASSWORD.encode())
    )
    simulated.folder.pkcs12_file(SHOP).write_bytes(content)
    simulated.folder.password_file(SHOP).write_text(PASSWORD, encoding="utf-8")

    checks = looked_at(now=datetime.now(UTC))

    assert outcomes(checks) == {"chain": "warning"}
    assert "AEAT simulada" in checks["chain"].detail


def test_an_endpoint_that_is_not_there_is_a_failure(simulated, settings):
    settings.AEAT_TEST_URL = "https://localhost:1"

    checks = looked_at()

    assert outcomes(checks) == {"endpoint": "failure"}
    assert "Connection refused" in checks["endpoint"].detail


def test_without_the_authority_of_the_simulated_aeat_the_endpoint_fails(simulated, settings):
    settings.AEAT_TEST_CA = simulated.folder.path / "nowhere.pem"

    checks = looked_at()

    assert outcomes(checks) == {"endpoint": "failure"}
    assert "simulate_aeat" in checks["endpoint"].remedy


@pytest.mark.parametrize(
    "kind, details",
    [
        (FaultKind.UNAVAILABLE, {}),
        (FaultKind.TOO_MANY, {"seconds": 5}),
        (FaultKind.DROP_BEFORE, {}),
        (FaultKind.SERVER_FAULT, {"code": 4134}),
        (FaultKind.EXPIRED_CERTIFICATE, {}),
    ],
)
def test_an_aeat_with_a_bad_day_is_a_failure_of_the_endpoint(simulated, kind, details):
    simulated.script(kind, on=On.INQUIRY, **details)

    assert outcomes(looked_at())["endpoint"] == "failure"


@pytest.mark.parametrize(
    "seconds, expected",
    [(0, {}), (50, {}), (-50, {}), (90, "warning"), (-90, "warning"), (300, "failure"), (-300, "failure")],
)
def test_a_clock_that_is_off_is_told_by_how_much(tmp_path, settings, seconds, expected):
    put(tmp_path, identity().pkcs12(PASSWORD))
    settings.CERTIFICATES_FOLDER, settings.AEAT_TEST_CA = tmp_path, tmp_path / "ca.pem"
    settings.AEAT_TEST_CA.write_bytes(authority().certificate_pem())
    theirs = (NOW - timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    page = inquiry_answer(registered("A-1"), more="S", next_page="A-1")
    with listening(answers("200 OK", page, Date=theirs), path=tmp_path) as listener:
        settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"
        checks = looked_at(now=NOW)

    assert outcomes(checks) == ({"clock": expected} if expected else {})
    assert ("behind" if seconds < 0 else "ahead") in checks["clock"].detail
    assert "it holds: 1+" in checks["endpoint"].detail
    assert b"<con:Periodo>11" not in listener.requests[0]
    assert b"<sum1:Periodo>11</sum1:Periodo>" in listener.requests[0]


def test_without_a_clock_there_is_a_warning_and_nonsense_is_a_failure(tmp_path, settings):
    put(tmp_path, identity().pkcs12(PASSWORD))
    settings.CERTIFICATES_FOLDER, settings.AEAT_TEST_CA = tmp_path, tmp_path / "ca.pem"
    settings.AEAT_TEST_CA.write_bytes(authority().certificate_pem())
    with listening(answers(), path=tmp_path) as listener:
        settings.AEAT_TEST_URL = f"https://localhost:{listener.port}"

        assert outcomes(looked_at(now=NOW)) == {"endpoint": "failure", "clock": "warning"}


# --- in time -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "left, alert",
    [
        (timedelta(days=60, seconds=1), None),
        (timedelta(days=60), 60),
        (timedelta(days=30, seconds=1), 60),
        (timedelta(days=30), 30),
        (timedelta(days=7), 7),
        (timedelta(seconds=1), 7),
        (timedelta(0), 0),
        (timedelta(days=-400), 0),
    ],
)
def test_alerts_come_60_30_and_7_days_before_the_end_and_at_it(left, alert):
    assert alert_of(NOW + left, NOW) == alert


@pytest.mark.django_db
def test_certificates_that_end_soon_are_told_of_all_sellers_the_first_to_end_first(simulated):
    a_seller(tax_id=SHOP)
    a_seller(tax_id=PERSON)
    a_seller(tax_id="B99999021")  # without a certificate
    now = datetime.now(UTC)
    assert expiring_certificates(now) == []

    simulated.folder.hand_out(simulated.authority, COMPANY, ends=now + timedelta(days=29))
    simulated.folder.hand_out(simulated.authority, CARLA, ends=now + timedelta(days=5))

    told = expiring_certificates(now)
    assert [(each.tax_id, each.mode, each.alert) for each in told] == [(PERSON, "test", 7), (SHOP, "test", 30)]
    assert [each.alert for each in expiring_certificates(now + timedelta(days=6))] == [0, 30]


# --- the command -----------------------------------------------------------------------------------------------------------
def run(*arguments: str) -> str:
    out = StringIO()
    call_command("aeat_selftest", *arguments, stdout=out, no_color=True)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_tells_of_every_seller_and_ends_well_when_all_is(simulated):
    a_seller(tax_id=SHOP)
    a_seller(tax_id=PERSON)

    told = run()

    assert f"{SHOP} · test" in told
    assert f"{PERSON} · test" in told
    assert told.count("  ok ") == 2 * len(ALL)
    assert PERSON not in run("--seller", SHOP.lower(), "--mode", "test").replace("99999972C", "")


@pytest.mark.django_db
def test_the_command_ends_badly_with_what_mends_it(simulated):
    a_seller(tax_id=SHOP)
    simulated.folder.password_file(SHOP).write_text("wrong")
    out = StringIO()

    with pytest.raises(CommandError, match="to be mended"):
        call_command("aeat_selftest", stdout=out, no_color=True)

    assert "failure" in out.getvalue()
    assert "→ Correct the password" in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [[], ["--seller", SHOP], ["--mode", "live"]])
def test_the_command_ends_badly_without_a_seller(arguments):
    with pytest.raises(CommandError, match="no such seller"):
        run(*arguments)
