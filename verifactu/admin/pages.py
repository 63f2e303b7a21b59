"""What the pages of VERI*FACTU have in common: the theme's frame, permissions, addresses, filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from audit.admin import ChoiceFilter, ReadOnlyAdmin
from verifactu.models import Chain

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


def needs(
    permission: str,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Refuse with 403 who lacks this permission of VERI*FACTU, whatever the menu showed."""

    def decorate(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may(request, permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the person has this permission of VERI*FACTU."""
    return bool(request.user.has_perm(f"verifactu.{permission}"))


def page(request: HttpRequest, template: str, *, title: Any, **context: Any) -> TemplateResponse:
    """One of our pages in the theme's frame."""
    request.current_app = admin.site.name
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **context})


def url_of(name: str, *args: object) -> str:
    """The address of one of VERI*FACTU's own pages."""
    return reverse(f"admin:verifactu_{name}", args=args)


def url_elsewhere(name: str, *args: object) -> str:
    """The address of a page of a storey above, by its name alone; nothing where there is none."""
    try:
        return reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return ""


class PageAdmin(ReadOnlyAdmin):
    """A list of Django's, and a page of ours for each row. Nothing is written there."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if row is None:
            raise Http404
        return self.show(request, row)

    def show(self, request: HttpRequest, row: Any) -> HttpResponseBase:
        """The page of one row."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ChainFilter(ChoiceFilter):
    """By chain: a handful for each seller."""

    title, names, lookup = _("chain"), ("chain",), "chain"

    def options(self) -> list[tuple[Any, Any]]:
        chains = Chain.objects.select_related("seller").order_by("seller__legal_name", "created_at")
        return [(chain.id, f"{chain.seller} · {chain}") for chain in chains]
