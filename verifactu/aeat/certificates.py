"""The sellers' certificates, opened: who they speak for, until when, and whether they may be used at all.

Keys stay in memory. A certificate is read again when one of its files has changed, so a renewed one is used at once.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from django.conf import settings

from core.errors import gettext_noop
from core.modes import Mode
from verifactu.aeat.certificate_facts import Facts, facts_of
from verifactu.aeat.certificate_files import Options, Place, place_of, read_options
from verifactu.aeat.errors import Misconfigured
from verifactu.registration import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A seller's certificate, with its key. ``representative`` is its holder, when that is not the seller itself.

    ``issuers`` are the authorities' certificates that came with it, from its own issuer upwards.
    """

    place: Place
    subject: str
    issuer: str
    tax_id: str
    not_before: datetime
    not_after: datetime
    is_seal: bool
    representative: Party | None
    issuers: tuple[str, ...]
    _pem: bytes = field(repr=False)

    def present(self, context: ssl.SSLContext) -> None:
        """Let ``context`` show this certificate. ``ssl`` only reads files: this one is in memory, and ours alone."""
        with os.fdopen(os.memfd_create("certificate", os.MFD_CLOEXEC), "wb", buffering=0) as file:
            file.write(self._pem)
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")


_Key: TypeAlias = tuple[Mode, str]
_Stamp: TypeAlias = tuple[object, ...]
_opened: dict[_Key, tuple[_Stamp, Certificate]] = {}


def certificate_of(*, tax_id: str, mode: Mode, now: datetime) -> Certificate:
    """The certificate of this seller, to be used now. Raises Misconfigured, with what mends it."""
    place = locate(tax_id=tax_id, mode=mode)
    password = place.password()
    stamp = _stamp(place, password)
    known = _opened.get((mode, tax_id))
    if known is None or known[0] != stamp:
        known = (stamp, open_certificate(place, password))
        _opened[mode, tax_id] = known
    _check_dates(known[1], now)
    return known[1]


def locate(*, tax_id: str, mode: Mode) -> Place:
    """Where the certificate of this seller lies. Raises Misconfigured."""
    return place_of(tax_id=tax_id, mode=mode, folder=Path(settings.CERTIFICATES_FOLDER), environment=os.environ)


def open_certificate(place: Place, password: str) -> Certificate:
    """Open a PKCS#12 file, whatever its dates. Raises Misconfigured if it cannot be used for this seller."""
    content, options = place.content(), read_options(place)
    key, certificate, others = _unlock(content, password, place.path)
    try:
        facts = facts_of(certificate)
    except ValueError as error:
        raise _not_usable(place.path) from error
    chain = _chain(certificate, others)
    return Certificate(
        place=place,
        subject=facts.subject,
        issuer=facts.issuer,
        tax_id=facts.tax_id,
        not_before=facts.not_before,
        not_after=facts.not_after,
        is_seal=facts.is_seal if options.is_seal is None else options.is_seal,
        representative=_representative(place, facts, options),
        issuers=tuple(issuer.subject.rfc4514_string() for issuer in chain),
        _pem=key + b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, *chain)),
    )


def _unlock(content: bytes, password: str, path: Path) -> tuple[bytes, x509.Certificate, Sequence[x509.Certificate]]:
    """The key in PEM, its certificate and the others in the file."""
    if not _looks_like_pkcs12(content):
        raise Misconfigured(
            gettext_noop("%(path)s is not a PKCS#12 file."),
            remedy=gettext_noop("Export the certificate with its private key as .p12 or .pfx, not as .cer or .pem."),
            path=path,
        )
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(
            content, password.encode("utf-8", "surrogateescape") or None
        )
    except ValueError:
        raise _wrong_password(path) from None  # the library's words add nothing
    except UnsupportedAlgorithm as error:
        raise Misconfigured(
            gettext_noop("%(path)s has a kind of key or encryption that this machine does not know."),
            remedy=gettext_noop("Export it again, with AES-256; or use a certificate with an RSA key."),
            path=path,
        ) from error
    if key is None or certificate is None:
        raise _not_usable(path)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), certificate, others


def _looks_like_pkcs12(content: bytes) -> bool:
    """A DER sequence that begins with the version, 3 (RFC 7292 §4)."""
    return content[:1] == b"\x30" and b"\x02\x01\x03" in content[2:9]


def _chain(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Its issuer, that one's issuer, and so on as far as the file goes."""
    chain: list[x509.Certificate] = []
    last = certificate
    while len(chain) < len(others):
        issuer = next((other for other in others if other not in chain and _issued(other, last)), None)
        if issuer is None:
            break
        chain.append(issuer)
        last = issuer
    return chain


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):  # another name, or another key
        return False
    return True


def _representative(place: Place, facts: Facts, options: Options) -> Party | None:
    """None when the certificate is the seller's own. A certificate of somebody else needs to be meant."""
    if facts.tax_id == place.tax_id:
        return None
    if facts.tax_id and options.representative_name:
        return Party(options.representative_name, facts.tax_id)
    raise Misconfigured(
        gettext_noop("%(path)s is not the certificate of %(tax_id)s but of %(holder)s."),
        remedy=gettext_noop(
            "Put the seller's own there. If the holder is the seller's representative before the AEAT, write "
            'representative_name = "…" into a .toml file beside it.'
        ),
        path=place.path,
        tax_id=place.tax_id,
        holder=facts.tax_id or facts.subject,
    )


def _check_dates(certificate: Certificate, now: datetime) -> None:
    path = certificate.place.path
    if now > certificate.not_after:
        raise Misconfigured(
            gettext_noop("The certificate %(path)s expired on %(day)s."),
            remedy=gettext_noop("Put the renewed one in its place; nothing needs to be restarted."),
            path=path,
            day=f"{certificate.not_after:%Y-%m-%d}",
        )
    if now < certificate.not_before:
        raise Misconfigured(
            gettext_noop("The certificate %(path)s is not valid before %(day)s."),
            remedy=gettext_noop("Use the former one until then, and see that this machine's clock is right."),
            path=path,
            day=f"{certificate.not_before:%Y-%m-%d}",
        )


def _wrong_password(path: Path) -> Misconfigured:
    return Misconfigured(
        gettext_noop("The password does not open %(path)s."),
        remedy=gettext_noop("Correct the password; if it is right, the file is damaged: export it again."),
        path=path,
    )


def _not_usable(path: Path) -> Misconfigured:
    return Misconfigured(
        gettext_noop("%(path)s does not hold a certificate together with its private key."),
        remedy=gettext_noop("Export the certificate again, including the private key."),
        path=path,
    )


def _stamp(place: Place, password: str) -> _Stamp:
    """Changes whenever something that was read changes. The password itself is not kept."""
    files = [
        (status.st_ino, status.st_mtime_ns, status.st_size) if (status := _status(file)) else None
        for file in (place.path, place.options_file)
    ]
    return (place.path, sha256(password.encode("utf-8", "surrogateescape")).digest(), *files)


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None
