"""From what the caller wants to an invoice that could be issued: everything looked up, checked and calculated.

Nothing is written here. Preview, creation and change all compose first, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from billing import errors, fiscal
from billing.balance import Amounts
from billing.calculation import LineInput, Subtotal, Totals, calculate, check_size
from billing.drafts import InvoiceDraft
from billing.models import CorrectionMethod, FiscalType, Invoice, Rounding, Seller, Series
from billing.numbering import format_number
from billing.parties import PartyCopy
from billing.representation import Parts
from billing.services.buyers import Buyer
from billing.services.deciding import decide
from billing.services.fitting import fit_among, look_back
from clients.models import Client, TaxIdKind
from core.errors import Fault, Invalid, gettext_noop


@dataclass(frozen=True, slots=True)
class Composition:
    """A draft with everything decided. ``lines`` and ``taxed`` go in step: what was asked, and its tax."""

    seller: Seller
    series: Series
    client: Client | None
    fiscal_type: FiscalType
    draft: InvoiceDraft
    taxed: tuple[LineInput, ...]
    totals: Totals
    exchange_rate: Decimal
    rounding: str
    third_party: PartyCopy | None = None
    preceding: tuple[Invoice, ...] = ()
    replaced: Amounts | None = None
    warnings: tuple[Fault, ...] = ()


def compose(draft: InvoiceDraft, *, seller: Seller, buyer: Buyer, today: date) -> Composition:
    """Decide type, series and taxes, and calculate. ``today`` is in the seller's zone.

    Raises Invalid with every fault of the draft, each at its pointer, and the buyer's.
    """
    before = look_back(draft)
    decided = decide(draft, seller=seller, buyer=buyer, today=today, before=before)
    if decided.faults:
        raise Invalid(decided.faults)
    assert decided.series is not None, "no series is a fault"
    rounding = before.latest.rounding if before else seller.rounding
    totals = calculate(
        decided.taxed,
        prices_include_tax=draft.prices_include_tax,
        per_line=rounding == Rounding.PER_LINE,
        withholding_percent=draft.withholding_percent,
        exchange_rate=decided.exchange_rate,
    )
    replaced = None
    if before:
        fitting = fit_among(draft, before, totals, decided.taxed, inside=draft.prices_include_tax)
        if fitting.faults:
            raise Invalid(fitting.faults)
        totals, replaced = fitting.totals, fitting.replaced
    composition = Composition(
        seller=seller,
        series=decided.series,
        client=buyer.client,
        fiscal_type=decided.fiscal_type,
        draft=draft,
        taxed=decided.taxed,
        totals=totals,
        exchange_rate=decided.exchange_rate,
        rounding=rounding,
        third_party=decided.third_party,
        preceding=before.preceding if before else (),
        replaced=replaced,
    )
    faults = _check_totals(composition)
    if faults:
        raise Invalid(faults)
    faults, warnings = _preflight(composition, describes_client=buyer.is_described, today=today)
    if faults:
        raise Invalid(faults)
    if lacks_address(buyer.client, composition.fiscal_type):
        warnings.append(errors.buyer_address_missing())
    return replace(composition, warnings=(*buyer.warnings, *warnings))


def inputs_of(parts: Parts) -> list[LineInput]:
    """The lines of a draft, for the calculation."""
    return [LineInput(**{name: getattr(line, name) for name in _INPUT}) for line in parts.lines]


def totals_of(parts: Parts) -> Totals:
    """What a draft's lines come to."""
    invoice = parts.invoice
    return calculate(
        inputs_of(parts),
        prices_include_tax=invoice.prices_include_tax,
        per_line=invoice.rounding == Rounding.PER_LINE,
        withholding_percent=invoice.withholding_percent,
        exchange_rate=invoice.exchange_rate,
    )


def adds_up(parts: Parts, totals: Totals | None = None) -> bool:
    """Whether a draft's figures are these, or else those of its lines. The verbs keep it so; what came by SQL may
    not."""
    invoice, totals = parts.invoice, totals or totals_of(parts)
    subtotals = [Subtotal(**{name: getattr(row, name) for name in _SUBTOTAL}) for row in parts.subtotals]
    return (
        [line.line_net for line in parts.lines] == [*totals.line_nets]
        and subtotals == [*totals.subtotals]
        and all(getattr(invoice, name) == getattr(totals, name) for name in _FIGURES)
    )


_INPUT = [field.name for field in fields(LineInput)]
_SUBTOTAL = [field.name for field in fields(Subtotal)]
_FIGURES = [field.name for field in fields(Totals) if field.name not in {"line_nets", "subtotals"}]


