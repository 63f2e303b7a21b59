"""The page of a test seller's sandbox: its clock, what is to go wrong, and a fresh start."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from audit.admin import actor_of_user, attempt
from billing.admin.pages import page
from billing.admin.times import now_for
from billing.models import Seller
from billing.services.sellers import subject_of
from billing.services.starting_afresh import FreshStart, start_afresh
from core.actors import Actor
from core.modes import Mode
from integrations.models import Scenario, ScenarioKind, TokenSeller
from integrations.services.clocks import set_clock
from integrations.services.scenarios import Wish, end_scenario, running_of, start_scenario

_INPUT = {"class": "co-input"}


class ClockForm(forms.Form):
    """In the seller's own zone."""

    now = forms.DateTimeField(
        label=_("Set the clock to"),
        widget=forms.DateTimeInput(attrs={**_INPUT, "type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
    )


def _number(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, widget=forms.NumberInput(attrs=_INPUT))


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, f"{kind.value} · {kind.label}") for kind in ScenarioKind]


class ScenarioForm(forms.Form):
    """As the API takes it."""

    kind = forms.ChoiceField(label=_("What is to go wrong"), choices=_kinds, widget=forms.Select(attrs=_INPUT))
    times = forms.IntegerField(label=_("How often"), required=False, widget=forms.NumberInput(attrs=_INPUT))
    seconds = forms.IntegerField(
        label=_("or for how many seconds"), required=False, widget=forms.NumberInput(attrs=_INPUT)
    )
    code = forms.IntegerField(label=_("The AEAT's code"), required=False, widget=forms.NumberInput(attrs=_INPUT))
    delay_seconds = forms.IntegerField(
        label=_("Delay in seconds"), required=False, widget=forms.NumberInput(attrs=_INPUT)
    )


class FreshForm(forms.Form):
    with_tokens = forms.BooleanField(
        label=_("Its API tokens act for the new seller from now on"), required=False, initial=True
    )


@require_http_methods(["GET", "HEAD", "POST"])
def sandbox(request: HttpRequest, seller_id: uuid.UUID) -> HttpResponseBase:
    """Show it to who may see test clocks; set, start, end and begin anew for who may change them."""
    if not request.user.has_perm("integrations.view_testclock"):
        raise PermissionDenied
    seller = Seller.objects.filter(id=seller_id, mode=Mode.TEST).first()
    if request.method != "POST":
        return _show(request, _found(seller))
    if not request.user.has_perms(["integrations.change_testclock", "integrations.change_scenario"]):
        raise PermissionDenied
    for name, act in _ACTS.items():
        if name in request.POST:
            return act(request, _found(seller))
    return _show(request, _found(seller))


def _found(seller: Seller | None) -> Seller:
    if seller is None:  # live sellers have no sandbox
        raise Http404
    return seller


def _show(request: HttpRequest, seller: Seller, **forms_: forms.Form) -> HttpResponseBase:
    present, now = now_for(seller), timezone.now()
    shown = {
        "clock_form": ClockForm(initial={"now": present.astimezone(seller.zone).replace(tzinfo=None)}),
        "scenario_form": ScenarioForm(),
        "fresh_form": FreshForm(),
        **forms_,
    }
    return page(
        request,
        "billing/sandbox.html",
        title=gettext("Sandbox of %(seller)s") % {"seller": seller.legal_name},
        seller=seller,
        present=present.astimezone(seller.zone),
        true_time=now.astimezone(seller.zone),
        is_ahead=present - now > timedelta(seconds=1),
        running=[(scenario, ScenarioKind(scenario.kind).label) for scenario in running_of([seller.id], now=now)],
        ended=Scenario.objects.filter(seller=seller, ended_at__isnull=False).order_by("-ended_at")[:5],
        may_change=request.user.has_perms(["integrations.change_testclock", "integrations.change_scenario"]),
        **shown,
    )


def _set(request: HttpRequest, seller: Seller) -> HttpResponseBase:
    form = ClockForm(request.POST)
    if not form.is_valid():
        return _show(request, seller, clock_form=form)
    to = _in_zone(form.cleaned_data["now"], seller)
    done = _try(request, seller, "clock.set", lambda by, now: set_clock(seller_id=seller.id, to=to, by=by, now=now))
    if done:
        messages.success(request, gettext("The clock was set, and runs on."))
    return _back(seller)


def _in_zone(moment: datetime, seller: Seller) -> datetime:
    """What was typed is meant in the seller's zone, whatever the pages' own is."""
    return timezone.make_naive(moment).replace(tzinfo=seller.zone)


def _start(request: HttpRequest, seller: Seller) -> HttpResponseBase:
    form = ScenarioForm(request.POST)
    if not form.is_valid():
        return _show(request, seller, scenario_form=form)
    wish = Wish(**form.cleaned_data)
    done = _try(
        request,
        seller,
        "scenario.started",
        lambda by, now: start_scenario(seller_id=seller.id, wish=wish, by=by, now=now),
    )
    return _back(seller) if done else _show(request, seller, scenario_form=form)


def _end(request: HttpRequest, seller: Seller) -> HttpResponseBase:
    try:
        scenario_id = uuid.UUID(request.POST["end"])
    except ValueError as error:
        raise Http404 from error
    _try(
        request,
        seller,
        "scenario.ended",
        lambda by, now: end_scenario(scenario_id=scenario_id, seller_ids=[seller.id], by=by, now=now),
    )
    return _back(seller)


def _begin(request: HttpRequest, seller: Seller) -> HttpResponseBase:
    form = FreshForm(request.POST)
    form.is_valid()
    tokens = TokenSeller.objects.filter(seller_id=seller.id, token__revoked_at=None)
    token_ids = [*tokens.values_list("token_id", flat=True)] if form.cleaned_data["with_tokens"] else []
    made: FreshStart | None = _try(
        request,
        seller,
        "seller.started_afresh",
        lambda by, now: start_afresh(seller_id=seller.id, token_ids=token_ids, by=by, now=now),
    )
    if made is None:
        return _back(seller)
    said = gettext("Begun: this is the new seller, with the tax id %(tax_id)s. The former one stays as it is.")
    messages.success(request, said % {"tax_id": made.seller.tax_id})
    return _back(made.seller)


def _try(request: HttpRequest, seller: Seller, action: str, act: Callable[[Actor, datetime], Any]) -> Any:
    by = actor_of_user(request)
    return attempt(request, lambda: act(by, timezone.now()), action=action, subject=subject_of(seller))


def _back(seller: Seller) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:billing_seller_sandbox", args=[seller.id]))


_ACTS = {"set": _set, "start": _start, "end": _end, "begin": _begin}
