"""Certificates as they lie in a folder, right and wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from tests.verifactu.aeat.listening import authority
from verifactu.simulator.authority import Authority, Holder, Identity, Kind

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSWORD = "contraseña-secreta"
SHOP = "B99999013"
PERSON = "99999910G"
COMPANY = Holder(SHOP, "Librería Inventada, S.L.", Kind.REPRESENTATIVE)
SEAL = Holder(SHOP, "Librería Inventada, S.L.", Kind.SEAL)
CARLA = Holder(PERSON, "Carla Inventada Ruiz")
BEGINS, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)

QC_STATEMENTS = ObjectIdentifier("1.3.6.1.5.5.7.1.3")


def identity(
    holder: Holder = COMPANY, *, begins: datetime = BEGINS, ends: datetime = ENDS, by: Authority | None = None
) -> Identity:
    """A certificate for ``holder``."""
    return (by or authority()).certify(holder, begins=begins, ends=ends)


def put(folder: Path, content: bytes, *, password: str | None = PASSWORD, mode: str = "test", name: str = SHOP) -> Path:
    """Lay a PKCS#12 file and its password where they are looked for."""
    path = folder / mode / f"{name}.p12"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    if password is not None:
        secret = path.with_suffix(".password")
        secret.write_text(password + "\n", encoding="utf-8")
        secret.chmod(0o600)
    return path


def named(
    *entries: tuple[ObjectIdentifier, str],
    statements: bytes | None = None,
    extension: x509.ExtensionType | None = None,
) -> x509.Certificate:
    """A certificate of that subject, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(kind, text) for kind, text in entries])
    builder = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
    )
    if statements is not None:
        builder = builder.add_extension(x509.UnrecognizedExtension(QC_STATEMENTS, statements), critical=False)
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


CN, SERIAL, ORGANISATION = NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER, NameOID.ORGANIZATION_IDENTIFIER
GIVEN_NAME, SURNAME = NameOID.GIVEN_NAME, NameOID.SURNAME
