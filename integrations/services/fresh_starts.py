"""What goes along from a test seller to the one that takes its place: tokens and receivers of webhooks."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from audit.services import record
from core.actors import Actor
from core.errors import Conflict, gettext_noop
from integrations.models import ApiToken, EndpointSecret, EndpointStatus, TokenSeller, WebhookEndpoint
from integrations.services import endpoints
from integrations.services.tokens import subject_of


@transaction.atomic
def hand_over_tokens(
    *, token_ids: Collection[uuid.UUID], former_id: uuid.UUID, seller_id: uuid.UUID, by: Actor
) -> None:
    """Let tokens act for ``seller_id`` in the place of ``former_id``, with the same secrets, from their next call on.

    Raises Conflict ``already_fresh`` where one of them acts for the former one no more: somebody was faster.
    """
    for token in ApiToken.objects.filter(pk__in=token_ids).order_by("pk"):
        moved = TokenSeller.objects.filter(token=token, seller_id=former_id).update(seller_id=seller_id)
        if not moved:
            message = gettext_noop("A fresh start has just been made: the token acts for the new seller already.")
            raise Conflict("already_fresh", message)
        before, after = {"seller": str(former_id)}, {"seller": str(seller_id)}
        record("token.handed_over", by=by, subject=subject_of(token), before=before, after=after)


@transaction.atomic
def copy_endpoints(
    *, former_id: uuid.UUID, seller_id: uuid.UUID, by: Actor, now: datetime
) -> list[tuple[WebhookEndpoint, WebhookEndpoint]]:
    """Let the receivers of one test seller listen to another as well, each with the secret that its receiver has now;
    what was paused is paused, what was disabled or taken away is left out. Gives pairs of old and new."""
    kept = WebhookEndpoint.objects.filter(seller_id=former_id, deleted_at=None).exclude(status=EndpointStatus.DISABLED)
    return [(former, _copy(former, seller_id, by=by, now=now)) for former in kept.order_by("created_at", "id")]


@transaction.atomic
def retire_endpoints(*, former_id: uuid.UUID, by: Actor, now: datetime) -> int:
    """Take the former seller's receivers away where no token acts for it any more: nobody could stop them, and their
    copies listen to the new one. Returns how many there were."""
    if TokenSeller.objects.filter(seller_id=former_id, token__revoked_at=None).exists():
        return 0
    left = list(WebhookEndpoint.objects.filter(seller_id=former_id, deleted_at=None).values_list("id", flat=True))
    for endpoint_id in left:
        endpoints.delete_endpoint(endpoint_id=endpoint_id, by=by, now=now)
    return len(left)


def _copy(former: WebhookEndpoint, seller_id: uuid.UUID, *, by: Actor, now: datetime) -> WebhookEndpoint:
    made, _secret = endpoints.create_endpoint(
        seller_id=seller_id,
        mode=former.mode,
        url=former.url,
        event_types=former.event_types,
        description=former.description,
        payload_version=former.payload_version,
        owner_email=former.owner_email,
        by=by,
        now=now,
    )
    present = EndpointSecret.objects.get(endpoint=former, valid_until=None)
    EndpointSecret.objects.filter(endpoint=made).update(encrypted=present.encrypted)
    if former.status == EndpointStatus.PAUSED:
        made = endpoints.pause_endpoint(endpoint_id=made.pk, by=by, now=now)
    return made
