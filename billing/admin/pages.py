"""What the pages of invoices have in common: the theme's frame, permissions, and the invoice that they are about."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from billing import queries
from billing.models import Invoice, Seller
from billing.representation import Parts
from core.errors import NotFound

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


def needs(
    *permissions: str,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Refuse with 403 who lacks any of billing's ``permissions``, whatever the menu showed."""

    def decorate(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may(request, *permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may(request: HttpRequest, *permissions: str) -> bool:
    """Whether the person has all of these permissions of billing."""
    return bool(request.user.has_perms([f"billing.{permission}" for permission in permissions]))


def page(request: HttpRequest, template: str, *, title: Any, **context: Any) -> TemplateResponse:
    """One of our pages in the theme's frame."""
    request.current_app = admin.site.name
    frame = {**admin.site.each_context(request), "clock_of": _seller_on(context)}
    return TemplateResponse(request, template, {**frame, "title": title, "opts_of_page": Invoice._meta, **context})


def _seller_on(context: dict[str, Any]) -> Seller | None:
    """Whose page it is: a test seller's clock is said on it."""
    owner = context.get("invoice") or context.get("desk")
    seller: Seller | None = owner.seller if owner is not None else context.get("seller")
    return seller


def parts_or_404(invoice_id: uuid.UUID) -> Parts:
    """The invoice with its parts."""
    try:
        return queries.parts_of(queries.get_invoice(invoice_id))
    except NotFound as refusal:
        raise Http404 from refusal


def url_of(name: str, *args: object) -> str:
    """The address of one of the pages of invoices."""
    return reverse(f"admin:billing_invoice_{name}", args=args)


def go_to(invoice_id: object) -> HttpResponseRedirect:
    """Show the invoice."""
    return HttpResponseRedirect(url_of("change", invoice_id))
