"""Tokens that somebody ought to look after: those that end soon, and those that nobody uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from integrations.models import ApiToken

EXPIRY_DAYS: Final = (30, 7, 1)
"""So many days before its end people are told of it, and the token's owner with them."""

UNUSED_AFTER: Final = timedelta(days=90)


def good_tokens(now: datetime) -> QuerySet[ApiToken]:
    """Neither revoked nor expired."""
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def expiring_tokens(now: datetime) -> QuerySet[ApiToken]:
    """Good ones that end within thirty days."""
    return good_tokens(now).filter(expires_at__lte=now + timedelta(days=EXPIRY_DAYS[0]))


def unused_tokens(now: datetime) -> QuerySet[ApiToken]:
    """Good ones that nobody has used for ninety days: what opens a door for nobody had better be taken away."""
    since = now - UNUSED_AFTER
    return good_tokens(now).filter(Q(last_used_at__lt=since) | Q(last_used_at=None, created_at__lt=since))


def never_used_tokens(now: datetime) -> QuerySet[ApiToken]:
    """Good ones that nobody has used yet."""
    return good_tokens(now).filter(last_used_at=None)
