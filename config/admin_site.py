"""The person's door: django-unfold's site, which writes down who comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext
from unfold.sites import UnfoldAdminSite

from audit.models import Outcome
from audit.people import actor_of_user, nobody_known
from audit.services import Subject, record
from config.compliance_pages import compliance, compliance_pdf
from integrations import deployment


class PeoplesDoor(UnfoldAdminSite):
    """Log-ins, refused ones too, log-outs and changed passwords go to the audit log."""

    enable_nav_sidebar = True

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page of ours; an act that somebody tried and may not do is written down."""

        @wraps(view)
        def watched(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                if request.method == "POST":
                    _record_refusal(request)
                raise

        return super().admin_view(watched, cacheable)  # type: ignore[no-any-return]  # the theme has no types

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the reason why nothing is issued or sent, if there is one, for every page."""
        message = deployment.standing().message if request.user.is_authenticated else ""
        return {**super().each_context(request), "fence": message and gettext(message)}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """With the declaration of compliance, which nobody who is let in may be refused."""
        page, document = self.admin_view(compliance), self.admin_view(compliance_pdf)
        return [
            path("compliance/", page, name="compliance_statement"),
            path("compliance/pdf/", document, name="compliance_pdf"),
            *super().get_urls(),
        ]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Of a refused log-in only the claimed name is kept: people type passwords into the wrong field."""
        response: HttpResponse = super().login(request, extra_context)
        if request.method == "POST":
            self._record_login(request, succeeded=_moved_on(response))
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        by, was_here = actor_of_user(request), request.user.is_authenticated
        response: HttpResponse = super().logout(request, extra_context)
        if was_here and request.method == "POST":
            record("user.logged_out", by=by, subject=Subject("user", by.id, by.name))
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().password_change(request, extra_context)
        if request.method == "POST" and _moved_on(response):
            by = actor_of_user(request)
            record("user.password_changed", by=by, subject=Subject("user", by.id, by.name))
        return response

    def _record_login(self, request: HttpRequest, *, succeeded: bool) -> None:
        if succeeded:
            by = actor_of_user(request)
            record("user.logged_in", by=by, subject=Subject("user", by.id, by.name))
            return
        by = nobody_known(request.POST.get("username", "")[:150].replace("\x00", ""))
        record(
            "user.logged_in", by=by, outcome=Outcome.REFUSED, reason="Wrong name or password, or not one of the staff."
        )


def _record_refusal(request: HttpRequest) -> None:
    """After the refusal, in a transaction of its own; what was sent stays out."""
    page = request.resolver_match.view_name if request.resolver_match else ""
    record(
        "admin.denied",
        by=actor_of_user(request),
        subject=Subject("page", request.path[-64:], str(page)),
        outcome=Outcome.REFUSED,
        reason="The person's groups do not allow it.",
    )


def _moved_on(response: HttpResponse) -> bool:
    """Django shows the form again when something is wrong."""
    return isinstance(response, HttpResponseRedirect)
