"""The sellers' certificates: who they speak for, until when, and whether they may be used at all.

A certificate is read again when one of its files has changed, so a renewed one is used without a restart.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from django.conf import settings

from core.errors import gettext_noop
from core.modes import Mode
from verifactu.aeat.certificate_facts import Facts
from verifactu.aeat.certificate_files import Options, Place, place_of, read_options
from verifactu.aeat.errors import Misconfigured
from verifactu.aeat.keystores import Keystore, unlock
from verifactu.registration import Party


@dataclass(frozen=True, slots=True)
class Certificate:
    """A seller's certificate, with its key. ``representative`` is its holder, when that is not the seller itself."""

    place: Place
    is_seal: bool
    representative: Party | None
    keystore: Keystore

    @property
    def facts(self) -> Facts:
        """What it says of itself."""
        return self.keystore.facts

    @property
    def subject(self) -> str:
        return self.facts.subject

    @property
    def tax_id(self) -> str:
        """The NIF it speaks for: the seller's, or its representative's."""
        return self.facts.tax_id

    @property
    def not_after(self) -> datetime:
        return self.facts.not_after

    def present(self, context: ssl.SSLContext) -> None:
        """Let ``context`` show this certificate. Raises Misconfigured if TLS takes it for too weak."""
        try:
            self.keystore.present(context)
        except ssl.SSLError as error:
            raise Misconfigured(
                gettext_noop("%(path)s is of no use for TLS: %(reason)s."),
                remedy=gettext_noop("Ask its authority for a new one, with an RSA key of 2048 bits or more."),
                path=self.place.path,
                reason=(error.reason or "").replace("_", " ").lower(),
            ) from error

    def check_dates(self, now: datetime) -> None:
        """Raises Misconfigured unless it is valid now."""
        if now > self.facts.not_after:
            raise Misconfigured(
                gettext_noop("The certificate %(path)s expired on %(day)s."),
                remedy=gettext_noop("Put the renewed one in its place; nothing needs to be restarted."),
                path=self.place.path,
                day=f"{self.facts.not_after:%Y-%m-%d}",
            )
        if now < self.facts.not_before:
            raise Misconfigured(
                gettext_noop("The certificate %(path)s is not valid before %(day)s."),
                remedy=gettext_noop("Use the former one until then, and see that this machine's clock is right."),
                path=self.place.path,
                day=f"{self.facts.not_before:%Y-%m-%d}",
            )


_Stamp: TypeAlias = tuple[object, ...]
_known: dict[tuple[Mode, str], tuple[_Stamp, Certificate]] = {}


def certificate_of(*, tax_id: str, mode: Mode, now: datetime) -> Certificate:
    """The certificate of this seller, to be used now. Raises Misconfigured, with what mends it."""
    certificate = stored_certificate(tax_id=tax_id, mode=mode)
    certificate.check_dates(now)
    return certificate


def stored_certificate(*, tax_id: str, mode: Mode) -> Certificate:
    """The certificate of this seller, whatever its dates. Raises Misconfigured."""
    place = locate(tax_id=tax_id, mode=mode)
    password = place.password()
    stamp = _stamp(place, password)
    known = _known.get((mode, tax_id))
    if known is None or known[0] != stamp:
        known = (stamp, assign(place, unlock(place.content(), password, path=place.path)))
        _known[mode, tax_id] = known
    return known[1]


def locate(*, tax_id: str, mode: Mode) -> Place:
    """Where the certificate of this seller lies. Raises Misconfigured."""
    return place_of(tax_id=tax_id, mode=mode, folder=Path(settings.CERTIFICATES_FOLDER), environment=os.environ)


def assign(place: Place, keystore: Keystore) -> Certificate:
    """The seller's certificate, if it is the seller's own or that of a representative who is meant to send. Raises
    Misconfigured."""
    options, looks_like_a_seal = read_options(place), keystore.facts.is_seal
    is_seal = looks_like_a_seal if options.is_seal is None else options.is_seal
    return Certificate(place, is_seal, _representative(place, keystore.facts, options), keystore)


def _representative(place: Place, facts: Facts, options: Options) -> Party | None:
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
