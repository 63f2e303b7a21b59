"""Who may have an access token: a client whose secret is right and whose token is good."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from oauth2_provider.oauth2_validators import OAuth2Validator

from audit.services import record
from core.actors import Actor, ActorKind
from integrations.authentication import is_allowed, record_denial
from integrations.context import current
from integrations.models import ApiToken, OAuthClient
from integrations.services.tokens import subject_of
from integrations.throttling import count_call, count_failure
from integrations.tokens import digest_of


class TokensValidator(OAuth2Validator):  # type: ignore[misc]  # the library has no types
    """The library's hook. What it raises of ours passes through it to the view."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """The library's look at id and secret, and ours at the token; counted like any call, or any failure."""
        request.named = None  # until it is looked up, whatever the form says
        is_right = bool(super().authenticate_client(request, *args, **kwargs))
        client, now = _client_of(request), timezone.now()
        if is_right and client is not None and _is_good(client):
            count_call(client.token.id, client.token.calls_per_minute, now=now.timestamp())
            return True
        count_failure(current.get().address, now=now.timestamp())
        if client is not None:
            record_denial(client.token, reason="invalid_client")
        return False

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Kept as a digest (RFC 9700 §4); the audit log says to whom, and what for."""
        super().save_bearer_token(token, request, *args, **kwargs)
        client = _client_of(request)
        assert client is not None, "it has just been authenticated"
        after = {"client_id": request.client.client_id, "scopes": token["scope"].split()}
        record("token.access_granted", by=_actor_of(client.token), subject=subject_of(client.token), after=after)

    def _load_application(self, client_id: str, request: Any) -> Any:
        """The library forgets the client whose secret was wrong; the audit log wants to know."""
        if "\0" in (client_id or ""):
            return None  # PostgreSQL's text cannot hold it
        found = super()._load_application(client_id, request)
        request.named = found or request.named
        return found

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        """190 random bits need neither salt nor a slow hash, with which strangers could keep us busy."""
        return bool(constant_time_compare(digest_of(provided_secret).hex(), stored_secret))


def _client_of(request: Any) -> OAuthClient | None:
    """The client that was named, if we know it, be its secret right or wrong."""
    named = request.named
    return OAuthClient.objects.select_related("token").filter(application=named).first() if named else None


def _is_good(client: OAuthClient) -> bool:
    token = client.token
    is_over = token.expires_at is not None and token.expires_at <= timezone.now()
    is_revoked = client.revoked_at is not None or token.revoked_at is not None
    return not is_over and not is_revoked and is_allowed(current.get().address, token.allowed_addresses)


def _actor_of(token: ApiToken) -> Actor:
    context = current.get()
    return Actor(
        kind=ActorKind.TOKEN,
        id=str(token.pk),
        name=token.name,
        request_id=context.request_id,
        correlation_id=context.correlation_id,
        address=context.address,
    )
