"""The one translator between invoices and VERI*FACTU. Another regime would change this file alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.calculation import LineInput, Subtotal, first_lines
from billing.models import CorrectionMethod, FiscalType, Invoice, IssuingParty, TaxSubtotal
from billing.parties import PartyCopy
from billing.representation import Parts
from clients.models import TaxIdKind
from core.errors import Fault
from verifactu import codes, rules
from verifactu.registration import Annulment, Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration

_TAXES = {"IVA": codes.Tax.IVA, "IPSI": codes.Tax.IPSI, "IGIC": codes.Tax.IGIC, "OTHER": codes.Tax.OTHER}
_ID_TYPES = {
    TaxIdKind.EU_VAT: codes.IdType.VAT_ID,
    TaxIdKind.PASSPORT: codes.IdType.PASSPORT,
    TaxIdKind.FOREIGN: codes.IdType.NATIONAL_ID,
    TaxIdKind.RESIDENCE: codes.IdType.RESIDENCE_CERTIFICATE,
    TaxIdKind.OTHER: codes.IdType.OTHER,
}
# Where in a draft a fault of a registration's element is mended.
_POINTERS = {
    "recipients": "#/client",
    "operation_date": "#/operation_date",
    "fiscal_type": "#/fiscal_type",
    "number": "#/series",
    "breakdowns": "#/lines",
    "tax_total": "#/lines",
    "gross_total": "#/lines",
    "description": "#/lines/0/description",
    "corrected": "#/also_corrects",
    "correction_method": "#/method",
    "corrected_amounts": "#/method",
    "replaced": "#/also_replaces",
    "simplified_art_7273": "#/simplified_art_7273",
    "no_recipient_art_61d": "#/no_recipient_art_61d",
    "coupon": "#/coupon",
    "issued_by": "#/issuing_party",
    "third_party": "#/third_party",
}
# What a line says itself; what is calculated from it is the whole line's.
_OF_LINES = frozenset({"tax_category", "exemption_code", "regime_code", "tax_rate", "surcharge_rate"})
_METHODS = {
    CorrectionMethod.DIFFERENCES: codes.CorrectionMethod.DIFFERENCES,
    CorrectionMethod.SUBSTITUTION: codes.CorrectionMethod.SUBSTITUTION,
}
_ISSUING_PARTIES = {
    IssuingParty.RECIPIENT: codes.IssuedBy.RECIPIENT,
    IssuingParty.THIRD_PARTY: codes.IssuedBy.THIRD_PARTY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What the record of only some invoices says."""

    correction_method: codes.CorrectionMethod | None = None
    corrected: tuple[Reference, ...] = ()
    replaced: tuple[Reference, ...] = ()
    corrected_amounts: CorrectedAmounts | None = None
    simplified_art_7273: bool = False
    no_recipient_art_61d: bool = False
    coupon: bool = False
    issued_by: codes.IssuedBy | None = None
    third_party: Party | None = None


def particulars_of(invoice: Invoice, *, seller_tax_id: str, preceding: Iterable[Invoice]) -> Particulars:
    """From the invoice's own columns. ``preceding`` are the invoices to name: what it corrects or, of type F3, the
    simplified ones in whose place it stands (or stood, where it withdraws another F3)."""
    references = tuple(
        Reference(seller_tax_id, one.display_number or "", one.issue_date) for one in preceding if one.issue_date
    )
    corrective = FiscalType(invoice.fiscal_type).is_corrective
    third_party = PartyCopy.from_json(invoice.third_party) if invoice.third_party else None
    return Particulars(
        correction_method=_METHODS[CorrectionMethod(invoice.correction_method)] if corrective else None,
        corrected=references if corrective else (),
        replaced=() if corrective else references,
        corrected_amounts=_replaced_by(invoice),
        simplified_art_7273=invoice.simplified_art_7273,
        no_recipient_art_61d=invoice.no_recipient_art_61d,
        coupon=invoice.coupon,
        issued_by=_ISSUING_PARTIES[IssuingParty(invoice.issuing_party)] if invoice.issuing_party else None,
        third_party=_party(third_party) if third_party else None,
    )


