"""What taxes there are, when, and what an invoice must say about them. Data with dates, never enums of rates.

Pure: no Django, no clock, no database. The date that decides is the operation's (LIVA art. 90.Dos: the rate is the one
in force at accrual). Pointers of faults are relative to the line or the invoice that was checked.
"""

from billing.taxes.categories import CATEGORIES, EXEMPTIONS, TAXES, Label, ordinary_tax
from billing.taxes.lines import LineTax, check_line_tax, complete_line_tax
from billing.taxes.mentions import mentions_for
from billing.taxes.rates import FREE_RATES, RATES, FreeRate, Rate, rates_in_force, surcharge_for
from billing.taxes.regimes import REGIMES, Regime
from billing.taxes.withholding import WITHHOLDINGS, Withholding, check_withholding, withholdings_in_force

__all__ = [
    "CATEGORIES",
    "EXEMPTIONS",
    "FREE_RATES",
    "RATES",
    "REGIMES",
    "TAXES",
    "WITHHOLDINGS",
    "FreeRate",
    "Label",
    "LineTax",
    "Rate",
    "Regime",
    "Withholding",
    "check_line_tax",
    "check_withholding",
    "complete_line_tax",
    "mentions_for",
    "ordinary_tax",
    "rates_in_force",
    "surcharge_for",
    "withholdings_in_force",
]
