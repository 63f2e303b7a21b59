"""When a receiver does not answer: its owner is told, and after five days, or a 410, it is called no more.

Nothing is lost by that: the feed has every event, and what was not delivered can be replayed.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, override

from audit import services as audit
from core.actors import Actor, worker
from core.errors import gettext_noop
from core.instants import written
from core.modes import Mode
from integrations.models import EndpointStatus, NoticeChannel, WebhookEndpoint
from integrations.outbox import publish
from integrations.services.alerting import notify
from integrations.services.endpoints import subject_of
from integrations.webhooks.guard import host_of

GONE: Final = gettext_noop("It answered 410 (gone).")
FAILED_TOO_LONG: Final = gettext_noop("Every delivery has failed for 120 hours.")

_WORKER: Final = "webhooks"


@transaction.atomic(savepoint=False)
def disable_endpoint(*, endpoint_id: uuid.UUID, why: str, now: datetime) -> bool:
    """Call it no more until somebody resumes it, and tell its owner and whoever listens; says whether that was new.

    What waits for it becomes a dead letter (claiming.bury_abandoned).
    """
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(id=endpoint_id, deleted_at=None).first()
    if endpoint is None or endpoint.status == EndpointStatus.DISABLED:
        return False
    before = {"status": endpoint.status}
    endpoint.status, endpoint.disabled_at, endpoint.disabled_reason = EndpointStatus.DISABLED, now, why
    endpoint.save(update_fields=["status", "disabled_at", "disabled_reason"])
    by = worker(_WORKER)
    after = {"status": endpoint.status, "reason": why}
    audit.record("endpoint.disabled", by=by, subject=subject_of(endpoint), before=before, after=after)
    _publish(endpoint, by)
    _tell(endpoint, _DISABLED, now=now)
    return True


def tell_that_it_fails(*, endpoint_id: uuid.UUID, now: datetime) -> None:
    """Tell its owner, in the caller's transaction."""
    endpoint = WebhookEndpoint.objects.filter(id=endpoint_id, deleted_at=None).first()
    if endpoint is not None:
        _tell(endpoint, _FAILING, now=now)


def _publish(endpoint: WebhookEndpoint, by: Actor) -> None:
    """What ``GET /webhook-endpoints/{id}`` shows, without what only its owner may read (the address, the secrets)."""
    payload = {
        "id": str(endpoint.id),
        "seller": str(endpoint.seller_id),
        "event_types": endpoint.event_types,
        "description": endpoint.description,
        "payload_version": endpoint.payload_version,
        "status": endpoint.status,
        "disabled_at": written(endpoint.disabled_at),
        "disabled_reason": endpoint.disabled_reason,
        "created_at": written(endpoint.created_at),
        "livemode": endpoint.mode == Mode.LIVE,
    }
    publish(
        "endpoint.disabled",
        seller_id=endpoint.seller_id,
        mode=endpoint.mode,
        object_id=str(endpoint.id),
        payload=payload,
        by=by,
    )


_FAILING: Final = (
    gettext_noop("Webhooks fail: %(endpoint)s"),
    gettext_noop(
        "Deliveries to %(endpoint)s have been failing. They are tried again for three days, and every event stays in "
        "the feed. After 120 hours of failure the endpoint is disabled."
    ),
)
_DISABLED: Final = (
    gettext_noop("A webhook endpoint was disabled: %(endpoint)s"),
    gettext_noop(
        "Nothing is delivered to %(endpoint)s any more. %(why)s Once the receiver answers again, resume the endpoint "
        "and replay what failed; until then every event is in the feed."
    ),
)


def _tell(endpoint: WebhookEndpoint, words: tuple[str, str], *, now: datetime) -> None:
    """A mail to the owner, if there is one, in the house's language. Of the address only the host: the rest may be a
    secret."""
    with override(settings.LANGUAGE_CODE):
        why = gettext(endpoint.disabled_reason) if endpoint.disabled_reason else ""
        params = {"endpoint": _name(endpoint), "why": why}
        subject, text = (gettext(template) % params for template in words)
    notify(
        channel=NoticeChannel.MAIL,
        recipient=endpoint.owner_email,
        subject=f"[Correlativa] {subject}",
        text=f"{text}\n\n{settings.BASE_URL}/admin/",
        now=now,
    )


def _name(endpoint: WebhookEndpoint) -> str:
    host = host_of(endpoint.url)
    return f"{endpoint.description} ({host})" if endpoint.description else host
