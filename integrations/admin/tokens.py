"""Tokens at the person's door: made, bounded, rotated, taken away; each secret is shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from audit.admin import ChoiceFilter, ReadOnlyAdmin, Tone, actor_of_user, attempt, badge, perform, write_down
from core.errors import Refusal
from integrations.admin.forms import ReasonForm
from integrations.admin.token_forms import ChangeForm, OverlapForm, TokenForm
from integrations.models import ApiToken
from integrations.services import token_care
from integrations.services.oauth_clients import clients_of, create_oauth_client, revoke_oauth_client
from integrations.services.tokens import revoke_token, rotate_token, subject_of


class CareFilter(ChoiceFilter):
    """Those that somebody ought to look after."""

    title, names = _("to be looked after"), ("care",)
    _found = {
        "expiring": (_("expiring within 30 days"), token_care.expiring_tokens),
        "unused": (_("not used for 90 days"), token_care.unused_tokens),
        "never": (_("never used"), token_care.never_used_tokens),
    }

    def options(self) -> list[tuple[Any, Any]]:
        return [(name, label) for name, (label, _find) in self._found.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        chosen = self._found.get(self.value("care"))
        return queryset.filter(pk__in=chosen[1](timezone.now()).values("pk")) if chosen else queryset


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """What a token is (name, mode, sellers, scopes) never changes; how it may be used does."""

    list_display = ["name", "hint", "mode", "state", "expires_at", "last_used_at", "created_by"]
    list_filter = [CareFilter]
    search_fields = ["name", "hint", "previous_hint"]
    fields = [
        "name",
        "hint",
        "mode",
        "state",
        "sellers",
        "scopes",
        "allowed_addresses",
        "calls_per_minute",
        "invoices_per_hour",
        "euros_per_invoice",
        "euros_per_day",
        "owner_email",
        "created_at",
        "created_by",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "rotated_at",
        "previous_hint",
        "previous_valid_until",
        "previous_used_at",
    ]
    readonly_fields = ["state", "sellers"]
    change_form_template = "admin/integrations/apitoken/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("integrations.add_apitoken"))

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            watched: Callable[..., Any] = self.admin_site.admin_view(view)
            return path(f"<uuid:token_id>/{route}/", watched, name=f"integrations_apitoken_{name}")

        return [
            page("revoke", self.revoke_view, "revoke"),
            page("bounds", self.bounds_view, "bounds"),
            page("rotate", self.rotate_view, "rotate"),
            page("clients/new", self.new_client_view, "new_client"),
            page("clients/<str:client_id>/revoke", self.revoke_client_view, "revoke_client"),
            *super().get_urls(),
        ]

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
        token = self.get_object(request, object_id)
        may = request.user.has_perm("integrations.change_apitoken")
        clients = clients_of(token) if isinstance(token, ApiToken) else []
        extra = {**(extra_context or {}), "may_revoke": may, "clients": clients}
        answer: HttpResponseBase = super().change_view(request, object_id, form_url, extra)
        return answer

    def bounds_view(self, request: HttpRequest, token_id: Any) -> HttpResponse | TemplateResponse:
        """Give the token other bounds."""
        token = self._changeable(request, token_id)
        form = ChangeForm.of(token, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                perform(lambda: form.save(token, request))
            except Refusal as refusal:
                write_down(request, refusal, action="token.changed", subject=subject_of(token))
                form.add_refusal(refusal)
            else:
                messages.success(request, gettext("The token was changed; it holds from the next call on."))
                return _back_to(token)
        return self._page(request, "token_bounds", gettext("Change the token"), token=token, form=form)

    def rotate_view(self, request: HttpRequest, token_id: Any) -> HttpResponse | TemplateResponse:
        """A new secret, and how long the former one stays good. The answer alone shows it."""
        token = self._changeable(request, token_id)
        form, by = OverlapForm(request.POST or None), actor_of_user(request)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, "token_rotate", gettext("Rotate the secret"), token=token, form=form)
        rotated = attempt(
            request,
            lambda: rotate_token(token_id=token.id, overlap=form.overlap, by=by, now=timezone.now()),
            action="token.rotated",
            subject=subject_of(token),
        )
        if rotated is None:
            return _back_to(token)
        return self._page(request, "token_created", gettext("The token"), token=rotated[0], secret=rotated[1])

    def new_client_view(self, request: HttpRequest, token_id: Any) -> HttpResponse | TemplateResponse:
        """An OAuth client of the token. The answer alone shows its secret."""
        token, by = self._changeable(request, token_id), actor_of_user(request)
        if request.method != "POST":
            return self._page(request, "client_form", gettext("New OAuth client"), token=token)
        made = attempt(
            request,
            lambda: create_oauth_client(token_id=token.id, by=by, now=timezone.now()),
            action="token.client_created",
            subject=subject_of(token),
        )
        if made is None:
            return _back_to(token)
        client, secret = made
        title = gettext("The OAuth client")
        return self._page(request, "token_created", title, token=token, client=client, secret=secret)

    def revoke_client_view(
        self, request: HttpRequest, token_id: Any, client_id: str
    ) -> HttpResponse | TemplateResponse:
        """Take a client away, and its access tokens with it."""
        token, by = self._changeable(request, token_id), actor_of_user(request)
        if request.method != "POST":
            title = gettext("Revoke the OAuth client")
            return self._page(request, "client_revoke", title, token=token, client_id=client_id)
        revoked = attempt(
            request,
            lambda: revoke_oauth_client(client_id=client_id, token_id=token.id, by=by, now=timezone.now()),
            action="token.client_revoked",
            subject=subject_of(token),
        )
        if revoked:
            messages.success(request, gettext("The OAuth client was revoked, and its access tokens with it."))
        return _back_to(token)

    def revoke_view(self, request: HttpRequest, token_id: Any) -> HttpResponse | TemplateResponse:
        """Take the token's access away, with the reason."""
        token = self._changeable(request, token_id)
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
        return _back_to(token)

    def _changeable(self, request: HttpRequest, token_id: Any) -> ApiToken:
        """The token, for who may change it."""
        if not request.user.has_perm("integrations.change_apitoken"):
            raise PermissionDenied
        token = ApiToken.objects.filter(id=token_id).first()
        if token is None:
            raise Http404
        return token

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


def _back_to(token: ApiToken) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:integrations_apitoken_change", args=[token.pk]))
