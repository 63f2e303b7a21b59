"""Receivers of webhooks: made, changed, paused, taken away. Their secrets are shown once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.services import Subject, record
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, NotFound, gettext_noop
from integrations import vault
from integrations.models import EndpointHealth, EndpointSecret, EndpointStatus, WebhookEndpoint
from integrations.pointers import pointer
from integrations.services.receivers import EndpointData, faults_of
from integrations.services.sequencing import head_of, stand_still
from integrations.webhooks.signing import make_secret

MAX_ENDPOINTS: Final = 50
"""Of one seller, those taken away not counted."""

DEFAULT_OVERLAP: Final = timedelta(hours=24)
MAX_OVERLAP: Final = timedelta(days=7)


@transaction.atomic(savepoint=False)
def create_endpoint(
    *,
    seller_id: uuid.UUID,
    mode: str,
    url: str,
    by: Actor,
    now: datetime,
    event_types: Sequence[str] = ("*",),
    description: str = "",
    payload_version: str = "v1",
    owner_email: str = "",
) -> tuple[WebhookEndpoint, str]:
    """Let a receiver listen to the seller's events from now on; returns it and its secret, which nobody reads again.

    It is active at once and hears everything that gets its number from now on. Raises Invalid with every fault;
    Conflict ``endpoint_limit_reached``.
    """
    data = EndpointData(
        url=url,
        event_types=_distinct(event_types),
        description=description,
        payload_version=payload_version,
        owner_email=owner_email,
    )
    _refuse(faults_of(data, mode=mode))
    stand_still()
    _refuse_one_too_many(seller_id)
    endpoint = WebhookEndpoint.objects.create(
        seller_id=seller_id,
        mode=mode,
        begins_after=head_of(seller_id),
        created_at=now,
        created_by=str(by),
        **asdict(data),
    )
    EndpointHealth.objects.create(endpoint=endpoint)
    secret = _give_secret(endpoint, by=by, now=now)
    record("endpoint.created", by=by, subject=subject_of(endpoint), after=asdict(data))
    return endpoint, secret


@transaction.atomic(savepoint=False)
def update_endpoint(*, endpoint_id: uuid.UUID, changes: Mapping[str, Any], by: Actor) -> WebhookEndpoint:
    """Change what ``changes`` names (fields of EndpointData); what waits already is delivered to the new address.

    Raises NotFound; Invalid with every fault.
    """
    endpoint = lock_endpoint(endpoint_id)
    present = _data_of(endpoint)
    data = replace(present, **changes)
    data = replace(data, event_types=_distinct(data.event_types))
    _refuse(faults_of(data, mode=endpoint.mode))
    was, now_is = asdict(present), asdict(data)
    changed = [name for name in now_is if was[name] != now_is[name]]
    if changed:
        _save(endpoint, **{name: now_is[name] for name in changed})
        before, after = ({name: values[name] for name in changed} for values in (was, now_is))
        record("endpoint.changed", by=by, subject=subject_of(endpoint), before=before, after=after)
    return endpoint


@transaction.atomic(savepoint=False)
def pause_endpoint(*, endpoint_id: uuid.UUID, by: Actor, now: datetime) -> WebhookEndpoint:
    """Let its deliveries wait until it is resumed: none is lost. Raises NotFound; Conflict ``endpoint_disabled``."""
    del now  # the entry has its own
    endpoint = lock_endpoint(endpoint_id)
    refuse_if_disabled(endpoint)
    if endpoint.status == EndpointStatus.ACTIVE:
        _move(endpoint, "endpoint.paused", by=by, status=EndpointStatus.PAUSED)
    return endpoint


@transaction.atomic(savepoint=False)
def resume_endpoint(*, endpoint_id: uuid.UUID, by: Actor, now: datetime) -> WebhookEndpoint:
    """Deliver again: what waited, and all that comes. What happened while it was disabled is in the feed, and comes by
    replay; the next delivery's ``previous_sequence`` shows its receiver that something is missing. Raises NotFound."""
    del now  # the entry has its own
    stand_still()
    endpoint = lock_endpoint(endpoint_id)
    if endpoint.status == EndpointStatus.ACTIVE:
        return endpoint
    changes: dict[str, Any] = {"status": EndpointStatus.ACTIVE}
    if endpoint.status == EndpointStatus.DISABLED:
        changes |= {"disabled_at": None, "disabled_reason": "", "begins_after": head_of(endpoint.seller_id)}
    _move(endpoint, "endpoint.resumed", by=by, **changes)
    EndpointHealth.objects.filter(endpoint=endpoint).update(consecutive_failures=0, failing_since=None, open_until=None)
    return endpoint


