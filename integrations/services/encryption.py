"""Secrets at rest: whether they can be read, and again with a new key."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from audit.services import Subject, record
from core.actors import Actor
from integrations import vault
from integrations.models import EndpointSecret

_BATCH = 500


@dataclass(slots=True)
class Renewal:
    """How many secrets were written anew, were under the present key already, and could not be read."""

    renewed: int = 0
    current: int = 0
    lost: int = 0


def renew_webhook_secrets(*, by: Actor, batch: int = _BATCH) -> Renewal:
    """Write every webhook secret anew under the first key.

    In batches, each its own transaction with its own entry in the audit log: safe to interrupt, and what is done
    already is left alone when it is repeated. What no key fits stays as it is, for when the former key is back.
    """
    renewal, last = Renewal(), 0
    while found := _renew_batch(last, batch, renewal, by=by):
        last = found
    return renewal


@transaction.atomic
def _renew_batch(after: int, size: int, renewal: Renewal, *, by: Actor) -> int:
    """The id of the last secret that was looked at; 0 when there is none left."""
    batch = EndpointSecret.objects.select_for_update().filter(id__gt=after).order_by("id")[:size]
    secrets = list(batch)
    renewed = [secret for secret in secrets if _renew(secret, renewal)]
    EndpointSecret.objects.bulk_update(renewed, ["encrypted"])
    if renewed:
        after_it = {"secrets": len(renewed), "first": renewed[0].pk, "last": renewed[-1].pk}
        record("encryption.renewed", by=by, subject=Subject("webhook_secrets", "all"), after=after_it)
    return secrets[-1].pk if secrets else 0


def _renew(secret: EndpointSecret, renewal: Renewal) -> bool:
    if vault.is_current(secret.encrypted):
        renewal.current += 1
        return False
    try:
        secret.encrypted = vault.renew(secret.encrypted)
    except vault.LostKeyError:
        renewal.lost += 1
        return False
    renewal.renewed += 1
    return True


def count_unreadable() -> int:
    """How many webhook secrets no key of ENCRYPTION_KEYS fits."""
    stored = EndpointSecret.objects.values_list("encrypted", flat=True)
    return sum(not vault.is_readable(encrypted) for encrypted in stored.iterator())


def newest_is_readable() -> bool:
    """Whether this process has the key that is in use: a secret that was just made tells."""
    newest = EndpointSecret.objects.order_by("-id").values_list("encrypted", flat=True).first()
    return newest is None or vault.is_readable(newest)
