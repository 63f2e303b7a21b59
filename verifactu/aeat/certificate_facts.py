"""What a certificate says of itself (ETSI EN 319 412-1 and -5, and how Spanish authorities write them)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

_NIF: Final = r"[0-9A-Z][0-9]{7}[0-9A-Z]"
_ORGANISATION: Final = re.compile(rf"(?:VATES-)?({_NIF})")
_PERSON: Final = re.compile(rf"(?:(?:IDC|PNO)ES-)?({_NIF})")
_IN_COMMON_NAME: Final = (
    re.compile(rf"\(R: ({_NIF})\)"),
    re.compile(rf"\bNIF:? ({_NIF})\b"),
    re.compile(rf"- ({_NIF})$"),
)

_QC_STATEMENTS: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_TYPE: Final = bytes.fromhex("060704008e460106")  # 0.4.0.1862.1.6.x as it stands in the extension; x is the type
_SIGNATURE: Final = _QC_TYPE + b"\x01"
_SEAL: Final = _QC_TYPE + b"\x02"


@dataclass(frozen=True, slots=True)
class Facts:
    """``tax_id`` is the NIF it speaks for: the entity's if it names one, else the person's; empty if it names none.

    ``is_seal`` tells a «sello de entidad», which a machine holds, from a person's certificate, whoever that represents.
    """

    subject: str
    issuer: str
    tax_id: str
    not_before: datetime
    not_after: datetime
    is_seal: bool


def facts_of(certificate: x509.Certificate) -> Facts:
    """Read them."""
    return Facts(
        subject=name_of(certificate.subject),
        issuer=name_of(certificate.issuer),
        tax_id=_tax_id(certificate.subject),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_seal=_is_seal(certificate),
    )


def name_of(name: x509.Name) -> str:
    """As people read it (RFC 4514)."""
    return name.rfc4514_string(
        {NameOID.SERIAL_NUMBER: "serialNumber", NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier"}
    )


def _tax_id(subject: x509.Name) -> str:
    for kind, pattern in ((NameOID.ORGANIZATION_IDENTIFIER, _ORGANISATION), (NameOID.SERIAL_NUMBER, _PERSON)):
        for text in _texts(subject, kind):
            if found := pattern.fullmatch(text):
                return found[1]
    names = _texts(subject, NameOID.COMMON_NAME)
    return next((found[1] for pattern in _IN_COMMON_NAME for name in names if (found := pattern.search(name))), "")


def _is_seal(certificate: x509.Certificate) -> bool:
    """By its qualified type; without one, a seal names an entity and nobody in person."""
    try:
        statements = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value.public_bytes()
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):  # ValueError: some extension is malformed
        statements = b""
    if _SEAL in statements or _SIGNATURE in statements:
        return _SEAL in statements
    subject = certificate.subject
    personal = [*_texts(subject, NameOID.GIVEN_NAME), *_texts(subject, NameOID.SURNAME)]
    return bool(_texts(subject, NameOID.ORGANIZATION_IDENTIFIER)) and not personal


def _texts(subject: x509.Name, kind: ObjectIdentifier) -> list[str]:
    return [str(attribute.value).strip().upper() for attribute in subject.get_attributes_for_oid(kind)]
