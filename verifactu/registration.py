"""What billing asks VERI*FACTU to register, as values. Money is in euro, to the cent (RD 1619/2012 art. 10.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from verifactu.codes import (
    CorrectionMethod,
    Exemption,
    FiscalType,
    GeneratedBy,
    IdType,
    IssuedBy,
    PreviousRejection,
    Regime,
    Tax,
    TaxCategory,
)

LARGE_AMOUNT: Final = Decimal(100_000_000)
"""From this total on, of either sign, the record says so (``Macrodato``)."""


@dataclass(frozen=True, slots=True)
class OtherId:
    """Who has no NIF (``IDOtro``). ``country`` is ISO 3166-1 alpha-2.

    A VAT id begins with its country, and the AEAT compares the two (error 1122, where Greece is EL in the one and GR in
    the other), so for a VAT id ``country`` is not written.
    """

    country: str
    id_type: IdType
    id: str


@dataclass(frozen=True, slots=True)
class Party:
    """Issuer, recipient or third party; ``tax_id`` is the NIF, or the foreign identification."""

    name: str
    tax_id: str | OtherId

    @property
    def nif(self) -> str | None:
        """The NIF, when it is identified by one."""
        return self.tax_id if isinstance(self.tax_id, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """One line of the breakdown (``DetalleDesglose``).

    Exactly one of ``tax_category`` and ``exemption_code`` is set. ``None`` is not the same as nought: a reverse charge
    declares rate 0 and amount 0, what is exempt or not subject declares neither.
    """

    tax: Tax
    regime_code: Regime | None
    tax_category: TaxCategory | None = None
    exemption_code: Exemption | None = None
    tax_rate: Decimal | None = None
    taxable_amount: Decimal
    taxable_amount_at_cost: Decimal | None = None
    tax_amount: Decimal | None = None
    surcharge_rate: Decimal | None = None
    surcharge_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Another invoice, corrected or replaced by this one."""

    issuer_tax_id: str
    number: str
    issue_date: date


@dataclass(frozen=True, slots=True)
class CorrectedAmounts:
    """What was replaced, added up over all corrected invoices (``ImporteRectificacion``), for method S only."""

    taxable_amount: Decimal
    tax_amount: Decimal
    surcharge_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """An invoice as the AEAT must know it (``RegistroAlta``).

    ``tax_total`` includes the surcharge (``CuotaTotal``). ``gross_total`` is before withholding and without
    disbursements (``ImporteTotal``). ``operation_date`` is given only when it differs from ``issue_date``.
    ``external_reference`` comes back in the AEAT's answer.
    """

    issuer: Party
    number: str
    issue_date: date
    fiscal_type: FiscalType
    description: str
    breakdowns: tuple[Breakdown, ...]
    tax_total: Decimal
    gross_total: Decimal
    operation_date: date | None = None
    recipients: tuple[Party, ...] = ()
    external_reference: str = ""
    correction_method: CorrectionMethod | None = None
    corrected: tuple[Reference, ...] = ()
    replaced: tuple[Reference, ...] = ()
    corrected_amounts: CorrectedAmounts | None = None
    simplified_art_7273: bool = False
    no_recipient_art_61d: bool = False
    coupon: bool = False
    issued_by: IssuedBy | None = None
    third_party: Party | None = None
    invoicing_agreement: str = ""
    system_agreement: str = ""
    amendment: bool = False
    previous_rejection: PreviousRejection | None = None

    @property
    def is_large(self) -> bool:
        """Whether ``Macrodato`` must be declared."""
        return abs(self.gross_total) >= LARGE_AMOUNT

    @property
    def accrual_date(self) -> date:
        """The date whose rates apply: the operation's, or else the issue's."""
        return self.operation_date or self.issue_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Annulment:
    """An invoice that should never have been (``RegistroAnulacion``), named as it was registered.

    ``generator`` and ``generated_by`` are both given, or neither.
    """

    issuer_tax_id: str
    number: str
    issue_date: date
    external_reference: str = ""
    without_previous_record: bool = False
    previously_rejected: bool = False
    generated_by: GeneratedBy | None = None
    generator: Party | None = None
