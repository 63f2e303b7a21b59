"""A client may ask for its token's scopes, or for fewer."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes

from integrations.models import ApiToken
from integrations.scopes import Scope


class TokensScopes(BaseScopes):  # type: ignore[misc]  # the library has no types
    """The library's hook."""

    def get_all_scopes(self) -> dict[str, str]:
        return {scope.value: scope.value for scope in Scope}

    def get_available_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        """Those of the token that the client stands for."""
        del request  # the library's signature
        found = ApiToken.objects.filter(oauth_clients__application=application).values_list("scopes", flat=True).first()
        return list(found or [])

    def get_default_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        """Who names none gets all of them (RFC 6749 §3.3)."""
        return self.get_available_scopes(application, request)
