"""What the forms of several pages have in common."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

INPUT = {"class": "co-input"}


def sellers_above() -> QuerySet[Any]:
    """The rows of the storey above, which may be pointed at, but not imported."""
    sellers: QuerySet[Any] = apps.get_model("billing", "Seller").objects.all()
    return sellers


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"), max_length=500, widget=forms.Textarea(attrs={**INPUT, "rows": 3, "autofocus": True})
    )
