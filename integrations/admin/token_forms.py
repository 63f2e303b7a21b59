"""The forms of tokens; the services judge them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin import TypedDecimalField, actor_of_user, sentence, sentences
from audit.choices import MODES
from core.errors import Refusal
from core.modes import Mode
from integrations.admin.forms import INPUT, sellers_above
from integrations.models import ApiToken
from integrations.scopes import Scope
from integrations.services.token_rules import CEILINGS, Bounds
from integrations.services.tokens import MAX_OVERLAP, change_token, create_token

_EUROS: dict[str, Any] = {"required": False, "max_digits": 14, "decimal_places": 2}


class BoundsForm(forms.Form):
    """How a token may be used."""

    owner_email = forms.CharField(
        label=_("owner's e-mail"),
        help_text=_("Who is told that the token expires or misbehaves."),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs=INPUT),
    )
    expires_on = forms.DateField(
        label=_("expires at the end of"),
        required=False,
        widget=forms.DateInput(attrs={**INPUT, "type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    allowed_addresses = forms.CharField(
        label=_("allowed addresses"),
        help_text=_("CIDR ranges, one on each line; none allows any address."),
        required=False,
        widget=forms.Textarea(attrs={**INPUT, "rows": 3}),
    )
    calls_per_minute = forms.IntegerField(
        label=_("calls a minute"), initial=600, min_value=1, widget=forms.NumberInput(attrs=INPUT)
    )
    invoices_per_hour = forms.IntegerField(
        label=_("invoices an hour"), required=False, widget=forms.NumberInput(attrs=INPUT)
    )
    euros_per_invoice = TypedDecimalField(label=_("euros an invoice"), **_EUROS)
    euros_per_day = TypedDecimalField(label=_("euros a day"), **_EUROS)

    def bounds(self, present: datetime | None = None) -> Bounds:
        """What was entered. An expiry on the day that it has ``present``ly stays at its hour."""
        values = self.cleaned_data
        return Bounds(
            expires_at=_end_of(values["expires_on"], present),
            allowed_addresses=values["allowed_addresses"].split(),
            calls_per_minute=values["calls_per_minute"],
            owner_email=values["owner_email"],
            **{name: values[name] for name in CEILINGS},
        )

    def add_refusal(self, refusal: Refusal) -> None:
        """Every fault at its field; what has none at the top."""
        names = {"expires_at": "expires_on"}
        for fault in refusal.faults:
            name = (fault.pointer or "").removeprefix("#/").split("/")[0]
            name = names.get(name, name)
            self.add_error(name if name in self.fields else None, sentence(fault))
        if not refusal.faults:
            self.add_error(None, " ".join(sentences(refusal)))


class TokenForm(BoundsForm):
    """A new token."""

    name = forms.CharField(label=_("name"), max_length=100, widget=forms.TextInput(attrs=INPUT))
    mode = forms.ChoiceField(label=_("mode"), choices=MODES, widget=forms.Select(attrs=INPUT))
    sellers: forms.ModelMultipleChoiceField[Any] = forms.ModelMultipleChoiceField(
        label=_("sellers"), queryset=None, widget=forms.CheckboxSelectMultiple
    )
    scopes = forms.MultipleChoiceField(
        label=_("scopes"), choices=[(scope.value, scope.value) for scope in Scope], widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sellers"].queryset = sellers_above()  # type: ignore[attr-defined]  # a field of rows

    def create(self, request: HttpRequest) -> tuple[ApiToken, str]:
        """Make the token, and hand over its secret. Raises the service's refusals."""
        values, bounds = self.cleaned_data, self.bounds()
        return create_token(
            name=values["name"],
            mode=Mode(values["mode"]),
            seller_ids=[seller.pk for seller in values["sellers"]],
            scopes=values["scopes"],
            expires_at=bounds.expires_at,
            allowed_addresses=bounds.allowed_addresses,
            calls_per_minute=bounds.calls_per_minute,
            owner_email=bounds.owner_email,
            invoices_per_hour=bounds.invoices_per_hour,
            euros_per_invoice=bounds.euros_per_invoice,
            euros_per_day=bounds.euros_per_day,
            by=actor_of_user(request),
            now=timezone.now(),
        )


class ChangeForm(BoundsForm):
    """Other bounds for a token."""

    @classmethod
    def of(cls, token: ApiToken, data: Any) -> ChangeForm:
        """With what it has."""
        present = {name: getattr(token, name) for name in ("owner_email", "calls_per_minute", *CEILINGS)}
        present["expires_on"] = timezone.localtime(token.expires_at).date() if token.expires_at else None
        present["allowed_addresses"] = "\n".join(token.allowed_addresses)
        return cls(data, initial=present)

    def save(self, token: ApiToken, request: HttpRequest) -> ApiToken:
        """Raises the service's refusals."""
        by, bounds = actor_of_user(request), self.bounds(token.expires_at)
        return change_token(token_id=token.id, bounds=bounds, by=by, now=timezone.now())


class OverlapForm(forms.Form):
    """For how long a former secret stays good."""

    hours = forms.TypedChoiceField(
        label=_("the former secret stays good for"),
        coerce=int,
        initial=24,
        choices=[
            (0, _("no time at all: somebody else has it")),
            (1, _("an hour")),
            (24, _("a day")),
            (72, _("three days")),
            (int(MAX_OVERLAP.total_seconds()) // 3600, _("a week")),
        ],
        widget=forms.Select(attrs=INPUT),
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])


def _end_of(day: date | None, present: datetime | None) -> datetime | None:
    if day is None:
        return None
    if present is not None and timezone.localtime(present).date() == day:
        return present
    return timezone.make_aware(datetime.combine(day, time.max))
