"""The tax of a line as one choice: «21 %», «exempt, article 20», «reverse charge»."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from billing import taxes
from billing.admin.figures import figure
from billing.drafts import LineDraft
from billing.models import InvoiceLine, TaxSubtotal
from core.money import plain

BY_HAND = "hand"
"""The choice that lets the person name tax and rate."""

Group = tuple[str | Promise, list[tuple[str, str | Promise]]]


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a line says of its tax."""

    tax: str
    tax_category: str = "S1"
    exemption_code: str = ""
    tax_rate: Decimal = Decimal(0)

    @property
    def value(self) -> str:
        """As the form carries it."""
        return "|".join([self.tax, self.tax_category, self.exemption_code, plain(self.tax_rate.normalize())])

    @classmethod
    def of(cls, value: str) -> Treatment:
        """Read the form's value back. Raises ValueError."""
        tax, category, exemption, rate = value.split("|")
        try:
            return cls(tax, category, exemption, Decimal(rate))
        except InvalidOperation as error:
            raise ValueError(value) from error

    @property
    def short(self) -> str:
        """«IVA 21 %», «IVA E5»."""
        if self.tax_category == "S1":
            return f"{self.tax} {figure(self.tax_rate)}\u00a0%"
        return f"{self.tax} {self.exemption_code or self.tax_category}"

    @property
    def label(self) -> str:
        """With what the code means."""
        code = self.exemption_code or self.tax_category
        known = taxes.EXEMPTIONS.get(code) or taxes.CATEGORIES.get(code)
        return f"{code} · {in_language(known)}" if known and code != "S1" else self.short


def treatment_of(row: InvoiceLine | TaxSubtotal | LineDraft) -> Treatment:
    """What a line or subtotal says of its tax; every line that was stored, or copied from a stored one, says it."""
    assert row.tax is not None, "its tax was decided"
    assert row.tax_rate is not None, "so was its rate"
    return Treatment(row.tax, row.tax_category or "S1", row.exemption_code, row.tax_rate)


def choices(tax: str, *, on: date, used: Iterable[Treatment] = ()) -> list[Group]:
    """What a seller of that tax may choose on that day, and whatever a stored draft has that is not among it."""
    taxed = [Treatment(tax, "S1", "", rate.rate) for rate in taxes.rates_in_force(tax, on)]
    untaxed = [Treatment(tax, "E", code) for code in taxes.EXEMPTIONS] + [
        Treatment(tax, code) for code in taxes.CATEGORIES if code not in {"S1", "E"}
    ]
    others = [treatment for treatment in dict.fromkeys(used) if treatment not in [*taxed, *untaxed]]
    by_hand: list[tuple[str, str | Promise]] = [*_options(others), (BY_HAND, _("another tax or rate…"))]
    return [(_("Taxed"), _options(taxed)), (_("Without tax"), _options(untaxed)), (_("Other"), by_hand)]


def regimes(tax: str) -> list[tuple[str, str]]:
    """The keys of special regimes of a tax."""
    known = taxes.REGIMES.get(tax, {})
    return [(code, f"{code} · {in_language(regime.label)}") for code, regime in known.items()]


def in_language(label: taxes.Label) -> str:
    """The label in the person's language, Spanish unless English."""
    return label.en if (get_language() or "").startswith("en") else label.es


def _options(treatments: Iterable[Treatment]) -> list[tuple[str, str | Promise]]:
    return [(treatment.value, treatment.label) for treatment in treatments]
