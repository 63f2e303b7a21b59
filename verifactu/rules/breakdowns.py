"""How each line of the breakdown is classified: category or exemption, regime, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from core.errors import gettext_noop
from core.money import LARGEST_AMOUNT
from verifactu.codes import REGIMES_OF_TAX, Exemption, FiscalType, Regime, Tax, TaxCategory
from verifactu.registration import Breakdown, Registration
from verifactu.rules.finding import Finding, Severity

MOST_LINES: Final = 12
IPSI_NEEDS_REGIME_FROM: Final = date(2027, 1, 1)
_NOT_SUBJECT: Final = frozenset({TaxCategory.NOT_SUBJECT, TaxCategory.NOT_SUBJECT_BY_PLACE})
_IVA_OR_IGIC: Final = frozenset({Tax.IVA, Tax.IGIC})


def check(registration: Registration, *, today: date) -> Iterator[Finding]:
    if not 1 <= len(registration.breakdowns) <= MOST_LINES:
        code = 4113 if registration.breakdowns else 4102
        message = gettext_noop("A record takes 1 to 12 kinds of lines (tax, rate, regime), and these are %(count)s.")
        yield Finding(code, "breakdowns", message, params={"count": len(registration.breakdowns)})
    for position, line in enumerate(registration.breakdowns):
        at = f"breakdowns/{position}"
        yield from _sizes(line, at)
        yield from _classification(line, at)
        yield from _category(line, at, registration)
        yield from _exemption(line, at, registration)
        yield from _regime_code(line, at, today)
        yield from _regime(line, at, registration)


def _sizes(line: Breakdown, at: str) -> Iterator[Finding]:
    amounts = {
        "taxable_amount": line.taxable_amount,
        "taxable_amount_at_cost": line.taxable_amount_at_cost,
        "tax_amount": line.tax_amount,
        "surcharge_amount": line.surcharge_amount,
    }
    for name, amount in amounts.items():
        if amount is not None and abs(amount) > LARGEST_AMOUNT:
            yield Finding(1100, f"{at}/{name}", gettext_noop("An amount has at most twelve digits."))


def _classification(line: Breakdown, at: str) -> Iterator[Finding]:
    if line.tax_category is None and line.exemption_code is None:
        yield Finding(1195, f"{at}/tax_category", gettext_noop("A line is taxed, not subject or exempt."))
    if line.tax_category is not None and line.exemption_code is not None:
        yield Finding(1196, f"{at}/exemption_code", gettext_noop("What has a category is not exempt."))


def _category(line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    if line.tax_category is TaxCategory.TAXED:
        yield from _taxed(line, at)
    elif line.tax_category is TaxCategory.REVERSE_CHARGE:
        yield from _reverse_charge(line, at, registration)
    elif line.tax_category in _NOT_SUBJECT:
        yield from _not_subject(line, at)


def _taxed(line: Breakdown, at: str) -> Iterator[Finding]:
    if line.tax_rate is None or line.tax_amount is None:
        code = 1209 if line.regime_code is Regime.ENTITY_GROUP else 1208
        if code == 1209 or line.taxable_amount_at_cost is None:
            yield Finding(code, f"{at}/tax_rate", gettext_noop("A taxed line needs its rate and its tax."))


def _reverse_charge(line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    if registration.fiscal_type.names_no_recipient:
        yield Finding(1197, f"{at}/tax_category", gettext_noop("Types F2 and R5 cannot reverse the charge."))
    if line.tax_rate != 0 or line.tax_amount != 0:
        yield Finding(1198, f"{at}/tax_rate", gettext_noop("A reverse charge has rate 0 and tax 0."))


def _not_subject(line: Breakdown, at: str) -> Iterator[Finding]:
    if line.tax is Tax.IVA and _is_charged(line):
        yield Finding(1237, f"{at}/tax_rate", gettext_noop("What is not subject to IVA has neither rate nor tax."))
    elif line.tax_amount:
        yield Finding(1207, f"{at}/tax_amount", gettext_noop("Only category S1 charges tax."))


def _exemption(line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    if line.exemption_code is None:
        return
    if _is_charged(line):
        yield Finding(1238, f"{at}/tax_rate", gettext_noop("What is exempt has neither rate nor tax."))
    if line.exemption_code in {Exemption.IGIC_7, Exemption.IGIC_8} and line.tax is not Tax.IGIC:
        yield Finding(1182, f"{at}/exemption_code", gettext_noop("Exemptions E7 and E8 are the IGIC's."))
    if line.exemption_code is Exemption.ART_25 and line.tax is Tax.IVA and any(p.nif for p in registration.recipients):
        yield Finding(
            1289, f"{at}/exemption_code", gettext_noop("The buyer of an intra-EU supply (E5) is not named by a NIF.")
        )


def _is_charged(line: Breakdown) -> bool:
    values = (line.tax_rate, line.tax_amount, line.surcharge_rate, line.surcharge_amount)
    return any(value is not None for value in values)


def _regime_code(line: Breakdown, at: str, today: date) -> Iterator[Finding]:
    element, regime = f"{at}/regime_code", line.regime_code
    if line.tax is Tax.OTHER:
        if regime is not None:
            yield Finding(1260, element, gettext_noop("Other taxes have no regime."))
    elif regime is None:
        yield _missing_regime(line.tax, element, today)
    elif regime not in REGIMES_OF_TAX[line.tax]:
        message = gettext_noop("Regime %(regime)s does not exist in this tax.")
        yield Finding(1246, element, message, params={"regime": regime.value})
    at_cost_allowed = regime is Regime.ENTITY_GROUP or line.tax in {Tax.IPSI, Tax.OTHER}
    if line.taxable_amount_at_cost is not None and not at_cost_allowed:
        yield Finding(1257, f"{at}/taxable_amount_at_cost", gettext_noop("Only regime 06 has a base at cost."))


def _missing_regime(tax: Tax, element: str, today: date) -> Finding:
    if tax is Tax.IPSI and today < IPSI_NEEDS_REGIME_FROM:
        return Finding(2009, element, gettext_noop("The IPSI needs a regime from 2027 on."), Severity.WARNING)
    return Finding(1245, element, gettext_noop("This tax needs a regime."))


def _regime(line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    """The regimes' own demands, which bind IVA and IGIC only."""
    rule = _REGIME_RULES.get(line.regime_code) if line.regime_code and line.tax in _IVA_OR_IGIC else None
    if rule is not None:
        yield from rule(line, at, registration)


