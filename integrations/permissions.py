"""What the caller may do: every view says which scopes each of its methods needs; silence means no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.errors import Forbidden, gettext_noop
from integrations.authentication import StoredToken, record_denial

if TYPE_CHECKING:  # at run time rest_framework.views imports this module
    from rest_framework.views import APIView


class Scoped(Protocol):
    """A view with ``required_scopes``: by action (``"issue"``) or method (``"GET"``), the scopes that all are needed.

    An empty tuple means that any valid token will do.
    """

    required_scopes: Mapping[str, tuple[str, ...]]


class HasScope(BasePermission):
    """Django REST framework's hook: refuses with ``scope_missing`` (403) naming what is missing, and records it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method == "OPTIONS" or request.method not in view.allowed_methods:
            return True  # the view answers 405
        required = scopes_of(view, request.method or "")
        if required is None:
            return False
        require_scopes(request, *required)
        return True


def scopes_of(view: object, method: str) -> tuple[str, ...] | None:
    """The scopes that ``view`` declares for its present action or method; None when it declares none at all."""
    declared: Mapping[str, tuple[str, ...]] = getattr(view, "required_scopes", {})
    action = getattr(view, "action", None)
    return declared.get(action or "", declared.get("GET" if method == "HEAD" else method))


def require_scopes(request: Request, *required: str) -> None:
    """Refuse unless the token holds all of ``required``; for what depends on the body, such as ``"issue": true``."""
    token = request.auth
    assert isinstance(token, StoredToken), "only views behind TokenAuthentication have scopes"
    missing = [scope for scope in required if scope not in token.scopes]
    if not missing:
        return
    record_denial(token, reason=f"scope_missing: {' '.join(missing)}")
    raise Forbidden(
        "scope_missing",
        gettext_noop("This token lacks the scope %(missing)s."),
        params={"missing": ", ".join(missing)},
        extra={"required_scopes": list(required), "held_scopes": sorted(token.scopes)},
    )
