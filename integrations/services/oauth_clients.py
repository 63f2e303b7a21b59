"""OAuth clients of a token: made, shown once, taken away."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from oauth2_provider.generators import generate_client_id
from oauth2_provider.models import AccessToken, Application

from audit.services import record
from core.actors import Actor
from core.errors import Conflict, NotFound, gettext_noop
from integrations.models import ApiToken, OAuthClient
from integrations.services.tokens import lock_token, subject_of
from integrations.tokens import digest_of, make_client_secret

KEPT = timedelta(days=1)
"""An access token that has expired is told so for so long; then it is forgotten."""
_BATCH = 5_000


@transaction.atomic
def create_oauth_client(*, token_id: uuid.UUID, by: Actor, now: datetime) -> tuple[OAuthClient, str]:
    """Make a client id and secret that stand for a token, and return the secret, which nobody can read again.

    A token may have several, so that one can be exchanged without a pause. Raises NotFound, Conflict
    ``token_already_revoked``.
    """
    token, secret = lock_token(token_id), make_client_secret()
    application = Application.objects.create(
        client_id=generate_client_id(),
        client_secret=digest_of(secret).hex(),
        hash_client_secret=False,  # it is a digest already (integrations/oauth/validator.py)
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        name=token.name,
    )
    client = OAuthClient.objects.create(application=application, token=token, created_at=now, created_by=str(by))
    record("token.client_created", by=by, subject=subject_of(token), after={"client_id": application.client_id})
    return client, secret


@transaction.atomic
def revoke_oauth_client(*, client_id: str, token_id: uuid.UUID, by: Actor, now: datetime) -> OAuthClient:
    """Take a client away, and with it, at once, every access token that it has. Raises NotFound, Conflict
    ``client_already_revoked``."""
    found = OAuthClient.objects.select_for_update(of=("self",)).select_related("application", "token")
    client = found.filter(application__client_id=client_id, token=token_id).first()
    if client is None:
        raise NotFound("oauth_client_not_found", gettext_noop("The token has no such OAuth client."))
    if client.revoked_at:
        raise Conflict("oauth_client_already_revoked", gettext_noop("The OAuth client was revoked before."))
    client.revoked_at = now
    client.save(update_fields=["revoked_at"])
    record("token.client_revoked", by=by, subject=subject_of(client.token), after={"client_id": client_id})
    return client


def clients_of(token: ApiToken) -> list[OAuthClient]:
    """A token's clients, the oldest first."""
    return list(token.oauth_clients.select_related("application").order_by("created_at"))


def purge_access_tokens(*, now: datetime) -> int:
    """Forget the access tokens that expired a day ago, and return how many there were. Safe to repeat and to
    interrupt."""
    expired = AccessToken.objects.filter(expires__lt=now - KEPT).order_by("pk").values("pk")
    purged = 0
    while batch := AccessToken.objects.filter(pk__in=list(expired[:_BATCH].values_list("pk", flat=True))).delete()[0]:
        purged += batch
    return purged
