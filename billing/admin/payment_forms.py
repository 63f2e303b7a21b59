"""Money received, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.admin.numbers import TypedDecimalField
from billing.models import PaymentMethod
from billing.representation import Parts

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
    def suggestion(parts: Parts) -> dict[str, Any]:
        """What is still due, received today."""
        invoice = parts.invoice
        today = timezone.now().astimezone(invoice.seller.zone).date()
        outstanding = invoice.amount_due - parts.paid_amount
        return {"amount": outstanding or None, "date": today, "method": PaymentMethod.TRANSFER}
