"""A seller with an open chain, and a short way to append to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import Seller
from tests.builders import NOW, a_client, a_draft, a_line, a_seller
from tests.verifactu.samples import a_registration
from verifactu.models import Chain, FiscalRecord
from verifactu.registration import Party
from verifactu.services.chaining import register_invoice


@dataclass(frozen=True)
class Appender:
    """Appends records for one seller; drafts stand for the invoices, since the chain does not look at them."""

    seller: Seller
    invoice_id: uuid.UUID

    @property
    def chain(self) -> Chain:
        return Chain.objects.get(seller=self.seller)

    @property
    def records(self) -> list[FiscalRecord]:
        return list(FiscalRecord.objects.filter(chain=self.chain).order_by("sequence"))

    def append(
        self, number: str = "A-1", *, clock: Callable[[], datetime] = lambda: NOW, **changes: Any
    ) -> FiscalRecord:
        issuer = Party(self.seller.legal_name, self.seller.tax_id)
        with transaction.atomic():
            return register_invoice(
                a_registration(**{"issuer": issuer, "number": number, **changes}),
                invoice_id=self.invoice_id,
                seller_id=self.seller.id,
                mode=self.seller.mode,
                zone=self.seller.zone,
                clock=clock,
            )


def an_appender(*, igic: bool = False, **changes: Any) -> Appender:
    """For a new seller."""
    seller = a_seller(**changes)
    line = a_line(tax="IGIC", tax_rate="7") if igic else a_line()
    return Appender(seller, a_draft(a_client(seller), line).invoice.id)
