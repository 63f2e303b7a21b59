"""The forms of webhook endpoints; the services judge them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin import sentence, sentences
from core.errors import Refusal
from integrations.admin.forms import INPUT, sellers_above
from integrations.event_types import EVENT_TYPES, EVERYTHING
from integrations.models import WebhookEndpoint
from integrations.services.receivers import MAX_DESCRIPTION, MAX_URL
from integrations.versions import VERSIONS

_OVERLAPS = [
    (24, _("a day")),
    (1, _("an hour")),
    (72, _("three days")),
    (168, _("a week")),
    (0, _("not at all: it has leaked")),
]


class RefusableForm(forms.Form):
    """A form that shows what the service refuses, each fault at its field."""

    def add_refusal(self, refusal: Refusal) -> None:
        for fault in refusal.faults:
            name = (fault.pointer or "").removeprefix("#/").split("/")[0]
            self.add_error(name if name in self.fields else None, sentence(fault))
        if not refusal.faults:
            self.add_error(None, " ".join(sentences(refusal)))


class EndpointForm(RefusableForm):
    """What may change of an endpoint."""

    url = forms.CharField(
        label=_("address"),
        max_length=MAX_URL,
        help_text=_("https:// and a public name. Internal addresses are refused, now and at every call."),
        widget=forms.URLInput(attrs={**INPUT, "placeholder": "https://…"}),
    )
    event_types = forms.MultipleChoiceField(
        label=_("event types"), choices=[], initial=[EVERYTHING], widget=forms.CheckboxSelectMultiple
    )
    description = forms.CharField(
        label=_("description"), required=False, max_length=MAX_DESCRIPTION, widget=forms.TextInput(attrs=INPUT)
    )
    payload_version = forms.ChoiceField(
        label=_("payload version"),
        choices=[(version, version) for version in VERSIONS],
        widget=forms.Select(attrs=INPUT),
    )
    owner_email = forms.EmailField(
        label=_("owner's e-mail"),
        required=False,
        help_text=_("Who is told when deliveries fail."),
        widget=forms.EmailInput(attrs=INPUT),
    )

    def __init__(self, *args: Any, patterns: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [name for name in patterns or [] if name not in {EVERYTHING, *EVENT_TYPES}]
        choices = [(EVERYTHING, _("all")), *((name, name) for name in [*others, *EVENT_TYPES])]
        self.fields["event_types"].choices = choices  # type: ignore[attr-defined]  # a field of choices

    @classmethod
    def of(cls, endpoint: WebhookEndpoint, data: Any) -> Self:
        """Filled with what it has."""
        names = ("url", "event_types", "description", "payload_version", "owner_email")
        initial = {name: getattr(endpoint, name) for name in names}
        return cls(data, initial=initial, patterns=endpoint.event_types)

    def said(self) -> dict[str, Any]:
        """What was entered, for the service."""
        values = dict(self.cleaned_data)
        if EVERYTHING in values["event_types"]:
            values["event_types"] = [EVERYTHING]
        return values


class NewEndpointForm(EndpointForm):
    """A new endpoint of a seller."""

    seller: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("seller"), queryset=None, widget=forms.Select(attrs=INPUT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seller"].queryset = sellers_above()  # type: ignore[attr-defined]  # a field of rows

    def said(self) -> dict[str, Any]:
        values = super().said()
        seller = values.pop("seller")
        return {**values, "seller_id": seller.pk, "mode": seller.mode}


class OverlapForm(RefusableForm):
    """How long the former secret signs too."""

    hours = forms.TypedChoiceField(
        label=_("the former secret signs too for"), choices=_OVERLAPS, coerce=int, widget=forms.Select(attrs=INPUT)
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])


class TestEventForm(RefusableForm):
    """An event to try with."""

    __test__ = False  # for pytest, which goes by names

    type = forms.ChoiceField(
        label=_("event type"), choices=[(name, name) for name in EVENT_TYPES], widget=forms.Select(attrs=INPUT)
    )


class ReplayForm(RefusableForm):
    """What is to be sent again: either, not both."""

    failed_since = forms.TypedChoiceField(
        label=_("what has failed"),
        choices=[
            ("", "–"),
            (1, _("in the last hour")),
            (24, _("in the last day")),
            (168, _("in the last week")),
            (720, _("in the last month")),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.Select(attrs=INPUT),
    )
    after = forms.IntegerField(
        label=_("or all of the feed after number"),
        help_text=_("Also what it was never sent, of the types that it asks for."),
        required=False,
        min_value=0,
        widget=forms.NumberInput(attrs=INPUT),
    )

    def asked(self) -> dict[str, int | datetime]:
        """What was entered, for the service."""
        hours, after = self.cleaned_data["failed_since"], self.cleaned_data["after"]
        since = {"failed_since": timezone.now() - timedelta(hours=hours)} if hours else {}
        return {**since, **({} if after is None else {"after": after})}
