"""What the simulated AEAT keeps in its folder, and what it leaves there for those who send.

``simulated-aeat-ca.pem`` is what clients trust; ``test/<NIF>.p12``, with its password beside it, is a certificate for
each NIF that a test seller may have: those of the list at once, those of fresh starts when a sender asks for one.
Everything is made once, kept, and made anew only when it has ended.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from core.fictitious import FICTITIOUS, is_of_range, party_of
from core.modes import Mode
from core.private import write_private
from core.tax_ids import is_natural_person
from verifactu.simulator.authority import FOREIGN, OURS, Authority, Holder, Kind

CA_FILE: Final = "simulated-aeat-ca.pem"


@dataclass(frozen=True, slots=True)
class Folder:
    """The certificates folder of an installation in test mode."""

    path: Path

    @property
    def ca_file(self) -> Path:
        return self.path / CA_FILE

    @property
    def server_file(self) -> Path:
        """Key and certificate of the server: a secret."""
        return self._own / "server.pem"

    @property
    def store_file(self) -> Path:
        """What was sent and answered so far."""
        return self._own / "records.sqlite3"

    @property
    def _own(self) -> Path:
        return self.path / "simulated-aeat"

    def pkcs12_file(self, tax_id: str) -> Path:
        return self.path / Mode.TEST.value / f"{tax_id}.p12"

    def password_file(self, tax_id: str) -> Path:
        return self.path / Mode.TEST.value / f"{tax_id}.password"

    def prepare(self, *, holders: Mapping[str, Holder] | None = None, now: datetime | None = None) -> Authority:
        """Make what is missing or has ended; ``holders`` are by NIF. Certificates of other authorities stay."""
        at = now or datetime.now(UTC)
        for folder in (self._own, self.path / Mode.TEST.value):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = self._authority(at)
        if not self._serves(authority, at):
            write_private(self.server_file, authority.certify_server().pem())
        for holder in (holders_in_test_mode() if holders is None else holders).values():
            if self._needs(holder.tax_id, authority, at):
                self.hand_out(authority, holder)
        return authority

    def hand_out(self, authority: Authority, holder: Holder, *, ends: datetime | None = None) -> None:
        """Leave a certificate for ``holder``, instead of any that was there; its password stays."""
        password_file = self.password_file(holder.tax_id)
        if not password_file.exists():
            write_private(password_file, secrets.token_urlsafe(16) + "\n")
        identity = authority.certify(holder, ends=ends)
        write_private(self.pkcs12_file(holder.tax_id), identity.pkcs12(password_file.read_text().strip()))

    def certify(self, authority: Authority, tax_id: str, *, now: datetime | None = None) -> bool:
        """Leave a certificate for a company of a fresh start, unless it has a good one; say whether it is one."""
        party = party_of(tax_id) if is_of_range(tax_id) else None
        if party is None:
            return False
        if self._needs(tax_id, authority, now or datetime.now(UTC)):
            self.hand_out(authority, _holder(tax_id, party.name))
        return True

    def foreign_authority(self, *, now: datetime | None = None) -> Authority:
        """One whose certificates the simulated AEAT turns away."""
        return self._kept_authority("foreign-authority.pem", FOREIGN, now or datetime.now(UTC))

    def _kept_authority(self, name: str, common_name: str, now: datetime) -> Authority:
        file = self._own / name
        kept = Authority.from_pem(file.read_bytes()) if file.exists() else None
        if kept is None or kept.certificate.not_valid_after_utc <= now:
            kept = Authority.create(now=now, name=common_name)
            write_private(file, kept.to_pem())
        return kept

    def _authority(self, now: datetime) -> Authority:
        kept = self._kept_authority("authority.pem", OURS, now)
        if not self.ca_file.exists() or self.ca_file.read_bytes() != kept.certificate_pem():
            write_private(self.ca_file, kept.certificate_pem())
        return kept

    def _serves(self, authority: Authority, now: datetime) -> bool:
        if not self.server_file.exists():
            return False
        certificate = x509.load_pem_x509_certificate(self.server_file.read_bytes())
        return authority.made(certificate) and certificate.not_valid_after_utc > now

    def _needs(self, tax_id: str, authority: Authority, now: datetime) -> bool:
        """Whether this NIF has no certificate, or one of ours that has ended or is of an authority that we lost."""
        file, password_file = self.pkcs12_file(tax_id), self.password_file(tax_id)
        if not (file.exists() and password_file.exists()):
            return True
        password = password_file.read_text().strip().encode()
        try:
            certificate = pkcs12.load_key_and_certificates(file.read_bytes(), password)[1]
        except ValueError:  # somebody's own, which its password does not open
            return False
        if certificate is None or certificate.issuer != authority.certificate.subject:
            return False
        return not authority.made(certificate) or certificate.not_valid_after_utc <= now


def holders_in_test_mode() -> dict[str, Holder]:
    """Whoever may sell in test mode: people with their own certificate, entities with their representative's."""
    return {
        tax_id: _holder(tax_id, fictitious.name)
        for tax_id, fictitious in FICTITIOUS.items()
        if fictitious.country == "ES"
    }


def _holder(tax_id: str, name: str) -> Holder:
    return Holder(tax_id, name, Kind.PERSON if is_natural_person(tax_id) else Kind.REPRESENTATIVE)
