"""The one translator between invoices and VERI*FACTU. Another regime would change this file alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from billing.calculation import Subtotal
from billing.models import FiscalType, TaxSubtotal
from billing.parties import PartyCopy
from clients.models import TaxIdKind
from core.errors import Fault
from verifactu import codes, rules
from verifactu.registration import Breakdown, OtherId, Party, Registration

_TAXES = {"IVA": codes.Tax.IVA, "IPSI": codes.Tax.IPSI, "IGIC": codes.Tax.IGIC, "OTHER": codes.Tax.OTHER}
_ID_TYPES = {
    TaxIdKind.EU_VAT: codes.IdType.VAT_ID,
    TaxIdKind.PASSPORT: codes.IdType.PASSPORT,
    TaxIdKind.FOREIGN: codes.IdType.NATIONAL_ID,
    TaxIdKind.RESIDENCE: codes.IdType.RESIDENCE_CERTIFICATE,
    TaxIdKind.OTHER: codes.IdType.OTHER,
}
# Where in our payload a fault of a registration's element is mended.
_POINTERS = {
    "recipients": "#/client",
    "operation_date": "#/operation_date",
    "fiscal_type": "#/fiscal_type",
    "number": "#/series",
    "breakdowns": "#/lines",
    "tax_total": "#/lines",
    "gross_total": "#/lines",
    "description": "#/lines/0/description",
}


def registration_of(
    *,
    seller: PartyCopy,
    buyer: PartyCopy | None,
    number: str,
    issue_date: date,
    operation_date: date | None,
    fiscal_type: FiscalType,
    descriptions: Sequence[str],
    subtotals: Iterable[TaxSubtotal | Subtotal],
    tax_total_eur: Decimal,
    gross_total_eur: Decimal,
    correlation_id: str = "",
) -> Registration:
    """An invoice as VERI*FACTU must know it: in euro, withholding and disbursements left out."""
    kind = codes.FiscalType(fiscal_type.value)
    return Registration(
        issuer=Party(seller.name, seller.tax_id),
        number=number,
        issue_date=issue_date,
        operation_date=operation_date if operation_date != issue_date else None,
        fiscal_type=kind,
        description=_describe(descriptions),
        recipients=() if buyer is None or kind.names_no_recipient else (_party(buyer),),
        breakdowns=tuple(_breakdown(subtotal) for subtotal in subtotals),
        tax_total=tax_total_eur,
        gross_total=gross_total_eur,
        external_reference=correlation_id[:60],
    )


def preflight(registration: Registration, *, today: date) -> tuple[list[Fault], list[Fault]]:
    """What the AEAT would certainly reject, and what it would accept with errors, were it sent today."""
    blocking: list[Fault] = []
    warnings: list[Fault] = []
    for finding in rules.check(registration, today=today):
        (blocking if finding.severity == rules.Severity.BLOCKING else warnings).append(_fault(finding))
    return blocking, warnings


def _describe(descriptions: Sequence[str]) -> str:
    """The description of the operation (``DescripcionOperacion``, at most 500 characters)."""
    first = descriptions[0]
    return first if len(descriptions) == 1 else f"{first[:480]} (+{len(descriptions) - 1})"


def _party(buyer: PartyCopy) -> Party:
    if buyer.tax_id_kind == TaxIdKind.NIF:
        return Party(buyer.name, buyer.tax_id)
    return Party(buyer.name, OtherId(buyer.country, _ID_TYPES[TaxIdKind(buyer.tax_id_kind)], buyer.tax_id))


def _breakdown(subtotal: TaxSubtotal | Subtotal) -> Breakdown:
    tax = _TAXES[subtotal.tax]
    exempt = bool(subtotal.exemption_code)
    category = None if exempt else codes.TaxCategory(subtotal.tax_category)
    rated = category in {codes.TaxCategory.TAXED, codes.TaxCategory.REVERSE_CHARGE}
    surcharged = bool(subtotal.surcharge_rate)
    return Breakdown(
        tax=tax,
        regime_code=None if tax == codes.Tax.OTHER else codes.Regime(subtotal.regime_code),
        tax_category=category,
        exemption_code=codes.Exemption(subtotal.exemption_code) if exempt else None,
        tax_rate=subtotal.tax_rate if rated else None,
        taxable_amount=subtotal.taxable_amount_eur,
        tax_amount=subtotal.tax_amount_eur if rated else None,
        surcharge_rate=subtotal.surcharge_rate if surcharged else None,
        surcharge_amount=subtotal.surcharge_amount_eur if surcharged else None,
    )


def _fault(finding: rules.Finding) -> Fault:
    element = finding.element.split("/")[0]
    return Fault(f"aeat_{finding.code}", finding.message, _POINTERS.get(element, "#"), params=finding.params)
