"""PKCS#12 files (RFC 7292), opened: a private key, its certificate, and the issuers that came with it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from core.errors import gettext_noop
from verifactu.aeat.certificate_facts import Facts, facts_of, name_of
from verifactu.aeat.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Keystore:
    """``issuers`` are the subjects of the authorities' certificates, from its own issuer upwards. The key stays in
    memory."""

    facts: Facts
    issuers: tuple[str, ...]
    _pem: bytes = field(repr=False)

    def present(self, context: ssl.SSLContext) -> None:
        """Let ``context`` show this certificate. ``ssl`` only reads files: this one is in memory, and ours alone."""
        with os.fdopen(os.memfd_create("certificate", os.MFD_CLOEXEC), "wb", buffering=0) as file:
            file.write(self._pem)
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")


def unlock(content: bytes, password: str, *, path: Path) -> Keystore:
    """Open what was read from ``path``. Raises Misconfigured if it is not PKCS#12, the password is wrong, or it lacks
    the key or its certificate."""
    key, certificate, others = _open(content, password, path)
    chain = _chain(certificate, others)
    pem = key + b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, *chain))
    return Keystore(facts_of(certificate), tuple(name_of(issuer.subject) for issuer in chain), pem)


def _open(content: bytes, password: str, path: Path) -> tuple[bytes, x509.Certificate, Sequence[x509.Certificate]]:
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
