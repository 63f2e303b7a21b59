"""This program as the AEAT knows it: producer, version and installation, from one place (Orden HAC/1177/2024 art. 15).

The XML, the compliance statement and ``--version`` must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

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


def current() -> BillingSystem:
    """What ``settings.BILLING_SYSTEM`` says."""
    configured: dict[str, str] = settings.BILLING_SYSTEM
    return BillingSystem(
        producer=Party(name=configured["producer_name"], tax_id=configured["producer_tax_id"]),
        name=configured["name"],
        id=configured["id"],
        version=configured["version"],
        installation_number=configured["installation_number"],
    )
