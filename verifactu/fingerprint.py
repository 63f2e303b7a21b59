"""The fingerprint («huella») of a record: Orden HAC/1177/2024 art. 13; AEAT specification 0.1.2, sections 3 to 6.

Upper-case hexadecimal SHA-256 over the UTF-8 bytes of ``name=value`` pairs, joined by ``&`` and not escaped. Only the
literals below are protected by it, so the whole XML has a digest of its own beside it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from verifactu import literals
from verifactu.registration import Annulment, Registration


@dataclass(frozen=True, slots=True)
class RegistrationLiterals:
    """What identifies a ``RegistroAlta``, as written in its XML."""

    issuer_tax_id: str
    number: str
    issue_date: str
    fiscal_type: str
    tax_total: str
    gross_total: str

    @classmethod
    def of(cls, registration: Registration) -> Self:
        """Write each value once."""
        return cls(
            issuer_tax_id=literals.text(registration.issuer.nif or ""),
            number=literals.text(registration.number),
            issue_date=literals.day(registration.issue_date),
            fiscal_type=registration.fiscal_type.value,
            tax_total=literals.amount(registration.tax_total),
            gross_total=literals.amount(registration.gross_total),
        )

    def fingerprint(self, *, previous: str, generated_at: str) -> str:
        """``previous`` is the fingerprint of the record before, empty for the first of a chain."""
        return _digest(
            ("IDEmisorFactura", self.issuer_tax_id),
            ("NumSerieFactura", self.number),
            ("FechaExpedicionFactura", self.issue_date),
            ("TipoFactura", self.fiscal_type),
            ("CuotaTotal", self.tax_total),
            ("ImporteTotal", self.gross_total),
            ("Huella", previous),
            ("FechaHoraHusoGenRegistro", generated_at),
        )


@dataclass(frozen=True, slots=True)
class AnnulmentLiterals:
    """What identifies a ``RegistroAnulacion``, as written in its XML."""

    issuer_tax_id: str
    number: str
    issue_date: str

    @classmethod
    def of(cls, annulment: Annulment) -> Self:
        """Write each value once."""
        return cls(
            issuer_tax_id=literals.text(annulment.issuer_tax_id),
            number=literals.text(annulment.number),
            issue_date=literals.day(annulment.issue_date),
        )

    def fingerprint(self, *, previous: str, generated_at: str) -> str:
        """``previous`` is the fingerprint of the record before, empty for the first of a chain."""
        return _digest(
            ("IDEmisorFacturaAnulada", self.issuer_tax_id),
            ("NumSerieFacturaAnulada", self.number),
            ("FechaExpedicionFacturaAnulada", self.issue_date),
            ("Huella", previous),
            ("FechaHoraHusoGenRegistro", generated_at),
        )


def _digest(*pairs: tuple[str, str]) -> str:
    hashed = "&".join(f"{name}={literals.text(value)}" for name, value in pairs)
    return hashlib.sha256(hashed.encode()).hexdigest().upper()
