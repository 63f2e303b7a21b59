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
from tests.verifactu.samples import TODAY, a_registration
from verifactu.models import Chain, FiscalRecord
from verifactu.registration import Annulment, Party
from verifactu.services.chaining import amend_registration, annul_invoice, register_invoice


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
        registration = a_registration(**{"issuer": self._issuer, "number": number, **changes})
        with transaction.atomic():
            return register_invoice(registration, clock=clock, **self._place)

    def amend(
        self, number: str = "A-1", *, clock: Callable[[], datetime] = lambda: NOW, **changes: Any
    ) -> FiscalRecord:
        registration = a_registration(**{"issuer": self._issuer, "number": number, **changes})
        with transaction.atomic():
            return amend_registration(registration, clock=clock, **self._place)

    def annul(
        self, number: str = "A-1", *, clock: Callable[[], datetime] = lambda: NOW, **changes: Any
    ) -> FiscalRecord:
        annulment = Annulment(**{"issuer_tax_id": self.seller.tax_id, "number": number, "issue_date": TODAY, **changes})
        with transaction.atomic():
            return annul_invoice(annulment, clock=clock, **self._place)

    @property
    def _issuer(self) -> Party:
        return Party(self.seller.legal_name, self.seller.tax_id)

    @property
    def _place(self) -> dict[str, Any]:
        seller = self.seller
        return {"invoice_id": self.invoice_id, "seller_id": seller.id, "mode": seller.mode, "zone": seller.zone}


def an_appender(*, igic: bool = False, **changes: Any) -> Appender:
    """For a new seller."""
    seller = a_seller(**changes)
    line = a_line(tax="IGIC", tax_rate="7") if igic else a_line()
    return Appender(seller, a_draft(a_client(seller), line).invoice.id)
