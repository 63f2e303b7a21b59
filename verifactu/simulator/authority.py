"""Certificates for test mode, made on the spot: the server's, and those of whoever sends.

They carry a NIF as Spanish qualified certificates do (ETSI EN 319 412-1): a person's in ``serialNumber`` (IDCES-…),
that of the entity that is represented or sealed for in ``organizationIdentifier`` (VATES-…); ``qcStatements`` tell a
seal from a signature (EN 319 412-5). Nobody outside this simulation trusts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

OURS: Final = "AEAT simulada, autoridad de pruebas"
FOREIGN: Final = "Autoridad ajena, para pruebas"
_SERVER_NAMES: Final = [
    x509.DNSName("localhost"),
    x509.IPAddress(ip_address("127.0.0.1")),
    x509.IPAddress(ip_address("::1")),
]
_LASTS: Final = timedelta(days=2 * 365)
_AUTHORITY_LASTS: Final = timedelta(days=10 * 365)
_QC_STATEMENTS: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_TYPE: Final = bytes.fromhex("301530130606 04008e460106 30090607 04008e460106")  # lacks its last number


class Kind(StrEnum):
    """What a certificate is for."""

    PERSON = "person"
    """A natural person («ciudadano»)."""

    REPRESENTATIVE = "representative"
    """A person who acts for an entity («representante de persona jurídica»)."""

    SEAL = "seal"
    """A machine that signs for an entity («sello de entidad»)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a certificate. ``tax_id`` is the NIF that it speaks for, ``name`` that person's or entity's;
    ``person_tax_id`` the NIF of the person who represents an entity."""

    tax_id: str
    name: str
    kind: Kind = Kind.PERSON
    person_tax_id: str = "99999972C"


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key, its certificate, and the certificate of the authority that made it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate

    def pkcs12(self, password: str) -> bytes:
        """As people receive theirs."""
        return pkcs12.serialize_key_and_certificates(
            b"test", self.key, self.certificate, [self.issuer], BestAvailableEncryption(password.encode())
        )

    def pem(self) -> bytes:
        """Key and certificate, as ``ssl`` loads them."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who certifies. Two made separately do not know each other: one is «foreign» to the other."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, *, now: datetime | None = None, name: str = OURS) -> Self:
        """A new one, good for ten years."""
        key, begins = ec.generate_private_key(ec.SECP256R1()), now or datetime.now(UTC)
        subject = x509.Name([_entry(NameOID.COUNTRY_NAME, "ES"), _entry(NameOID.COMMON_NAME, name)])
        builder = _builder(
            subject,
            subject,
            key=key.public_key(),
            issuers_key=key.public_key(),
            begins=begins,
            ends=begins + _AUTHORITY_LASTS,
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(certifies=True), critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """As ``to_pem`` wrote it. Raises ValueError for anything else."""
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("The simulated AEAT's authority has another kind of key.")  # noqa: TRY004 - as unreadable
        return cls(key, x509.load_pem_x509_certificate(pem))

    def to_pem(self) -> bytes:
        """Key and certificate: a secret."""
        return Identity(self.key, self.certificate, self.certificate).pem()

    def certificate_pem(self) -> bytes:
        """What clients are to trust."""
        return self.certificate.public_bytes(Encoding.PEM)

    def certify(self, holder: Holder, *, begins: datetime | None = None, ends: datetime | None = None) -> Identity:
        """A certificate for whoever sends; two years from now, unless told otherwise. An ``ends`` in the past makes an
        expired one."""
        seal = x509.UnrecognizedExtension(_QC_STATEMENTS, _QC_TYPE + (b"\x02" if holder.kind is Kind.SEAL else b"\x01"))
        return self._issue(
            x509.Name(_subject(holder)), seal, usage=ExtendedKeyUsageOID.CLIENT_AUTH, begins=begins, ends=ends
        )

    def certify_server(self, *, begins: datetime | None = None, ends: datetime | None = None) -> Identity:
        """A certificate for this machine: localhost, 127.0.0.1 and ::1."""
        subject = x509.Name([_entry(NameOID.COUNTRY_NAME, "ES"), _entry(NameOID.COMMON_NAME, "localhost")])
        names = x509.SubjectAlternativeName(_SERVER_NAMES)
        return self._issue(subject, names, usage=ExtendedKeyUsageOID.SERVER_AUTH, begins=begins, ends=ends)

    def made(self, certificate: x509.Certificate) -> bool:
        """Whether it is one of ours."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):  # another name, algorithm or signature
            return False
        return True

    def _issue(
        self,
        subject: x509.Name,
        extension: x509.ExtensionType,
        *,
        usage: ObjectIdentifier,
        begins: datetime | None,
        ends: datetime | None,
    ) -> Identity:
        key, last = ec.generate_private_key(ec.SECP256R1()), ends or datetime.now(UTC) + _LASTS
        # An hour ago: whoever asked for it may be a moment behind, and must be able to use it at once.
        first = begins or min(datetime.now(UTC) - timedelta(hours=1), last - _LASTS)
        builder = _builder(
            subject,
            self.certificate.subject,
            key=key.public_key(),
            issuers_key=self.key.public_key(),
            begins=first,
            ends=last,
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(certifies=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(extension, critical=False)
        return Identity(key, builder.sign(self.key, hashes.SHA256()), self.certificate)


def holder_of(certificate: x509.Certificate) -> Holder:
    """Whose certificate it is, as the AEAT reads it. Raises ValueError where it names no NIF."""
    personal = _text(certificate, NameOID.SERIAL_NUMBER).removeprefix("IDCES-")
    entity = _text(certificate, NameOID.ORGANIZATION_IDENTIFIER).removeprefix("VATES-")
    if not (entity or personal):
        raise ValueError("The certificate names no NIF.")
    if not entity:
        return Holder(personal, _text(certificate, NameOID.COMMON_NAME), Kind.PERSON, person_tax_id=personal)
    name = _text(certificate, NameOID.ORGANIZATION_NAME)
    if _is_seal(certificate):
        return Holder(entity, name, Kind.SEAL, person_tax_id="")
    return Holder(entity, name, Kind.REPRESENTATIVE, person_tax_id=personal)


def _subject(holder: Holder) -> list[x509.NameAttribute[str]]:
    """As the FNMT writes them."""
    country = _entry(NameOID.COUNTRY_NAME, "ES")
    if holder.kind is Kind.PERSON:
        full_name = f"{holder.name.upper()} - {holder.tax_id}"
        own_number = _entry(NameOID.SERIAL_NUMBER, f"IDCES-{holder.tax_id}")
        return [country, own_number, _entry(NameOID.COMMON_NAME, full_name[:64])]
    entity = [
        country,
        _entry(NameOID.ORGANIZATION_NAME, holder.name[:64]),
        _entry(NameOID.ORGANIZATION_IDENTIFIER, f"VATES-{holder.tax_id}"),
    ]
    if holder.kind is Kind.SEAL:
        serial_number, common_name = holder.tax_id, holder.name
    else:
        serial_number = f"IDCES-{holder.person_tax_id}"
        common_name = f"{holder.person_tax_id} PERSONA DE PRUEBA (R: {holder.tax_id})"
    return [*entity, _entry(NameOID.SERIAL_NUMBER, serial_number), _entry(NameOID.COMMON_NAME, common_name[:64])]


def _is_seal(certificate: x509.Certificate) -> bool:
    try:
        statements = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        return False
    return isinstance(statements, x509.UnrecognizedExtension) and _QC_TYPE[4:] + b"\x02" in statements.value


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    *,
    key: ec.EllipticCurvePublicKey,
    issuers_key: ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuers_key), critical=False)
    )


def _key_usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _entry(kind: ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(kind, value)


def _text(certificate: x509.Certificate, kind: ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(kind)
    return str(found[0].value) if found else ""
