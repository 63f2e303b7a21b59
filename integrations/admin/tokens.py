"""Tokens at the person's door."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, Tone, actor_of_user, attempt, badge, perform, sentence, write_down
from audit.choices import MODES
from core.errors import Refusal
from core.modes import Mode
from integrations.admin.forms import INPUT, ReasonForm, sellers_above
from integrations.models import ApiToken
from integrations.scopes import Scope
from integrations.services.tokens import create_token, revoke_token, subject_of


class TokenForm(forms.Form):
    """A new token; the service judges it."""

    name = forms.CharField(label=_("name"), max_length=100, widget=forms.TextInput(attrs=INPUT))
    mode = forms.ChoiceField(label=_("mode"), choices=MODES, widget=forms.Select(attrs=INPUT))
    sellers: forms.ModelMultipleChoiceField[Any] = forms.ModelMultipleChoiceField(
        label=_("sellers"), queryset=None, widget=forms.CheckboxSelectMultiple
    )
    scopes = forms.MultipleChoiceField(
        label=_("scopes"), choices=[(scope.value, scope.value) for scope in Scope], widget=forms.CheckboxSelectMultiple
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sellers"].queryset = sellers_above()  # type: ignore[attr-defined]  # a field of rows

    def create(self, request: HttpRequest) -> tuple[ApiToken, str]:
        """Make the token, and hand over its secret. Raises the service's refusals."""
        values = self.cleaned_data
        return create_token(
            name=values["name"],
            mode=Mode(values["mode"]),
            seller_ids=[seller.pk for seller in values["sellers"]],
            scopes=values["scopes"],
            expires_at=_end_of(values["expires_on"]),
            allowed_addresses=values["allowed_addresses"].split(),
            calls_per_minute=values["calls_per_minute"],
            by=actor_of_user(request),
            now=timezone.now(),
        )

    def add_refusal(self, refusal: Refusal) -> None:
        """Every fault at its field."""
        names = {"expires_at": "expires_on"}
        for fault in refusal.faults:
            name = (fault.pointer or "").removeprefix("#/").split("/")[0]
            name = names.get(name, name)
            self.add_error(name if name in self.fields else None, sentence(fault))


def _end_of(day: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.max)) if day else None


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Machines' credentials: made here, shown once, taken away here; never changed."""

    list_display = ["name", "hint", "mode", "state", "expires_at", "last_used_at", "created_by"]
    search_fields = ["name", "hint"]
    fields = [
        "name",
        "hint",
        "mode",
        "state",
        "sellers",
        "scopes",
        "allowed_addresses",
        "calls_per_minute",
        "created_at",
        "created_by",
        "expires_at",
        "revoked_at",
        "last_used_at",
    ]
    readonly_fields = ["state", "sellers"]
    change_form_template = "admin/integrations/apitoken/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("integrations.add_apitoken"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<uuid:token_id>/revoke/", view, name="integrations_apitoken_revoke"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """The answer to the form is the only page that ever shows the secret."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = TokenForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                token, secret = perform(lambda: form.create(request))
            except Refusal as refusal:
                write_down(request, refusal, action="token.created")
                form.add_refusal(refusal)
            else:
                return self._page(request, "token_created", gettext("The token"), token=token, secret=secret)
        return self._page(request, "token_form", gettext("New API token"), form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        may = request.user.has_perm("integrations.change_apitoken")
        extra = {**(extra_context or {}), "may_revoke": may}
        answer: HttpResponseBase = super().change_view(request, object_id, form_url, extra)
        return answer

    def revoke_view(self, request: HttpRequest, token_id: Any) -> HttpResponse | TemplateResponse:
        """Take the token's access away, with the reason."""
        if not request.user.has_perm("integrations.change_apitoken"):
            raise PermissionDenied
        token = ApiToken.objects.filter(id=token_id).first()
        if token is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, "token_revoke", gettext("Revoke the token"), token=token, form=form)
        by, reason = actor_of_user(request), form.cleaned_data["reason"]
        revoked = attempt(
            request,
            lambda: revoke_token(token_id=token.id, by=by, now=timezone.now(), reason=reason),
            action="token.revoked",
            subject=subject_of(token),
        )
        if revoked:
            messages.success(request, gettext("The token was revoked: the next call that carries it is refused."))
        return HttpResponseRedirect(reverse("admin:integrations_apitoken_change", args=[token.id]))

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        frame = {**self.admin_site.each_context(request), "title": title}
        name = f"admin/integrations/apitoken/{template}.html"
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, name, {**frame, **context}, headers=headers)

    @admin.display(description=_("state"))
    def state(self, token: ApiToken) -> SafeString:
        if token.revoked_at:
            return badge(_("revoked"), Tone.BAD)
        if token.expires_at and token.expires_at <= timezone.now():
            return badge(_("expired"), Tone.WARNING)
        return badge(pgettext("token", "active"), Tone.GOOD)

    @admin.display(description=_("sellers"))
    def sellers(self, token: ApiToken) -> str:
        return ", ".join(str(row.seller) for row in token.token_sellers.select_related("seller"))