def _general(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.exemption_code in {Exemption.ART_21, Exemption.ART_22}:
        yield Finding(1199, f"{at}/exemption_code", gettext_noop("Exemptions E2 and E3 are not of regime 01."))


def _export(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.tax_category is not None:
        yield Finding(1286, f"{at}/tax_category", gettext_noop("Regime 02 (exports) is for exempt lines only."))


def _used_goods(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.tax_category not in {None, TaxCategory.TAXED}:
        yield Finding(1200, f"{at}/tax_category", gettext_noop("Regime 03 (used goods) is taxed or exempt."))


def _investment_gold(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.tax_category not in {None, TaxCategory.REVERSE_CHARGE}:
        yield Finding(1201, f"{at}/tax_category", gettext_noop("Regime 04 (gold) is a reverse charge or exempt."))


def _entity_group(line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    forbidden = {FiscalType.SIMPLIFIED, FiscalType.REPLACEMENT, FiscalType.CORRECTIVE_SIMPLIFIED}
    if registration.fiscal_type in forbidden or line.taxable_amount_at_cost is None:
        message = gettext_noop("Regime 06 (groups) needs a base at cost, and no type F2, F3 or R5.")
        yield Finding(1202, f"{at}/regime_code", message)


def _cash_criterion(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    exemptions = {Exemption.ART_21, Exemption.ART_22, Exemption.ART_23_24, Exemption.ART_25}
    if line.tax_category not in {None, TaxCategory.TAXED} or line.exemption_code in exemptions:
        message = gettext_noop("Regime 07 (cash criterion) excludes S2, N1, N2 and E2 to E5.")
        yield Finding(1203, f"{at}/regime_code", message)


def _other_territory(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.tax_category is not TaxCategory.NOT_SUBJECT_BY_PLACE:
        yield Finding(1252, f"{at}/tax_category", gettext_noop("Regime 08 (another territory's tax) is N2."))


def _third_party_collection(line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    is_full = registration.fiscal_type is FiscalType.FULL
    by_nif = all(party.nif for party in registration.recipients)
    if line.tax_category is not TaxCategory.NOT_SUBJECT or not is_full or not by_nif:
        message = gettext_noop("Regime 10 (collection for others) is N1, of type F1, to a recipient with a NIF.")
        yield Finding(1205, f"{at}/regime_code", message)


def _premises_rental(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.tax is Tax.IVA and line.tax_rate != 21:
        yield Finding(1206, f"{at}/tax_rate", gettext_noop("Regime 11 (business premises) is taxed at 21 %%."))


def _public_works(_line: Breakdown, at: str, registration: Registration) -> Iterator[Finding]:
    element = f"{at}/regime_code"
    if registration.accrual_date <= registration.issue_date:
        message = gettext_noop("Regime 14 (public works) needs an operation date after the issue date.")
        yield Finding(1147, element, message)
    if registration.fiscal_type.names_no_recipient or registration.fiscal_type is FiscalType.REPLACEMENT:
        yield Finding(1148, element, gettext_noop("Regime 14 (public works) is of type F1 or R1 to R4."))
    if not all((party.nif or "-")[0] in "PQSV" for party in registration.recipients):
        message = gettext_noop("Regime 14 (public works) is for public bodies: NIF with P, Q, S or V.")
        yield Finding(1149, element, message)


def _r20(line: Breakdown, at: str, _registration: Registration) -> Iterator[Finding]:
    if line.tax is Tax.IGIC and line.tax_category is not TaxCategory.NOT_SUBJECT_BY_PLACE:
        yield Finding(1293, f"{at}/tax_category", gettext_noop("Regime 20 of the IGIC (subject to IPSI) is N2."))


_REGIME_RULES: Final[dict[Regime, Callable[[Breakdown, str, Registration], Iterator[Finding]]]] = {
    Regime.GENERAL: _general,
    Regime.EXPORT: _export,
    Regime.USED_GOODS: _used_goods,
    Regime.INVESTMENT_GOLD: _investment_gold,
    Regime.ENTITY_GROUP: _entity_group,
    Regime.CASH_CRITERION: _cash_criterion,
    Regime.OTHER_TERRITORY: _other_territory,
    Regime.THIRD_PARTY_COLLECTION: _third_party_collection,
    Regime.PREMISES_RENTAL: _premises_rental,
    Regime.PENDING_PUBLIC_WORKS: _public_works,
    Regime.R20: _r20,
}
