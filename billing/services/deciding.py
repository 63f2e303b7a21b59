"""What a draft leaves open, decided: type, series, exchange rate, taxes; and what is wrong with its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from audit.rows import find
from billing import errors, taxes
from billing.calculation import LineInput
from billing.drafts import InvoiceDraft, LineDraft
from billing.models import FiscalType, IssuingParty, Seller, Series, SeriesKind
from billing.parties import PartyCopy
from billing.services.buyers import Buyer
from billing.services.fitting import Before, check_before
from clients.models import Client
from core import tax_ids
from core.errors import Fault, gettext_noop

ONE = Decimal(1)
MAXIMUM_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a draft leaves open, decided; with ``faults`` it is not to be relied upon."""

    fiscal_type: FiscalType
    series: Series | None
    exchange_rate: Decimal
    taxed: tuple[LineInput, ...]
    third_party: PartyCopy | None
    faults: tuple[Fault, ...]


def decide(
    draft: InvoiceDraft, *, seller: Seller, buyer: Buyer, today: date, before: Before | None = None
) -> Decisions:
    """Type, series, exchange rate and taxes, and every fault of the draft's parts. The whole is judged by what it adds
    up to, which only a draft without faults does. ``before`` is what it corrects or replaces."""
    faults = list(buyer.faults)
    on = draft.operation_date or today
    fiscal_type = _fiscal_type(draft, buyer, faults)
    type_is_certain = draft.fiscal_type is not None or not buyer.faults
    series = _series(draft, seller, fiscal_type if type_is_certain else None, faults)
    exchange_rate = _exchange_rate(draft, faults)
    taxed = _lines(draft, seller, on, faults)
    faults += taxes.check_withholding(draft.withholding_percent, territory=seller.territory, on=on)
    third_party = _third_party(draft, seller, faults)
    if before:
        faults += check_before(draft, before, buyer=_copy_of(buyer.client), today=today)
    return Decisions(fiscal_type, series, exchange_rate, taxed, third_party, tuple(faults))


def _copy_of(client: Client | None) -> PartyCopy | None:
    return PartyCopy.of(client, name=client.name) if client else None


def _third_party(draft: InvoiceDraft, seller: Seller, faults: list[Fault]) -> PartyCopy | None:
    """Who issues in the seller's name, where it is neither the seller nor the buyer (RD 1619/2012 art. 5)."""
    named = draft.third_party
    if (named is not None) != (draft.issuing_party == IssuingParty.THIRD_PARTY):
        message = gettext_noop("Name the third party, if and only if it issues the invoice.")
        faults.append(Fault("third_party_unclear", message, "#/third_party"))
    if named is None:
        return None
    tax_id = tax_ids.normalise(named.tax_id, country=named.country)
    faults += [fault.under("third_party") for fault in tax_ids.check(tax_id, country=named.country, mode=seller.mode)]
    kind = tax_ids.kind_of(tax_id, country=named.country)
    return PartyCopy(name=named.name.strip(), tax_id=tax_id, tax_id_kind=kind, country=named.country)


def _fiscal_type(draft: InvoiceDraft, buyer: Buyer, faults: list[Fault]) -> FiscalType:
    if draft.correction is not None or draft.replaces:
        fiscal_type = FiscalType(draft.correction.reason if draft.correction else FiscalType.F3)
        if fiscal_type.names_its_buyer and not buyer.is_identified:
            faults.append(errors.buyer_tax_id_missing())
        return fiscal_type
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
    kinds = _series_kinds(draft, fiscal_type)
    kind = kinds[0]
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
    if series.kind not in kinds:
        message = gettext_noop("Series “%(series)s” is not for invoices of type %(type)s.")
        params = {"series": series.code, "type": fiscal_type.value}
        faults.append(Fault("series_not_for_type", message, "#/series", params=params))
    return series


def _series_kinds(draft: InvoiceDraft, fiscal_type: FiscalType | None) -> list[SeriesKind]:
    """The kinds of series that will do, the usual one first. What others issue has series of its own, one for each of
    them; a correction of that may stay there."""
    issuing = _ISSUED_BY_OTHERS.get(draft.issuing_party)
    if fiscal_type is not None and fiscal_type.is_corrective:
        return [SeriesKind.CORRECTIVE, *([issuing] if issuing else [])]
    if issuing:
        return [issuing]
    return [SeriesKind.SIMPLIFIED if fiscal_type == FiscalType.F2 else SeriesKind.ORDINARY]


_ISSUED_BY_OTHERS: dict[str, SeriesKind] = {
    IssuingParty.RECIPIENT: SeriesKind.SELF_BILLED,
    IssuingParty.THIRD_PARTY: SeriesKind.THIRD_PARTY,
}


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