@transaction.atomic(savepoint=False)
def delete_endpoint(*, endpoint_id: uuid.UUID, by: Actor, now: datetime) -> WebhookEndpoint:
    """Take it away for good: nothing is sent to it any more, and its secrets go. Its row and its log stay."""
    endpoint = lock_endpoint(endpoint_id)
    _save(endpoint, deleted_at=now)
    EndpointSecret.objects.filter(endpoint=endpoint).delete()
    record("endpoint.deleted", by=by, subject=subject_of(endpoint), before=asdict(_data_of(endpoint)))
    return endpoint


@transaction.atomic(savepoint=False)
def rotate_secret(*, endpoint_id: uuid.UUID, by: Actor, now: datetime, overlap: timedelta = DEFAULT_OVERLAP) -> str:
    """A new secret, which nobody reads again. Until ``overlap`` (at most seven days) is over the one before signs too,
    so that a receiver can change at its leisure; one from before that ends at once. Raises NotFound; Invalid."""
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        message = gettext_noop("The overlap is 0 to %(limit)s seconds.")
        params = {"limit": int(MAX_OVERLAP.total_seconds())}
        raise Invalid([Fault("overlap_out_of_range", message, pointer("overlap_seconds"), params=params)])
    endpoint = lock_endpoint(endpoint_id)
    former_until = now + overlap
    secrets = EndpointSecret.objects.filter(endpoint=endpoint)
    secrets.exclude(valid_until=None).delete()
    secrets.filter(valid_until=None).update(valid_until=former_until)
    secret = _give_secret(endpoint, by=by, now=now)
    after = {"former_valid_until": former_until.isoformat()}
    record("endpoint.secret_rotated", by=by, subject=subject_of(endpoint), after=after)
    return secret


def lock_endpoint(endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """The endpoint, for a change that no other may overtake; new deliveries need not wait. Raises NotFound.

    Its health is locked before it, and deliveries after it: so do the workers (recording.py), and nobody waits in a
    ring.
    """
    EndpointHealth.objects.select_for_update().filter(endpoint=endpoint_id).first()
    endpoints = WebhookEndpoint.objects.select_for_update(no_key=True).filter(deleted_at=None)
    endpoint = endpoints.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise endpoint_not_found()
    return endpoint


def try_at_once(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Somebody waits: an open circuit lets its probe through now."""
    EndpointHealth.objects.filter(endpoint=endpoint, open_until__gt=now).update(open_until=now)


def refuse_if_disabled(endpoint: WebhookEndpoint) -> None:
    """Raises Conflict ``endpoint_disabled``."""
    if endpoint.status == EndpointStatus.DISABLED:
        message = gettext_noop("The endpoint is disabled: resume it first.")
        raise Conflict("endpoint_disabled", message)


def endpoint_not_found() -> NotFound:
    """There is none for whoever asked."""
    return NotFound("endpoint_not_found", gettext_noop("There is no such webhook endpoint."))


def subject_of(endpoint: WebhookEndpoint) -> Subject:
    """The endpoint as the audit log names it."""
    return Subject("webhook_endpoint", str(endpoint.pk), str(endpoint), endpoint.seller_id, endpoint.mode)


def valid_secrets(endpoint_ids: Collection[uuid.UUID], *, now: datetime) -> QuerySet[EndpointSecret]:
    """The secrets that sign at ``now``, the newest first."""
    return EndpointSecret.objects.filter(Q(valid_until=None) | Q(valid_until__gt=now), endpoint__in=endpoint_ids)


def hint_of(secret: EndpointSecret) -> str:
    """How its owner recognises it; empty where our key for it is lost."""
    try:
        return f"{vault.decrypt(secret.encrypted)[:10]}…"
    except vault.LostKeyError:
        return ""


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(faults)


def _refuse_one_too_many(seller_id: uuid.UUID) -> None:
    """Nobody else makes one at the same time: the feed stands still."""
    if WebhookEndpoint.objects.filter(seller_id=seller_id, deleted_at=None).count() >= MAX_ENDPOINTS:
        message = gettext_noop("A seller has at most %(limit)s endpoints: take one away first.")
        raise Conflict("endpoint_limit_reached", message, params={"limit": MAX_ENDPOINTS})


def _give_secret(endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> str:
    secret = make_secret()
    EndpointSecret.objects.create(
        endpoint=endpoint, encrypted=vault.encrypt(secret), created_at=now, created_by=str(by)
    )
    return secret


def _data_of(endpoint: WebhookEndpoint) -> EndpointData:
    return EndpointData(
        url=endpoint.url,
        event_types=endpoint.event_types,
        description=endpoint.description,
        payload_version=endpoint.payload_version,
        owner_email=endpoint.owner_email,
    )


def _distinct(patterns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(patterns))


def _move(endpoint: WebhookEndpoint, action: str, *, by: Actor, **changes: Any) -> None:
    before = {"status": endpoint.status}
    _save(endpoint, **changes)
    record(action, by=by, subject=subject_of(endpoint), before=before, after={"status": endpoint.status})


def _save(endpoint: WebhookEndpoint, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=[*changes])
