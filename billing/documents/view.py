"""What the paper shows, as values: decimals and dates, nothing formatted, nothing to look up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.parties import PartyCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line (RD 1619/2012 art. 6.1.f and g). ``unit_price`` includes the tax where the document's prices do."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    line_net: Decimal
    tax_rate: Decimal
    tax: str = "IVA"
    tax_category: str = "S1"
    surcharge_rate: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)
    product_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxView:
    """The base of one tax, category and rate, kept apart (arts. 6.1.h and 6.2)."""

    tax_rate: Decimal
    taxable_amount: Decimal
    tax_amount: Decimal
    tax: str = "IVA"
    tax_category: str = "S1"
    surcharge_rate: Decimal = Decimal(0)
    surcharge_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceView:
    """An invoice that this one corrects or replaces."""

    number: str
    issue_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """An invoice on paper. Money is in ``currency``, what ends in ``_eur`` in euro; ``exchange_rate`` is for one euro.

    ``preceding`` are what it corrects or, without a ``correction_method``, replaces; ``replaced_`` amounts are those in
    whose place a substitution is put (RD 1619/2012 art. 15). A draft has no ``number`` and no ``qr_url``.
    ``mentions`` are the sentences that the law asks for, ready to print.
    """

    language: str
    fiscal_type: str
    is_test: bool
    seller: PartyCopy
    buyer: PartyCopy | None
    lines: tuple[LineView, ...]
    taxes: tuple[TaxView, ...]
    net_total: Decimal
    tax_total: Decimal
    gross_total: Decimal
    amount_due: Decimal
    number: str = ""
    issue_date: date | None = None
    operation_date: date | None = None
    due_date: date | None = None
    surcharge_total: Decimal = Decimal(0)
    withholding_percent: Decimal = Decimal(0)
    withholding_total: Decimal = Decimal(0)
    currency: str = "EUR"
    exchange_rate: Decimal = Decimal(1)
    tax_total_eur: Decimal = Decimal(0)
    gross_total_eur: Decimal = Decimal(0)
    prices_include_tax: bool = False
    payment_terms: str = ""
    purchase_order: str = ""
    buyer_reference: str = ""
    correction_method: str = ""
    preceding: tuple[ReferenceView, ...] = ()
    replaced_net_eur: Decimal | None = None
    replaced_tax_eur: Decimal | None = None
    replaced_surcharge_eur: Decimal | None = None
    third_party: PartyCopy | None = None
    mentions: tuple[str, ...] = ()
    notes: str = ""
    qr_url: str = ""
    correlation_id: str = ""

    @property
    def is_draft(self) -> bool:
        """Only what is issued has a number."""
        return not self.number