def _replaced_by(invoice: Invoice) -> CorrectedAmounts | None:
    """One block, whatever the number of invoices corrected (``ImporteRectificacion``)."""
    if invoice.replaced_net_eur is None or invoice.replaced_tax_eur is None:
        return None
    return CorrectedAmounts(invoice.replaced_net_eur, invoice.replaced_tax_eur, invoice.replaced_surcharge_eur or None)


def annulment_of(invoice: Invoice) -> Annulment:
    """The record that says that an issued invoice should never have been, named as it was registered."""
    assert invoice.seller_copy is not None, "only issued invoices are annulled"
    assert invoice.display_number is not None, "only issued invoices are annulled"
    assert invoice.issue_date is not None, "only issued invoices are annulled"
    return Annulment(
        issuer_tax_id=invoice.seller_copy["tax_id"],
        number=invoice.display_number,
        issue_date=invoice.issue_date,
        external_reference=invoice.correlation_id[:60],
    )


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
    particulars: Particulars = Particulars(),
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
        correction_method=particulars.correction_method,
        corrected=particulars.corrected,
        replaced=particulars.replaced,
        corrected_amounts=particulars.corrected_amounts,
        simplified_art_7273=particulars.simplified_art_7273,
        no_recipient_art_61d=particulars.no_recipient_art_61d,
        coupon=particulars.coupon,
        issued_by=particulars.issued_by,
        third_party=particulars.third_party,
    )


def registration_of_invoice(
    parts: Parts,
    *,
    seller: PartyCopy,
    buyer: PartyCopy | None,
    number: str,
    issue_date: date,
    preceding: Iterable[Invoice],
) -> Registration:
    """An invoice's row with its lines, as VERI*FACTU must know it: about to be issued, or issued long ago."""
    invoice = parts.invoice
    return registration_of(
        seller=seller,
        buyer=buyer,
        number=number,
        issue_date=issue_date,
        operation_date=invoice.operation_date,
        fiscal_type=FiscalType(invoice.fiscal_type),
        descriptions=[line.description for line in parts.lines],
        subtotals=parts.subtotals,
        tax_total_eur=invoice.tax_total_eur,
        gross_total_eur=invoice.gross_total_eur,
        correlation_id=invoice.correlation_id,
        particulars=particulars_of(invoice, seller_tax_id=seller.tax_id, preceding=preceding),
    )


@dataclass(frozen=True, slots=True)
class DraftPlaces:
    """Where in a draft that has these lines something is mended; ``describes_client`` unless it names it by id."""

    lines: Sequence[LineInput]
    describes_client: bool = False

    def pointer_to(self, element: str) -> str:
        """An element of the registration (``breakdowns/0/tax_rate``), where the caller wrote it: of a breakdown, in
        the first of its lines."""
        name, _, rest = element.partition("/")
        position, _, part = rest.partition("/")
        if name == "breakdowns" and position:
            return self._in_a_line(int(position), part)
        if name == "recipients" and part and self.describes_client:
            return f"#/client/{part}"
        if name == "third_party" and rest:
            return f"#/third_party/{rest}"
        return _POINTERS.get(name, "#")

    def _in_a_line(self, subtotal: int, part: str) -> str:
        line = f"#/lines/{first_lines(self.lines)[subtotal]}"
        return f"{line}/{part}" if part in _OF_LINES else line


def preflight(
    registration: Registration, *, today: date, pointer_to: Callable[[str], str]
) -> tuple[list[Fault], list[Fault]]:
    """What the AEAT would certainly reject, and what it would accept with errors, were it sent today. ``pointer_to``
    tells where in the caller's words an element of the registration is."""
    blocking: list[Fault] = []
    warnings: list[Fault] = []
    for finding in rules.check(registration, today=today):
        fault = Fault(f"aeat_{finding.code}", finding.message, pointer_to(finding.element), params=finding.params)
        (blocking if finding.severity == rules.Severity.BLOCKING else warnings).append(fault)
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
