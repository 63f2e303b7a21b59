"""From what the caller wants to an invoice that could be issued: everything looked up, checked and calculated.

Nothing is written here. Preview, creation and change all compose first, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from audit.rows import find
from billing import errors, fiscal, taxes
from billing.calculation import LineInput, Subtotal, Totals, calculate, check_size
from billing.drafts import InvoiceDraft, LineDraft
from billing.models import FiscalType, Rounding, Seller, Series, SeriesKind
from billing.numbering import format_number
from billing.parties import PartyCopy
from billing.representation import Parts
from billing.services.buyers import Buyer
from clients.models import Client, TaxIdKind
from core.errors import Fault, Invalid, gettext_noop

ONE = Decimal(1)
MAXIMUM_LINES = 1_000


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
    warnings: tuple[Fault, ...] = ()


def compose(draft: InvoiceDraft, *, seller: Seller, buyer: Buyer, today: date) -> Composition:
    """Decide type, series and taxes, and calculate. ``today`` is in the seller's zone.

    Raises Invalid with every fault of the draft, each at its pointer, and the buyer's.
    """
    decided = decide(draft, seller=seller, buyer=buyer, today=today)
    if decided.faults:
        raise Invalid(decided.faults)
    assert decided.series is not None, "no series is a fault"
    totals = calculate(
        decided.taxed,
        prices_include_tax=draft.prices_include_tax,
        per_line=seller.rounding == Rounding.PER_LINE,
        withholding_percent=draft.withholding_percent,
        exchange_rate=decided.exchange_rate,
    )
    composition = Composition(
        seller=seller,
        series=decided.series,
        client=buyer.client,
        fiscal_type=decided.fiscal_type,
        draft=draft,
        taxed=decided.taxed,
        totals=totals,
        exchange_rate=decided.exchange_rate,
    )
    faults = _check_totals(composition)
    if faults:
        raise Invalid(faults)
    faults, warnings = _preflight(composition, today=today)
    if faults:
        raise Invalid(faults)
    if lacks_address(buyer.client, composition.fiscal_type):
        warnings.append(errors.buyer_address_missing())
    return replace(composition, warnings=(*buyer.warnings, *warnings))


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a draft leaves open, decided; with ``faults`` it is not to be relied upon."""

    fiscal_type: FiscalType
    series: Series | None
    exchange_rate: Decimal
    taxed: tuple[LineInput, ...]
    faults: tuple[Fault, ...]


def decide(draft: InvoiceDraft, *, seller: Seller, buyer: Buyer, today: date) -> Decisions:
    """Type, series, exchange rate and taxes, and every fault of the draft's parts. The whole is judged by what it adds
    up to, which only a draft without faults does."""
    faults = list(buyer.faults)
    on = draft.operation_date or today
    fiscal_type = _fiscal_type(draft, buyer, faults)
    type_is_certain = draft.fiscal_type is not None or not buyer.faults
    series = _series(draft, seller, fiscal_type if type_is_certain else None, faults)
    exchange_rate = _exchange_rate(draft, faults)
    taxed = _lines(draft, seller, on, faults)
    faults += taxes.check_withholding(draft.withholding_percent, territory=seller.territory, on=on)
    return Decisions(fiscal_type, series, exchange_rate, taxed, tuple(faults))


def adds_up(parts: Parts) -> bool:
    """Whether a draft's figures are those of its lines. The verbs keep it so; what came by SQL may not."""
    invoice = parts.invoice
    totals = calculate(
        [LineInput(**{name: getattr(line, name) for name in _INPUT}) for line in parts.lines],
        prices_include_tax=invoice.prices_include_tax,
        per_line=invoice.rounding == Rounding.PER_LINE,
        withholding_percent=invoice.withholding_percent,
        exchange_rate=invoice.exchange_rate,
    )
    subtotals = [Subtotal(**{name: getattr(row, name) for name in _SUBTOTAL}) for row in parts.subtotals]
    return (
        [line.line_net for line in parts.lines] == [*totals.line_nets]
        and subtotals == [*totals.subtotals]
        and all(getattr(invoice, name) == getattr(totals, name) for name in _FIGURES)
    )


_INPUT = [field.name for field in fields(LineInput)]
_SUBTOTAL = [field.name for field in fields(Subtotal)]
_FIGURES = [field.name for field in fields(Totals) if field.name not in {"line_nets", "subtotals"}]


def _preflight(composition: Composition, *, today: date) -> tuple[list[Fault], list[Fault]]:
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
    )
    return fiscal.preflight(registration, today=today)


def _fiscal_type(draft: InvoiceDraft, buyer: Buyer, faults: list[Fault]) -> FiscalType:
    if draft.fiscal_type is None:
        return FiscalType.F1 if buyer.is_identified else FiscalType.F2
    if draft.fiscal_type not in {FiscalType.F1, FiscalType.F2}:
        message = gettext_noop("%(type)s is made by correcting or replacing an invoice, not on its own.")
        faults.append(
            Fault("fiscal_type_needs_an_original", message, "#/fiscal_type", params={"type": draft.fiscal_type})
        )
        return FiscalType.F1
    if draft.fiscal_type == FiscalType.F1 and not buyer.is_identified:
        faults.append(errors.buyer_tax_id_missing())
    return FiscalType(draft.fiscal_type)


