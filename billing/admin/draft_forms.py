"""The draft as a form: shapes only. What an invoice may say is the services' to judge."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.admin import TypedDecimalField
from billing import taxes
from billing.admin import treatments
from billing.admin.figures import figure
from billing.admin.treatments import BY_HAND, Treatment, treatment_of
from billing.drafts import InvoiceDraft, LineDraft, ThirdParty
from billing.models import FiscalType, InvoiceLine, Seller
from billing.models.invoice import Invoice

MAXIMUM_LINES = 1_000
PREFIX = "lines"

_INPUT = {"class": "co-input"}


def _text(label: Any, length: int, *, required: bool = False, **attrs: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, required=required, widget=forms.TextInput(attrs={**_INPUT, **attrs})
    )


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={**_INPUT, "type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


def _choice(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, widget=forms.Select(attrs=_INPUT))


class TreatmentField(forms.ChoiceField):
    """A line's tax. Any well-formed treatment is taken: the choices are help, the services judge."""

    def valid_value(self, value: Any) -> bool:
        if value == BY_HAND:
            return True
        try:
            Treatment.of(value)
        except ValueError:
            return False
        return True


class LineForm(forms.Form):
    """A line. One without description, price and product code is none, and is passed over."""

    description = _text(_("description"), 500, required=True)
    quantity = TypedDecimalField(label=_("quantity"), max_digits=18, decimal_places=6, initial=Decimal(1))
    unit_price = TypedDecimalField(label=_("unit price"), max_digits=20, decimal_places=8)
    discount_percent = TypedDecimalField(label=_("disc. %"), max_digits=7, decimal_places=4, required=False)
    treatment = TreatmentField(label=_("tax"), widget=forms.Select(attrs=_INPUT))
    tax = forms.ChoiceField(label=_("tax"), required=False, widget=forms.Select(attrs=_INPUT))
    tax_rate = TypedDecimalField(label=_("tax rate"), max_digits=5, decimal_places=2, required=False)
    regime_code = _choice(_("regime"))
    surcharge_rate = TypedDecimalField(label=_("surcharge rate"), max_digits=5, decimal_places=2, required=False)
    product_code = _text(_("product code"), 60)

    def __init__(self, *args: Any, choices: LineChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["treatment"].choices = choices.treatments  # type: ignore[attr-defined]  # a choice field
        self.fields["treatment"].initial = choices.usual
        self.fields["tax"].choices = [("", "–"), *((code, code) for code in taxes.TAXES)]  # type: ignore[attr-defined]  # a choice field
        self.fields["regime_code"].choices = [("", _("automatic")), *choices.regimes]  # type: ignore[attr-defined]  # a choice field

    def has_changed(self) -> bool:
        """Whether the person wrote anything into it; Django passes over extra forms that have not changed."""
        names = [self.add_prefix(name) for name in ("description", "unit_price", "product_code")]
        return any(str(self.data.get(name, "")).strip() for name in names)

    def line(self) -> LineDraft:
        """What the person wants."""
        values = self.cleaned_data
        by_hand = values["treatment"] == BY_HAND
        treatment = None if by_hand else Treatment.of(values["treatment"])
        return LineDraft(
            description=values["description"],
            unit_price=values["unit_price"],
            quantity=values["quantity"],
            discount_percent=values["discount_percent"] or Decimal(0),
            tax_rate=treatment.tax_rate if treatment else values["tax_rate"],
            tax=treatment.tax if treatment else values["tax"] or None,
            tax_category=treatment.tax_category if treatment else None,
            exemption_code=treatment.exemption_code if treatment else "",
            regime_code=values["regime_code"] or None,
            surcharge_rate=values["surcharge_rate"],
            product_code=values["product_code"],
        )


@dataclass(frozen=True, slots=True)
class LineChoices:
    """What a line of one seller may choose from; ``usual`` is chosen for a new one."""

    treatments: list[treatments.Group]
    usual: str
    regimes: list[tuple[str, str]]

    @classmethod
    def of(cls, seller: Seller, *, on: date, used: Sequence[InvoiceLine | LineDraft] = ()) -> LineChoices:
        tax = taxes.ordinary_tax(seller.territory)
        rates = taxes.rates_in_force(tax, on)
        usual = Treatment(tax, "S1", "", rates[0].rate).value if rates else BY_HAND
        seen = [treatment_of(line) for line in used]
        return cls(treatments.choices(tax, on=on, used=seen), usual, _regimes(tax, used))


def _regimes(tax: str, used: Sequence[InvoiceLine | LineDraft]) -> list[tuple[str, str]]:
    known = treatments.regimes(tax)
    codes = {code for code, _label in known}
    return known + [(code, code) for code in sorted({line.regime_code or "" for line in used} - codes - {""})]


class BaseLines(forms.BaseFormSet):  # type: ignore[type-arg]  # generic for the checker only
    """The lines in the order of the page; the numbers of the fields follow it."""

    def initial_form_count(self) -> int:
        """Of what is sent, every line may be blank, the stored ones too."""
        return 0 if self.is_bound else super().initial_form_count()

    def written(self) -> list[LineForm]:
        """The lines that are lines: the services' numbers count these."""
        return [form for form in self.forms if form.has_changed()]

    def finished(self) -> list[LineForm]:
        """Of these, the ones that lack nothing so far."""
        return [form for form in self.written() if form.is_valid()]


Lines = forms.formset_factory(
    LineForm, formset=BaseLines, extra=0, max_num=MAXIMUM_LINES, absolute_max=MAXIMUM_LINES + 1, validate_max=True
)


class DraftForm(forms.Form):
    """The head of a draft. ``seen`` is the digest of the content that the person started from; ``types`` are those
    that it may have, where it corrects or replaces."""

    client = forms.UUIDField(label=_("client"), required=False, widget=forms.HiddenInput)
    series = _choice(_("series"))
    fiscal_type = _choice(_("type"))
    operation_date = _day(_("operation date"))
    due_date = _day(_("due date"))
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$", label=_("currency"), initial="EUR", widget=forms.TextInput(attrs={**_INPUT, "maxlength": 3})
    )
    exchange_rate = TypedDecimalField(label=_("exchange rate"), max_digits=14, decimal_places=6, required=False)
    prices_include_tax = forms.BooleanField(label=_("prices include tax"), required=False)
    equivalence_surcharge = forms.BooleanField(label=_("equivalence surcharge"), required=False)
    withholding_percent = _choice(_("withholding"))
    purchase_order = _text(_("purchase order"), 100)
    buyer_reference = _text(_("buyer's reference"), 100)
    payment_terms = _text(_("payment terms"), 250)
    language = _choice(_("language"))
    notes = forms.CharField(
        label=_("notes"), max_length=2000, required=False, widget=forms.Textarea(attrs={**_INPUT, "rows": 3})
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        seller: Seller,
        today: date,
        stored: Invoice | None = None,
        types: Sequence[FiscalType] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        options = {
            "series": [("", _("automatic")), *_series(seller, stored)],
            "fiscal_type": [(t.value, t.label) for t in types] or _ordinary_types(),
            "language": [("", _("the client's")), ("es", _("Spanish")), ("en", _("English"))],
            "withholding_percent": _withholdings(seller, today, stored),
        }
        for name, choices in options.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # choice fields

    def draft(self, lines: tuple[LineDraft, ...], *, stored: Invoice | None = None) -> InvoiceDraft:
        """What the person wants; what the form does not show stays as it is stored."""
        values = self.cleaned_data
        return InvoiceDraft(
            lines=lines,
            client=values["client"],
            series=values["series"] or None,
            fiscal_type=values["fiscal_type"] or None,
            operation_date=values["operation_date"],
            due_date=values["due_date"],
            currency=values["currency"].upper(),
            exchange_rate=values["exchange_rate"],
            prices_include_tax=values["prices_include_tax"],
            withholding_percent=Decimal(values["withholding_percent"] or 0),
            equivalence_surcharge=values["equivalence_surcharge"],
            purchase_order=values["purchase_order"],
            buyer_reference=values["buyer_reference"],
            payment_terms=values["payment_terms"],
            notes=values["notes"],
            language=values["language"] or None,
            **(unseen(stored) if stored else {}),
        )


def unseen(invoice: Invoice) -> dict[str, Any]:
    """What a stored draft says and the form does not show."""
    copy = invoice.third_party
    return {
        **{name: getattr(invoice, name) for name in _UNSEEN},
        "third_party": ThirdParty(copy["name"], copy["tax_id"], copy.get("country", "ES")) if copy else None,
    }


_UNSEEN = [
    "metadata",
    "external_id",
    "simplified_art_7273",
    "no_recipient_art_61d",
    "coupon",
    "issuing_party",
]


def _ordinary_types() -> list[tuple[str, Any]]:
    return [("", _("automatic")), *[(kind.value, kind.label) for kind in (FiscalType.F1, FiscalType.F2)]]


def _series(seller: Seller, stored: Invoice | None) -> list[tuple[str, str]]:
    found = {series.code: str(series) for series in seller.series.filter(is_active=True)}
    if stored:
        found.setdefault(stored.series.code, str(stored.series))
    return list(found.items())


def _withholdings(seller: Seller, today: date, stored: Invoice | None) -> list[tuple[str, str]]:
    percents = {row.percent for row in taxes.withholdings_in_force(seller.territory, today)} | {Decimal(0)}
    if stored:
        percents.add(stored.withholding_percent)
    unique = sorted({percent.normalize() for percent in percents})
    return [(f"{percent:f}", f"{figure(percent)} %" if percent else "–") for percent in unique]


def client_ids(form: DraftForm) -> list[uuid.UUID]:
    """The client's id, if there is one, as the form holds it now, valid or not yet validated."""
    try:
        return [uuid.UUID(str(form["client"].value()))]
    except ValueError:
        return []
