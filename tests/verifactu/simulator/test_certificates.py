"""The certificates of test mode."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from core.fictitious import FICTITIOUS
from verifactu.simulator.authority import Authority, Holder, Kind, holder_of
from verifactu.simulator.folder import Folder, holders_in_test_mode

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PERSON = Holder("89890001K", "Ana Ejemplo Primera", person_tax_id="89890001K")
COMPANY = Holder("B99999021", "Consultoría Ejemplo, S.L.", Kind.REPRESENTATIVE, person_tax_id="99999972C")
SEAL = Holder("B99999021", "Consultoría Ejemplo, S.L.", Kind.SEAL, person_tax_id="")


def certificate_in(folder: Folder, tax_id: str) -> x509.Certificate:
    password = folder.password_file(tax_id).read_text().strip().encode()
    certificate = pkcs12.load_key_and_certificates(folder.pkcs12_file(tax_id).read_bytes(), password)[1]
    assert certificate
    return certificate


@pytest.mark.parametrize("holder", [PERSON, COMPANY, SEAL], ids=lambda holder: holder.kind)
def test_the_nif_is_read_from_where_spanish_certificates_have_it(holder: Holder) -> None:
    certificate = Authority.create().certify(holder).certificate

    read = holder_of(certificate)

    assert (read.tax_id, read.kind, read.person_tax_id) == (holder.tax_id, holder.kind, holder.person_tax_id)
    subject = certificate.subject.rfc4514_string()
    assert (f"VATES-{holder.tax_id}" in subject) == (holder.kind is not Kind.PERSON)
    assert (f"IDCES-{holder.person_tax_id}" in subject) == (holder.kind is not Kind.SEAL)


def test_a_certificate_without_a_nif_has_no_holder() -> None:
    with pytest.raises(ValueError, match="no NIF"):
        holder_of(Authority.create().certify_server().certificate)


def test_an_authority_knows_its_own_certificates_only() -> None:
    ours, foreign = Authority.create(), Authority.create()

    assert ours.made(ours.certify(PERSON).certificate)
    assert not ours.made(foreign.certify(PERSON).certificate)
    assert not ours.made(Authority.create(name="otra").certify(PERSON).certificate)


def test_an_expired_certificate_can_be_made() -> None:
    ends = NOW - timedelta(days=1)

    certificate = Authority.create().certify(PERSON, ends=ends).certificate

    assert certificate.not_valid_before_utc < certificate.not_valid_after_utc == ends


def test_every_seller_of_test_mode_has_a_certificate_that_nobody_else_can_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path)

    folder.prepare()

    spanish = {tax_id for tax_id, fictitious in FICTITIOUS.items() if fictitious.country == "ES"}
    assert "89890001K" in spanish
    for tax_id in spanish:
        assert holder_of(certificate_in(folder, tax_id)).tax_id == tax_id
        assert folder.pkcs12_file(tax_id).stat().st_mode & 0o777 == 0o600
        assert folder.password_file(tax_id).stat().st_mode & 0o777 == 0o600
    assert folder.server_file.stat().st_mode & 0o777 == 0o600
    context = ssl.create_default_context(cafile=str(folder.ca_file))
    assert [ca["subject"] for ca in context.get_ca_certs()] != []


def test_what_was_made_is_kept(tmp_path: Path) -> None:
    folder, holders = Folder(tmp_path), {"89890001K": PERSON}
    folder.prepare(holders=holders)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    folder.prepare(holders=holders)

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_has_ended_is_made_anew(tmp_path: Path) -> None:
    folder, holders = Folder(tmp_path), {"89890001K": PERSON}
    authority = folder.prepare(holders=holders)
    folder.hand_out(authority, PERSON, ends=NOW - timedelta(days=1))
    password = folder.password_file("89890001K").read_text()

    folder.prepare(holders=holders, now=NOW)

    assert certificate_in(folder, "89890001K").not_valid_after_utc > NOW
    assert folder.password_file("89890001K").read_text() == password


def test_of_a_lost_authority_everything_is_made_anew(tmp_path: Path) -> None:
    folder, holders = Folder(tmp_path), {"89890001K": PERSON}
    folder.prepare(holders=holders)
    (tmp_path / "simulated-aeat" / "authority.pem").unlink()

    authority = folder.prepare(holders=holders)

    assert authority.made(certificate_in(folder, "89890001K"))
    assert authority.made(x509.load_pem_x509_certificate(folder.server_file.read_bytes()))
    assert folder.ca_file.read_bytes() == authority.certificate_pem()


def test_somebodys_own_certificate_is_left_alone(tmp_path: Path) -> None:
    folder, holders = Folder(tmp_path), {"89890001K": PERSON}
    folder.prepare(holders=holders)
    folder.hand_out(Authority.create(name="otra"), PERSON)
    own = folder.pkcs12_file("89890001K").read_bytes()

    folder.prepare(holders=holders)
    assert folder.pkcs12_file("89890001K").read_bytes() == own

    folder.password_file("89890001K").write_text("wrong\n")
    folder.prepare(holders=holders)
    assert folder.pkcs12_file("89890001K").read_bytes() == own


def test_nobody_but_spanish_parties_sells_in_test_mode() -> None:
    kinds = {tax_id: holder.kind for tax_id, holder in holders_in_test_mode().items()}

    assert kinds["89890001K"] is Kind.PERSON
    assert kinds["B99999021"] is Kind.REPRESENTATIVE
    assert "DE999999903" not in kinds
