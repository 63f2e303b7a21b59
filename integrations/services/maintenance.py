"""What the night takes away."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.models import CallMinute, DeliveryAttempt, DeliveryState, IdempotencyKey, Notice

KEPT = timedelta(days=30)
"""How long a key answers its repeats: the contract's promise."""

CALLS_KEPT = timedelta(days=90)
"""How long it is known how machines used this house."""

ANSWERS_KEPT = timedelta(days=90)
"""How long receivers' answers and sent messages are kept: they hold other people's words and addresses."""

_BATCH = 5_000


def purge_idempotency_keys(*, now: datetime) -> int:
    """Forget the keys whose thirty days are over, and return how many there were.

    In batches, each its own transaction, so that no lock is held for long. Safe to repeat and to interrupt.
    """
    expired = IdempotencyKey.objects.filter(created_at__lt=now - KEPT).order_by("created_at").values("pk")
    purged = 0
    while batch := IdempotencyKey.objects.filter(pk__in=expired[:_BATCH]).delete()[0]:
        purged += batch
    return purged


def purge_calls(*, now: datetime) -> int:
    """Forget the calls of minutes that are over ninety days old, and return how many rows there were. In batches, like
    the keys."""
    old = CallMinute.objects.filter(minute__lt=now - CALLS_KEPT).order_by("minute").values("pk")
    purged = 0
    while batch := CallMinute.objects.filter(pk__in=old[:_BATCH]).delete()[0]:
        purged += batch
    return purged


def purge_answers(*, now: datetime) -> int:
    """Forget what receivers answered more than ninety days ago, but for deliveries that still wait, and the messages
    that were sent or given up as long ago; returns how many rows there were. Deliveries and events stay."""
    old = DeliveryAttempt.objects.filter(at__lt=now - ANSWERS_KEPT).exclude(delivery__state=DeliveryState.PENDING)
    told = Notice.objects.filter(finished_at__lt=now - ANSWERS_KEPT)
    purged = 0
    while batch := DeliveryAttempt.objects.filter(pk__in=old.order_by("pk").values("pk")[:_BATCH]).delete()[0]:
        purged += batch
    while batch := Notice.objects.filter(pk__in=told.order_by("pk").values("pk")[:_BATCH]).delete()[0]:
        purged += batch
    return purged
