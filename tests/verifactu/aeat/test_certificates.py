"""Each seller's own certificate is found, opened and judged; nobody else's is ever used, and no secret is told."""

import os
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES

from core.modes import Mode
from tests.verifactu.aeat.listening import authority
from tests.verifactu.aeat.wallets import (
    BEGINS,
    CARLA,
    CN,
    COMPANY,
    ENDS,
    GIVEN_NAME,
    NOW,
    ORGANISATION,
    PASSWORD,
    PERSON,
    SEAL,
    SERIAL,
    SHOP,
    SURNAME,
    identity,
    named,
    put,
)
from verifactu.aeat.certificate_facts import facts_of
from verifactu.aeat.certificates import Certificate, certificate_of
from verifactu.aeat.errors import Misconfigured
from verifactu.registration import Party
from verifactu.simulator.authority import Authority

DATA = Path(__file__).parent / "data"
VARIABLE = f"AEAT_CERTIFICATE_TEST_{SHOP}"


@pytest.fixture
def folder(tmp_path: Path, settings, monkeypatch) -> Path:
    """Where certificates lie; the environment names none."""
    for name in [name for name in os.environ if name.startswith("AEAT_CERTIFICATE_")]:
        monkeypatch.delenv(name)
    settings.CERTIFICATES_FOLDER = tmp_path
    return tmp_path


def found(tax_id: str = SHOP, mode: Mode = Mode.TEST) -> Certificate:
    return certificate_of(tax_id=tax_id, mode=mode, now=NOW)


def refused(tax_id: str = SHOP, mode: Mode = Mode.TEST, **at) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        certificate_of(tax_id=tax_id, mode=mode, **{"now": NOW, **at})
    assert "%(" not in str(caught.value)
    assert PASSWORD not in repr(caught.value)
    return caught.value


# --- found -------------------------------------------------------------------------------------------------------------
def test_a_sellers_certificate_is_found_by_its_nif_and_tells_what_it_is(folder):
    put(folder, identity().pkcs12(PASSWORD))

    certificate = found()

    assert certificate.tax_id == SHOP
    assert certificate.representative is None
    assert not certificate.is_seal
    assert (certificate.facts.not_before, certificate.not_after) == (BEGINS, ENDS)
    assert f"organizationIdentifier=VATES-{SHOP}" in certificate.subject
    assert "serialNumber=IDCES-99999972C" in certificate.subject
    assert certificate.keystore.issuers == (authority().certificate.subject.rfc4514_string(),)


def test_a_seal_and_a_person_are_told_apart(folder):
    put(folder, identity(SEAL).pkcs12(PASSWORD))
    put(folder, identity(CARLA).pkcs12(PASSWORD), name=PERSON)

    assert found().is_seal
    assert not found(PERSON).is_seal
    assert found(PERSON).tax_id == PERSON


@pytest.mark.parametrize("kind, is_seal", [("seal", True), ("personal", False)])
@pytest.mark.parametrize("holder", [COMPANY, SEAL])
def test_what_the_seller_says_of_its_kind_goes_before_what_it_looks_like(folder, kind, is_seal, holder):
    put(folder, identity(holder).pkcs12(PASSWORD)).with_suffix(".toml").write_text(f'kind = "{kind}"')

    assert found().is_seal is is_seal


def test_the_environment_may_say_where_it_lies_and_goes_before_the_folder(folder, monkeypatch):
    put(folder, b"not this one")
    elsewhere = put(folder / "elsewhere", identity().pkcs12(PASSWORD), mode="x", name="mine", password=None)
    monkeypatch.setenv(VARIABLE, str(elsewhere))
    monkeypatch.setenv(f"{VARIABLE}_PASSWORD", PASSWORD)

    assert found().place.path == elsewhere


def test_the_password_may_lie_in_a_secret_file_elsewhere(folder, monkeypatch):
    path = put(folder, identity().pkcs12(PASSWORD), password="wrong")
    secret = folder / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    monkeypatch.setenv(f"{VARIABLE}_PASSWORD_FILE", str(secret))

    assert found().place.path == path


def test_a_password_keeps_its_blanks_and_an_empty_one_is_one_too(folder):
    put(folder, identity().pkcs12(" a b "), password=" a b ")
    assert found().tax_id == SHOP

    open_one = identity(CARLA)
    content = pkcs12.serialize_key_and_certificates(b"x", open_one.key, open_one.certificate, None, NoEncryption())
    put(folder, content, name=PERSON, password="")
    assert found(PERSON).tax_id == PERSON