def _preflight(composition: Composition, *, describes_client: bool, today: date) -> tuple[list[Fault], list[Fault]]:
    """What the AEAT would say if it were issued today, with the first number of its series."""
    seller, client, series, draft = composition.seller, composition.client, composition.series, composition.draft
    registration = fiscal.registration_of(
        seller=PartyCopy.of(seller, name=seller.legal_name),
        buyer=PartyCopy.of(client, name=client.name) if client else None,
        number=format_number(series, number=series.first_number, issue_date=today),
        issue_date=today,
        operation_date=draft.operation_date,
        fiscal_type=composition.fiscal_type,
        descriptions=[line.description for line in draft.lines],
        subtotals=composition.totals.subtotals,
        tax_total_eur=composition.totals.tax_total_eur,
        gross_total_eur=composition.totals.gross_total_eur,
        particulars=_particulars(composition),
    )
    places = fiscal.DraftPlaces(composition.taxed, describes_client)
    return fiscal.preflight(registration, today=today, pointer_to=places.pointer_to)


def _particulars(composition: Composition) -> fiscal.Particulars:
    if not composition.preceding and not any(getattr(composition.draft, name) for name in _MARKS):
        return fiscal.Particulars()  # as most are
    invoice = Invoice(fiscal_type=composition.fiscal_type)
    mark(invoice, composition)
    return fiscal.particulars_of(
        invoice, seller_tax_id=composition.seller.tax_id, preceding=named_by(invoice, composition.preceding)
    )


def named_by(invoice: Invoice, preceding: Iterable[Invoice]) -> list[Invoice]:
    """Whom the record names: what it corrects or replaces; where it withdraws a replacement, the tickets of that."""
    listed = list(preceding)
    if invoice.fiscal_type != FiscalType.F3 or not invoice.correction_method:
        return listed
    return [link.original for one in listed for link in one.preceding.select_related("original")]


def mark(invoice: Invoice, composition: Composition) -> None:
    """Write into an invoice what makes it a correction, and what only some invoices say."""
    draft, correction, replaced = composition.draft, composition.draft.correction, composition.replaced
    invoice.correction_method = correction.method if correction else ""
    invoice.correction_event_date = correction.event_date if correction else None
    invoice.replaced_net_eur = replaced.taxable_amount_eur if replaced else None
    invoice.replaced_tax_eur = replaced.tax_amount_eur if replaced else None
    invoice.replaced_surcharge_eur = replaced.surcharge_amount_eur if replaced else None
    for name in _MARKS:
        setattr(invoice, name, getattr(draft, name))
    invoice.third_party = composition.third_party.to_json() if composition.third_party else None


_MARKS = ["simplified_art_7273", "no_recipient_art_61d", "coupon", "issuing_party"]


def _check_totals(composition: Composition) -> list[Fault]:
    totals = composition.totals
    faults = check_size(totals)
    by_differences = composition.draft.correction and (
        composition.draft.correction.method == CorrectionMethod.DIFFERENCES
    )
    if totals.gross_total < 0 and not by_differences:
        message = gettext_noop("The total is %(total)s: only a correction by differences may be negative.")
        faults.append(Fault("gross_total_negative", message, "#/lines", params={"total": totals.gross_total}))
    limited = not composition.draft.no_recipient_art_61d
    if limited and over_limit(composition.seller, composition.fiscal_type, totals.gross_total_eur):
        faults.append(errors.simplified_over_limit(composition.seller.simplified_limit))
    if _goes_to_the_union(composition) and not _buyer_may_take_it_there(composition.client):
        faults.append(errors.intra_eu_needs_vat_id())
    return faults


def _goes_to_the_union(composition: Composition) -> bool:
    return any(line.tax == "IVA" and line.exemption_code == "E5" for line in composition.taxed)


def _buyer_may_take_it_there(client: Client | None) -> bool:
    """An exempt intra-EU supply names a buyer by its VAT id, never on a simplified invoice (RD 1619/2012 arts. 4 and
    6.1.d.1). One with a Spanish NIF is the AEAT's own rule (1289)."""
    return client is not None and client.tax_id_kind in {TaxIdKind.EU_VAT, TaxIdKind.NIF}


def over_limit(seller: Seller, fiscal_type: str, gross_total_eur: Decimal) -> bool:
    """Whether the total is too much for a simplified invoice (RD 1619/2012 art. 4)."""
    return fiscal_type == FiscalType.F2 and gross_total_eur > seller.simplified_limit


def lacks_address(client: Client | None, fiscal_type: str) -> bool:
    """Whether a full invoice's buyer has no whole address (RD 1619/2012 art. 6.1.e)."""
    address = client and client.street.strip() and client.postal_code.strip() and client.city.strip()
    return FiscalType(fiscal_type).names_its_buyer and not address
