"""The tax of one line: completed from what the caller said, then checked against the law of the day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.taxes.categories import (
    CATEGORIES,
    EXEMPT,
    EXEMPTIONS,
    ONLY_IGIC,
    TAXED,
    TAXES,
    ordinary_tax,
)
from billing.taxes.rates import FREE_RATES, find_rate, is_in_force, rates_in_force
from billing.taxes.regimes import REGIMES, default_regime
from core.errors import Fault, gettext_noop
from core.money import plain

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineTax:
    """The tax of a line with nothing left open."""

    tax: str
    tax_category: str
    exemption_code: str
    regime_code: str
    tax_rate: Decimal


def complete_line_tax(
    *,
    tax: str | None,
    tax_rate: Decimal | None,
    tax_category: str | None,
    exemption_code: str,
    regime_code: str | None,
    territory: str,
) -> tuple[LineTax | None, list[Fault]]:
    """Fill in what the caller left out; what was said is kept, right or wrong (``check_line_tax`` judges it).

    A cause of exemption makes the line exempt; without one it is taxed, and then it needs a rate: none is ever guessed,
    nor is an exemption read out of a rate of 0.
    """
    tax = tax or ordinary_tax(territory)
    category = tax_category or (EXEMPT if exemption_code else TAXED)
    if category == TAXED and tax_rate is None:
        message = gettext_noop(
            "A taxed line needs its tax_rate; one without tax needs a tax_category or exemption_code."
        )
        return None, [Fault("tax_rate_missing", message, "#/tax_rate")]
    regime = regime_code or default_regime(tax, exemption_code)
    return LineTax(tax, category, exemption_code, regime, ZERO if tax_rate is None else tax_rate), []


def check_line_tax(
    *,
    tax: str,
    tax_category: str,
    exemption_code: str,
    regime_code: str,
    tax_rate: Decimal,
    surcharge_rate: Decimal,
    on: date,
) -> list[Fault]:
    """What is wrong with the tax of a line of an operation of that day; empty when nothing is."""
    if tax not in TAXES:  # AEAT 1218
        message = gettext_noop("“%(tax)s” is no tax we know: %(taxes)s.")
        return [Fault("tax_unknown", message, "#/tax", params={"tax": tax, "taxes": ", ".join(TAXES)})]
    line = LineTax(tax, tax_category, exemption_code, regime_code, tax_rate)
    return [
        *_check_category(line),
        *_check_exemption(line),
        *_check_regime(line),
        *_check_rate(line, on),
        *_check_surcharge(line, surcharge_rate, on),
    ]


def _check_category(line: LineTax) -> Iterator[Fault]:
    if line.tax_category not in CATEGORIES:  # AEAT 1181
        message = gettext_noop("“%(category)s” is no tax category: %(categories)s.")
        params = {"category": line.tax_category, "categories": ", ".join(CATEGORIES)}
        yield Fault("tax_category_unknown", message, "#/tax_category", params=params)


def _check_exemption(line: LineTax) -> Iterator[Fault]:
    code, params = line.exemption_code, {"code": line.exemption_code, "tax": line.tax}
    if not code and line.tax_category == EXEMPT:  # RD 1619/2012 art. 6.1.j: the invoice says why; AEAT 1195
        message = gettext_noop("An exempt line needs an exemption_code (E1 to E8).")
        yield Fault("exemption_code_missing", message, "#/exemption_code")
    elif code and code not in EXEMPTIONS:  # AEAT 1182
        message = gettext_noop("“%(code)s” is no cause of exemption (E1 to E8).")
        yield Fault("exemption_code_unknown", message, "#/exemption_code", params=params)
    elif code and line.tax_category != EXEMPT:  # AEAT 1196
        message = gettext_noop("A line with an exemption_code is exempt: leave the tax_category out, or make it E.")
        yield Fault("exemption_only_with_e", message, "#/tax_category")
    elif code in ONLY_IGIC and line.tax != "IGIC":
        message = gettext_noop("The cause of exemption %(code)s belongs to IGIC, not to %(tax)s.")
        yield Fault("exemption_not_for_tax", message, "#/exemption_code", params=params)


def _check_regime(line: LineTax) -> Iterator[Fault]:
    regimes = REGIMES.get(line.tax, {})
    regime = regimes.get(line.regime_code)
    treatment = line.exemption_code or line.tax_category
    params = {"regime": line.regime_code, "tax": line.tax, "treatment": treatment}
    if regime is None:
        if line.regime_code or regimes:  # AEAT 1245, 1246, 1260, 2009
            message = gettext_noop("“%(regime)s” is no regime of %(tax)s.")
            yield Fault("regime_code_unknown", message, "#/regime_code", params=params)
    elif _is_known(treatment) and treatment not in regime.allows:  # AEAT codes beside each regime
        message = gettext_noop("Regime %(regime)s of %(tax)s does not allow %(treatment)s.")
        yield Fault("regime_forbids_category", message, "#/regime_code", params=params)
    elif regime.rate is not None and line.tax_rate != regime.rate:  # AEAT 1206
        message = gettext_noop("Regime %(regime)s of %(tax)s takes only %(rate)s %%.")
        yield Fault("regime_forbids_rate", message, "#/tax_rate", params={**params, "rate": plain(regime.rate)})


def _is_known(treatment: str) -> bool:
    """What is unknown, or exempt without a cause, is another check's fault."""
    return treatment in EXEMPTIONS or (treatment in CATEGORIES and treatment != EXEMPT)


def _check_rate(line: LineTax, on: date) -> Iterator[Fault]:
    params: dict[str, object] = {"tax": line.tax, "rate": plain(line.tax_rate), "date": on.isoformat()}
    if line.tax_category != TAXED:
        if line.tax_category in CATEGORIES and line.tax_rate != ZERO:  # AEAT 1198, 1237, 1238
            message = gettext_noop("A line of category %(category)s carries no tax: its tax_rate is 0.")
            yield Fault("tax_rate_must_be_zero", message, "#/tax_rate", params={"category": line.tax_category})
    elif not is_in_force(line.tax, line.tax_rate, on):  # LIVA art. 90.Dos; AEAT 1124, 1194, 1235, 1236
        params["rates"] = _rates_text(line.tax, on)
        message = gettext_noop("%(tax)s has no rate of %(rate)s %% on %(date)s. In force: %(rates)s.")
        yield Fault("tax_rate_not_in_force", message, "#/tax_rate", params=params)


def _rates_text(tax: str, on: date) -> str:
    if free := FREE_RATES.get(tax):
        return f"{plain(free.lowest)}–{plain(free.highest)}"
    return ", ".join(plain(rate.rate) for rate in rates_in_force(tax, on)) or "–"


def _check_surcharge(line: LineTax, surcharge_rate: Decimal, on: date) -> Iterator[Fault]:
    if surcharge_rate == ZERO:
        return
    if line.tax_category != TAXED:  # AEAT 1281
        message = gettext_noop("Only taxed lines (S1) carry the equivalence surcharge.")
        yield Fault("surcharge_only_with_s1", message, "#/surcharge_rate")
        return
    row = find_rate(line.tax, line.tax_rate, on)
    if row is None or surcharge_rate not in row.surcharges:  # LIVA art. 161; AEAT 1127, 1160, 1162–1170
        message = gettext_noop("An equivalence surcharge of %(surcharge)s %% does not go with %(tax)s at %(rate)s %%.")
        params = {"surcharge": plain(surcharge_rate), "tax": line.tax, "rate": plain(line.tax_rate)}
        yield Fault("surcharge_not_for_rate", message, "#/surcharge_rate", params=params)
