"""Both parties as an invoice carries them: copies, never joined again (RD 1619/2012 art. 6.1.c–e)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCopy:
    """Seller or buyer at the moment of issue. Empty strings where nothing is known."""

    name: str
    tax_id: str = ""
    tax_id_kind: str = ""
    country: str = "ES"
    street: str = ""
    postal_code: str = ""
    city: str = ""
    province: str = ""
    email: str = ""
    language: str = "es"
    trade_name: str = ""
    phone: str = ""
    website: str = ""
    registry_details: str = ""
    iban: str = ""
    payment_terms: str = ""
    territory: str = ""

    @classmethod
    def of(cls, row: object, *, name: str) -> Self:
        """Copy what ``row`` (a seller or a client) knows."""
        known = {name: getattr(row, name) for name in cls.__slots__ if hasattr(row, name)}
        return cls(**{**known, "name": name})

    @classmethod
    def from_json(cls, copy: dict[str, str]) -> Self:
        """Read a stored copy; what an older version did not store stays empty."""
        return cls(**{"name": "", **{name: value for name, value in copy.items() if name in cls.__slots__}})

    def to_json(self) -> dict[str, str]:
        """For the invoice's column, without what is empty."""
        return {name: str(value) for name in self.__slots__ if (value := getattr(self, name))}
