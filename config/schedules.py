"""What django-q2 calls by the clock. The clock is read here and handed down; every task is safe to repeat."""

from __future__ import annotations

from django.utils import timezone

from integrations.services import maintenance


def purge_idempotency_keys() -> int:
    """Nightly: forget the keys whose thirty days are over."""
    return maintenance.purge_idempotency_keys(now=timezone.now())
