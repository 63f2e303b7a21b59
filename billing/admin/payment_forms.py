"""Money received, as a form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.admin import TypedDecimalField
from billing.admin.times import today_for
from billing.models import Invoice, PaymentMethod

_INPUT = {"class": "co-input"}


class PaymentForm(forms.Form):
    """One payment. Its sign and date are the service's to judge."""

    amount = TypedDecimalField(label=_("amount"), max_digits=14, decimal_places=2)
    date = forms.DateField(
        label=_("date"),
        widget=forms.DateInput(attrs={**_INPUT, "type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    method = forms.ChoiceField(label=_("method"), choices=PaymentMethod.choices, widget=forms.Select(attrs=_INPUT))
    reference = forms.CharField(
        label=_("reference"), max_length=140, required=False, widget=forms.TextInput(attrs=_INPUT)
    )

    @staticmethod
    def suggestion(invoice: Invoice, outstanding: Decimal) -> dict[str, Any]:
        """What is still due, received today; nothing for a credit, which is due from the seller."""
        today = today_for(invoice.seller)
        is_due = outstanding > 0 and invoice.amount_due > 0
        return {"amount": outstanding if is_due else None, "date": today, "method": PaymentMethod.TRANSFER}
