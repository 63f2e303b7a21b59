"""An invoice as the caller wants it, before anything is looked up or calculated. Plain values."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line. What is None is derived: the tax from the seller's territory, the category from rate and exemption."""

    description: str
    unit_price: Decimal
    quantity: Decimal = Decimal(1)
    discount_percent: Decimal = Decimal(0)
    tax_rate: Decimal | None = None
    tax: str | None = None
    tax_category: str | None = None
    exemption_code: str = ""
    regime_code: str | None = None
    surcharge_rate: Decimal | None = None
    product_code: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """That a draft corrects issued invoices (RD 1619/2012 art. 15): how, why (R1 to R5; F3 withdraws an F3), and since
    when, where something that happened later made it due (LIVA art. 80)."""

    method: str
    reason: str
    originals: tuple[uuid.UUID, ...]
    event_date: date | None = None


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """Who issues in the seller's name (RD 1619/2012 art. 5.3)."""

    name: str
    tax_id: str
    country: str = "ES"


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """The content of a draft. ``client`` is a client's id; None for a simplified invoice without buyer.

    ``exchange_rate`` is units of ``currency`` for one euro, needed when it is not the euro. ``withholding_percent``
    reduces what is due, not the total. ``replaces`` are the simplified invoices in whose place it is put.
    """

    lines: tuple[LineDraft, ...]
    client: uuid.UUID | None = None
    series: str | None = None
    fiscal_type: str | None = None
    operation_date: date | None = None
    due_date: date | None = None
    currency: str = "EUR"
    exchange_rate: Decimal | None = None
    prices_include_tax: bool = False
    withholding_percent: Decimal = Decimal(0)
    equivalence_surcharge: bool = False
    purchase_order: str = ""
    buyer_reference: str = ""
    payment_terms: str = ""
    notes: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""
    language: str | None = None
    simplified_art_7273: bool = False
    no_recipient_art_61d: bool = False
    coupon: bool = False
    issuing_party: str = ""
    third_party: ThirdParty | None = None
    correction: Correction | None = None
    replaces: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceEventKey:
    """The business event behind an invoice, and the whole request that told us of it (without ``issue``)."""

    source: str
    type: str
    id: str
    content: Mapping[str, object]