@pytest.mark.parametrize("algorithm", [PBES.PBESv1SHA1And3KeyTripleDESCBC, PBES.PBESv2SHA256AndAES256CBC])
def test_old_and_new_encryption_are_opened(folder, algorithm):
    mine = identity()
    encryption = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(algorithm).build(PASSWORD.encode())
    put(folder, pkcs12.serialize_key_and_certificates(b"x", mine.key, mine.certificate, None, encryption))

    assert found().tax_id == SHOP


def test_the_certificate_that_is_shown_is_this_one_and_leaves_no_file_behind(folder):
    put(folder, identity().pkcs12(PASSWORD))
    before = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    context, open_files = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), len([*Path("/proc/self/fd").iterdir()])

    found().present(context)

    assert {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()} == before
    assert len([*Path("/proc/self/fd").iterdir()]) == open_files


def test_what_old_browsers_export_is_opened(folder):
    """By OpenSSL's own program (``pkcs12 -export -legacy``): RC2 with 40 bits, as Windows and Firefox long did."""
    put(folder, (DATA / "legacy_rc2.p12").read_bytes(), name=PERSON)

    assert certificate_of(tax_id=PERSON, mode=Mode.TEST, now=datetime(2030, 1, 1, tzinfo=UTC)).tax_id == PERSON


# --- refused, with what mends it -----------------------------------------------------------------------------------------
def test_without_a_certificate_both_places_are_named(folder):
    error = refused()

    assert str(folder / "test" / f"{SHOP}.p12") in str(error)
    assert VARIABLE in str(error)
    assert error.remedy


def test_a_variable_that_leads_nowhere_is_named(folder, monkeypatch):
    put(folder, identity().pkcs12(PASSWORD))
    monkeypatch.setenv(VARIABLE, str(folder / "nowhere.p12"))

    error = refused()

    assert "nowhere.p12" in str(error)
    assert VARIABLE in str(error)


@pytest.mark.parametrize("tax_id", ["", "../../etc", "B99999013/", "B9999901", "b99999013", "B99999013\n", "*" * 9])
def test_what_is_no_nif_is_looked_for_nowhere(folder, tax_id):
    assert "is no NIF" in str(refused(tax_id))


def test_a_wrong_password_says_so_and_does_not_tell_it(folder):
    put(folder, identity().pkcs12(PASSWORD), password="hunter2")

    error = refused()

    assert "password does not open" in str(error)
    assert "hunter2" not in repr(error) + str(error) + repr(error.__cause__) + repr(error.params)
    assert error.__suppress_context__


def test_without_a_password_file_its_place_is_named(folder):
    put(folder, identity().pkcs12(PASSWORD), password=None)

    assert f"{SHOP}.password cannot be read: No such file" in str(refused())


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"0\x82", pytest.param(identity().pem(), id="pem"), b"0\x84\x00\x00\x00\x05\x02\x01\x02"],
)
def test_what_is_not_pkcs12_is_told_how_to_be_exported(folder, content):
    put(folder, content)

    error = refused()

    assert "is not a PKCS#12 file" in str(error)
    assert ".p12" in error.remedy


def test_a_damaged_file_is_told_from_no_file(folder):
    put(folder, identity().pkcs12(PASSWORD)[:-30])

    assert "password does not open" in str(refused())


def test_a_key_that_this_machine_does_not_know_is_told(folder):
    put(folder, (DATA / "unknown_curve.p12").read_bytes(), name=PERSON)

    assert "does not know" in str(refused(PERSON))


def test_a_certificate_without_its_key_is_of_no_use(folder):
    mine = identity()
    encryption = BestAvailableEncryption(PASSWORD.encode())
    put(folder, pkcs12.serialize_key_and_certificates(b"x", None, None, [mine.certificate], encryption))
    put(folder, pkcs12.serialize_key_and_certificates(b"x", mine.key, None, None, encryption), name=PERSON)

    assert "together with its private key" in str(refused())
    assert "together with its private key" in str(refused(PERSON))


