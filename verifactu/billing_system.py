"""This program as the AEAT knows it: producer, version and installation (Orden HAC/1177/2024 art. 15).

The XML, the compliance statement and ``--version`` must say the same, so all of them read this value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from verifactu.registration import Party


@dataclass(frozen=True, slots=True)
class BillingSystem:
    """``SistemaInformatico``. ``id`` is the producer's two-character code of the program; ``installation_number``
    differs from every past and future installation's.

    The program can only work as VERI*FACTU, and for more than one taxpayer.
    """

    producer: Party
    name: str
    id: str
    version: str
    installation_number: str

    @classmethod
    def of(cls, configured: Mapping[str, str]) -> Self:
        """Read ``settings.BILLING_SYSTEM``."""
        return cls(
            producer=Party(name=configured["producer_name"], tax_id=configured["producer_tax_id"]),
            name=configured["name"],
            id=configured["id"],
            version=configured["version"],
            installation_number=configured["installation_number"],
        )
