"""How an invoice is to be corrected, and the other forms of what comes after issuing: shapes only."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import CorrectionMethod, FiscalType, Invoice, InvoiceStatus

_INPUT = {"class": "co-input"}
MOST_OTHERS = 100


def day_field(label: Any, **options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={**_INPUT, "type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"], **options)


def reason_field(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=500, widget=forms.Textarea(attrs={**_INPUT, "rows": 3}))


class NumbersField(forms.CharField):
    """Other issued invoices of the seller, by their numbers, with spaces or commas between them; as their ids."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={**_INPUT, "autocomplete": "off"}))
        super().__init__(required=False, max_length=6_000, **options)
        self.invoice: Invoice | None = None

    def clean(self, value: Any) -> Sequence[uuid.UUID]:
        typed = list(dict.fromkeys(re.split(r"[\s,;]+", super().clean(value).strip())))
        numbers = [number for number in typed if number]
        if len(numbers) > MOST_OTHERS:
            raise forms.ValidationError(gettext("At most %(number)s at a time.") % {"number": MOST_OTHERS})
        return self._found(numbers) if numbers else ()

    def _found(self, numbers: list[str]) -> Sequence[uuid.UUID]:
        assert self.invoice is not None, "the form says beside which invoice"
        rows = Invoice.objects.filter(
            seller=self.invoice.seller_id, status=InvoiceStatus.ISSUED, display_number__in=numbers
        )
        known = dict(rows.values_list("display_number", "id"))
        unknown = [number for number in numbers if number not in known]
        if unknown:
            text = gettext("There is no issued invoice with this number: %(numbers)s.")
            raise forms.ValidationError(text % {"numbers": ", ".join(unknown)})
        return [known[number] for number in numbers if known[number] != self.invoice.id]


class HowForm(forms.Form):
    """By which method and for which reason; with which other invoices; since when."""

    method = forms.ChoiceField(label=_("how"), widget=forms.RadioSelect)
    reason = forms.ChoiceField(label=_("why"), widget=forms.RadioSelect)
    event_date = day_field(
        _("when it happened"),
        help_text=_(
            "Only if something happened after the sale: the return, the discount, the publication of the insolvency in "
            "the BOE."
        ),
    )
    also = NumbersField(
        label=_("other invoices that it corrects too"),
        help_text=_("By their numbers, with commas between them. To the same buyer."),
    )

    def __init__(self, *args: Any, invoice: Invoice, reasons: Iterable[FiscalType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = list(reasons)
        withdraws = offered == [FiscalType.F3]
        methods = [CorrectionMethod.DIFFERENCES] if withdraws else list(CorrectionMethod)
        self.fields["method"].choices = [(method.value, method.label) for method in methods]  # type: ignore[attr-defined]  # a choice field
        self.fields["reason"].choices = [(reason.value, reason.label) for reason in offered]  # type: ignore[attr-defined]  # a choice field
        self.fields["also"].invoice = invoice  # type: ignore[attr-defined]  # a field of numbers


def query_of(*, method: str, reason: str, event_date: date | None = None, also: str = "", **more: str) -> str:
    """The answers of a HowForm as an address carries them."""
    said: Mapping[str, str] = {
        "method": method,
        "reason": reason,
        "event_date": event_date.isoformat() if event_date else "",
        "also": also,
        **more,
    }
    return urlencode({name: value for name, value in said.items() if value})


class OnceForm(forms.Form):
    """A token that a page carries so that pressing its button twice makes one draft."""

    once = forms.UUIDField(widget=forms.HiddenInput)


class AlsoReplacesForm(forms.Form):
    also = NumbersField(
        label=_("other simplified invoices that it replaces too"),
        help_text=_("By their numbers, with commas between them."),
    )

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["also"].invoice = invoice  # type: ignore[attr-defined]  # a field of numbers


class AnnulForm(forms.Form):
    """What somebody declares who annuls an invoice, and why."""

    no_operation = forms.BooleanField(
        label=_("There was no sale, or another invoice says the same: this one should never have been."),
        error_messages={"required": _("Only what should never have been is annulled; anything else is corrected.")},
    )
    not_delivered = forms.BooleanField(
        label=_("The customer does not have it."),
        error_messages={"required": _("If the customer has it, correct it by another invoice instead.")},
    )
    reason = reason_field(_("reason"))


class AmendForm(forms.Form):
    """What of a record may change while the invoice stays; ``seen`` is the record that the person looked at."""

    description = forms.CharField(
        label=_("description of the operation"),
        max_length=500,
        widget=forms.Textarea(attrs={**_INPUT, "rows": 2}),
    )
    buyer_name = forms.CharField(
        label=_("buyer's name, as the census writes it"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs=_INPUT),
    )
    not_in_census = forms.BooleanField(
        label=_("the census does not know the buyer, and the tax id is right"), required=False
    )
    reason = reason_field(_("reason"))
    seen = forms.UUIDField(widget=forms.HiddenInput)