def test_a_key_that_tls_takes_for_too_weak_is_told_before_anybody_is_called(folder):
    """Made by OpenSSL: RSA with 1024 bits."""
    put(folder, (DATA / "weak_key.p12").read_bytes(), name=PERSON)
    weak = certificate_of(tax_id=PERSON, mode=Mode.TEST, now=datetime(2030, 1, 1, tzinfo=UTC))

    with pytest.raises(Misconfigured, match="of no use for TLS: ee key too small"):
        weak.present(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_a_malformed_certificate_is_told_as_such(folder):
    mine = identity()
    der = mine.certificate.public_bytes(Encoding.DER).replace(b"PERSONA DE PRUEBA", b"PERSONA DE \xff\xfe\xfd\xfcBA")
    malformed = x509.load_der_x509_certificate(der)
    encryption = BestAvailableEncryption(PASSWORD.encode())
    put(folder, pkcs12.serialize_key_and_certificates(b"x", mine.key, malformed, None, encryption))

    assert "the file is damaged" in str(refused())


def test_a_certificate_is_not_used_before_it_begins_nor_after_it_ends(folder):
    put(folder, identity().pkcs12(PASSWORD))

    assert "expired on 2027-12-31" in str(refused(now=ENDS + timedelta(seconds=1)))
    assert "not valid before 2026-01-01" in str(refused(now=BEGINS - timedelta(seconds=1)))
    assert certificate_of(tax_id=SHOP, mode=Mode.TEST, now=ENDS).tax_id == SHOP
    assert certificate_of(tax_id=SHOP, mode=Mode.TEST, now=BEGINS).tax_id == SHOP


# --- nobody else's -------------------------------------------------------------------------------------------------------
def test_another_sellers_certificate_is_never_used(folder):
    put(folder, identity(CARLA).pkcs12(PASSWORD))

    error = refused()

    assert f"not the certificate of {SHOP} but of {PERSON}" in str(error)
    assert "representative_name" in error.remedy


def test_a_representative_has_to_be_meant(folder):
    put(folder, identity(CARLA).pkcs12(PASSWORD)).with_suffix(".toml").write_text(
        'representative_name = " Carla Inventada Ruiz "', encoding="utf-8"
    )

    certificate = found()

    assert certificate.representative == Party("Carla Inventada Ruiz", PERSON)
    assert certificate.tax_id == PERSON


def test_who_sends_for_itself_has_no_representative(folder):
    put(folder, identity().pkcs12(PASSWORD)).with_suffix(".toml").write_text('representative_name = "Otra"')

    assert found().representative is None


def test_a_representative_without_a_nif_is_none(folder):
    put(folder, identity(replace(CARLA, tax_id="NOTANIF")).pkcs12(PASSWORD)).with_suffix(".toml").write_text(
        'representative_name = "Carla"'
    )

    assert "not the certificate" in str(refused())


@pytest.mark.parametrize(
    "said", ["kind = ", 'kind = "robot"', "kind = []", "kind = 1", 'password = "x"', "representative_name = 1", "\x80"]
)
def test_what_a_toml_file_may_not_say_is_refused(folder, said):
    put(folder, identity().pkcs12(PASSWORD)).with_suffix(".toml").write_bytes(said.encode("latin-1"))

    error = refused()

    assert f"{SHOP}.toml is not right" in str(error)


def test_a_mode_never_finds_the_other_ones(folder, monkeypatch):
    put(folder, identity().pkcs12(PASSWORD), mode="test")
    monkeypatch.setenv(VARIABLE, str(folder / "test" / f"{SHOP}.p12"))

    assert found(mode=Mode.TEST)
    assert "There is no certificate" in str(refused(mode=Mode.LIVE))


@pytest.mark.parametrize("mode, other", [(Mode.TEST, Mode.LIVE), (Mode.LIVE, Mode.TEST)])
def test_neither_a_link_nor_a_variable_leads_into_the_other_mode(folder, monkeypatch, mode, other):
    theirs = put(folder, identity().pkcs12(PASSWORD), mode=other.value)
    (folder / mode.value).mkdir()
    (folder / mode.value / f"{SHOP}.p12").symlink_to(theirs)
    assert "of the other mode" in str(refused(mode=mode))

    monkeypatch.setenv(f"AEAT_CERTIFICATE_{mode.value.upper()}_{SHOP}", f"{other.value}/{SHOP}.p12")
    assert "of the other mode" in str(refused(mode=mode))


# --- renewed ---------------------------------------------------------------------------------------------------------------
def test_a_renewed_certificate_is_used_at_once_and_an_unchanged_one_is_not_read_again(folder):
    put(folder, identity().pkcs12(PASSWORD))
    first = found()
    assert found() is first

    put(folder, identity(ends=ENDS + timedelta(days=365)).pkcs12("another"), password="another")

    assert found().not_after == ENDS + timedelta(days=365)


def test_a_password_that_is_mended_is_used_at_once_and_one_that_is_spoilt_as_well(folder):
    path = put(folder, identity().pkcs12(PASSWORD), password="wrong")
    refused()

    path.with_suffix(".password").write_text(PASSWORD, encoding="utf-8")
    assert found()

    path.with_suffix(".password").write_text("wrong")
    refused()


def test_a_word_that_is_added_is_heard_at_once(folder):
    path = put(folder, identity().pkcs12(PASSWORD))
    assert not found().is_seal

    path.with_suffix(".toml").write_text('kind = "seal"')
    assert found().is_seal


def test_a_certificate_that_is_taken_away_is_no_longer_used(folder):
    path = put(folder, identity().pkcs12(PASSWORD))
    assert found()

    path.unlink()
    refused()


# --- no secret is told -------------------------------------------------------------------------------------------------
def test_no_secret_is_in_what_a_certificate_says_of_itself(folder, monkeypatch):
    mine = identity()
    put(folder, mine.pkcs12(PASSWORD), password=None)
    monkeypatch.setenv(f"{VARIABLE}_PASSWORD", PASSWORD)

    told = repr(found()) + str(found())

    assert PASSWORD not in told
    assert "PRIVATE KEY" not in told
    key = mine.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert key.splitlines()[1] not in told


# --- what a certificate says ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "subject, tax_id",
    [
        ([(SERIAL, "IDCES-99999910G"), (CN, "RUIZ CARLA - 99999910G")], "99999910G"),
        ([(SERIAL, "PNOES-99999910G")], "99999910G"),
        ([(SERIAL, "99999910g")], "99999910G"),
        ([(SERIAL, "IDCES-X9999999J")], "X9999999J"),
        ([(SERIAL, "IDCES-99999972C"), (ORGANISATION, "VATES-B99999013")], "B99999013"),
        ([(SERIAL, "B99999013"), (ORGANISATION, "VATES-B99999013")], "B99999013"),
        ([(ORGANISATION, "B99999013")], "B99999013"),
        ([(ORGANISATION, "VATFR-12345678901"), (SERIAL, "IDCES-99999910G")], "99999910G"),
        ([(CN, "99999972C NOMBRE APELLIDO (R: B99999013)")], "B99999013"),
        ([(CN, "NOMBRE RUIZ CARLA - NIF 99999910G")], "99999910G"),
        ([(CN, "RUIZ CARLA - 99999910G")], "99999910G"),
        ([(CN, "Somebody 12345")], ""),
        ([(SERIAL, "IDCFR-1234")], ""),
    ],
)
def test_the_nif_is_found_where_spanish_certificates_have_it(subject, tax_id):
    assert facts_of(named(*subject)).tax_id == tax_id