def _series(draft: InvoiceDraft, seller: Seller, fiscal_type: FiscalType | None, faults: list[Fault]) -> Series | None:
    kind = SeriesKind.SIMPLIFIED if fiscal_type == FiscalType.F2 else SeriesKind.ORDINARY
    if draft.series is None:
        series = find(Series, seller_id=seller.id, kind=kind, is_default=True, is_active=True)
        if series is None:
            message = gettext_noop("The seller has no default series of the kind “%(kind)s”: name one.")
            faults.append(Fault("series_missing", message, "#/series", params={"kind": kind}))
        return series
    series = find(Series, seller_id=seller.id, code=draft.series)
    if series is None or not series.is_active:
        message = gettext_noop("The seller has no active series “%(series)s”.")
        faults.append(Fault("series_unknown", message, "#/series", params={"series": draft.series}))
        return None
    if fiscal_type is None:  # not known yet: the buyer is in doubt
        return series
    # Full and simplified invoices of a year are kept in separate series, and so is what is corrective, issued by
    # somebody else or of a regime apart (arts. 6.1.a and 7.1.a).
    if series.kind != kind:
        message = gettext_noop("Series “%(series)s” is not for invoices of type %(type)s.")
        params = {"series": series.code, "type": fiscal_type.value}
        faults.append(Fault("series_not_for_type", message, "#/series", params=params))
    return series


def _exchange_rate(draft: InvoiceDraft, faults: list[Fault]) -> Decimal:
    if draft.currency == "EUR":
        if draft.exchange_rate not in {None, ONE}:
            message = gettext_noop("An invoice in euro has no exchange rate.")
            faults.append(Fault("exchange_rate_not_needed", message, "#/exchange_rate"))
        return ONE
    if draft.exchange_rate is None or draft.exchange_rate <= 0:
        message = gettext_noop(
            "An invoice in %(currency)s needs the exchange rate: units for one euro (LIVA art. 79.Once)."
        )
        params = {"currency": draft.currency}
        faults.append(Fault("exchange_rate_missing", message, "#/exchange_rate", params=params))
        return ONE
    return draft.exchange_rate


def _lines(draft: InvoiceDraft, seller: Seller, on: date, faults: list[Fault]) -> tuple[LineInput, ...]:
    if not 1 <= len(draft.lines) <= MAXIMUM_LINES:
        message = gettext_noop("An invoice has between 1 and %(maximum)s lines.")
        faults.append(Fault("lines_out_of_range", message, "#/lines", params={"maximum": MAXIMUM_LINES}))
        return ()
    taxed = []
    for index, line in enumerate(draft.lines):
        line_input, found = _line(line, draft, seller, on)
        faults += [fault.under(f"lines/{index}") for fault in found]
        if line_input:
            taxed.append(line_input)
    return tuple(taxed)


def _line(line: LineDraft, draft: InvoiceDraft, seller: Seller, on: date) -> tuple[LineInput | None, list[Fault]]:
    faults = list(_check_line(line))
    if line.product_code and line.tax_rate is None and line.tax_category is None and not line.exemption_code:
        message = gettext_noop("“%(code)s” has no mapping to a tax yet: give the line a tax_rate.")
        return None, [*faults, Fault("mapping_missing", message, "#/product_code", params={"code": line.product_code})]
    tax = line.tax or taxes.ordinary_tax(seller.territory)
    resolved, found = taxes.complete_line_tax(
        tax=tax,
        tax_rate=line.tax_rate,
        tax_category=line.tax_category,
        exemption_code=line.exemption_code,
        regime_code=line.regime_code,
        territory=seller.territory,
    )
    if resolved is None:
        return None, faults + found
    surcharge_rate = line.surcharge_rate
    if surcharge_rate is None and draft.equivalence_surcharge and resolved.tax_category == "S1":
        surcharge_rate = taxes.surcharge_for(resolved.tax, resolved.tax_rate, on)
    surcharge_rate = surcharge_rate or Decimal(0)
    faults += taxes.check_line_tax(
        tax=resolved.tax,
        tax_category=resolved.tax_category,
        exemption_code=resolved.exemption_code,
        regime_code=resolved.regime_code,
        tax_rate=resolved.tax_rate,
        surcharge_rate=surcharge_rate,
        on=on,
    )
    line_input = LineInput(
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        tax=resolved.tax,
        tax_category=resolved.tax_category,
        exemption_code=resolved.exemption_code,
        regime_code=resolved.regime_code,
        tax_rate=resolved.tax_rate,
        surcharge_rate=surcharge_rate,
    )
    return line_input, faults


def _check_line(line: LineDraft) -> Iterable[Fault]:
    if not line.description.strip():
        yield Fault(
            "description_missing",
            gettext_noop("A line needs a description (RD 1619/2012 art. 6.1.f)."),
            "#/description",
        )
    if line.unit_price < 0:
        message = gettext_noop("A unit price is never negative (EN 16931 BR-27): make the quantity negative.")
        yield Fault("unit_price_negative", message, "#/unit_price")
    if not 0 <= line.discount_percent <= 100:
        yield Fault("discount_out_of_range", gettext_noop("A discount is between 0 and 100 %%."), "#/discount_percent")


def _check_totals(composition: Composition) -> list[Fault]:
    totals = composition.totals
    faults = check_size(totals)
    if totals.gross_total < 0:
        message = gettext_noop("The total is %(total)s: only a correction by differences may be negative.")
        faults.append(Fault("gross_total_negative", message, "#/lines", params={"total": totals.gross_total}))
    if over_limit(composition.seller, composition.fiscal_type, totals.gross_total_eur):
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
    return fiscal_type == FiscalType.F1 and not address