ESIGN, ESEAL, WEB = (bytes.fromhex(f"301530130606 04008e460106 30090607 04008e460106 0{n}") for n in (1, 2, 3))


@pytest.mark.parametrize(
    "subject, statements, is_seal",
    [
        ([(ORGANISATION, "VATES-B99999013")], ESEAL, True),
        ([(ORGANISATION, "VATES-B99999013"), (GIVEN_NAME, "A"), (SURNAME, "B")], ESEAL, True),
        ([(ORGANISATION, "VATES-B99999013")], ESIGN, False),
        ([(ORGANISATION, "VATES-B99999013")], None, True),
        ([(ORGANISATION, "VATES-B99999013")], WEB, True),
        ([(ORGANISATION, "VATES-B99999013"), (GIVEN_NAME, "A")], None, False),
        ([(ORGANISATION, "VATES-B99999013"), (SURNAME, "A")], b"", False),
        ([(SERIAL, "IDCES-99999910G")], None, False),
    ],
)
def test_a_seal_is_known_by_its_qualified_type_or_else_by_naming_nobody_in_person(subject, statements, is_seal):
    assert facts_of(named(*subject, statements=statements)).is_seal is is_seal


def test_a_malformed_extension_does_not_hide_a_seal():
    malformed = x509.UnrecognizedExtension(x509.BasicConstraints.oid, b"nonsense")

    assert facts_of(named((ORGANISATION, "VATES-B99999013"), extension=malformed)).is_seal


def test_the_chain_goes_upwards_as_far_as_the_file_does(folder):
    mine, stranger = identity(), Authority.create(name="Stranger")
    encryption = BestAvailableEncryption(PASSWORD.encode())
    for others, issuers in (
        ([stranger.certificate, authority().certificate], (authority().certificate.subject.rfc4514_string(),)),
        ([stranger.certificate], ()),
        (None, ()),
    ):
        put(folder, pkcs12.serialize_key_and_certificates(b"x", mine.key, mine.certificate, others, encryption))
        assert found().keystore.issuers == issuers
