"""Giving machines access, changing its bounds and its secret, and taking it away."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from audit.services import Subject, record
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, NotFound, gettext_noop
from core.modes import Mode
from integrations.models import ApiToken, TokenSeller
from integrations.pointers import pointer
from integrations.services.token_rules import (
    BOUNDS,
    Bounds,
    bounds_of,
    faults_of_bounds,
    faults_of_name,
    faults_of_scopes,
    faults_of_sellers,
)
from integrations.tokens import digest_of, hint_of, make_secret

MAX_OVERLAP = timedelta(days=7)


@transaction.atomic
def create_token(
    *,
    name: str,
    mode: Mode,
    seller_ids: Collection[uuid.UUID],
    scopes: Collection[str],
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    allowed_addresses: Sequence[str] = (),
    calls_per_minute: int = 600,
    owner_email: str = "",
    invoices_per_hour: int | None = None,
    euros_per_invoice: Decimal | None = None,
    euros_per_day: Decimal | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for some sellers of one mode, and return its row and its secret, which nobody can read again.

    The bounds are those of ``Bounds``. Refuses with ``Invalid`` and every fault.
    """
    bounds = Bounds(
        expires_at=expires_at,
        allowed_addresses=allowed_addresses,
        calls_per_minute=calls_per_minute,
        owner_email=owner_email,
        invoices_per_hour=invoices_per_hour,
        euros_per_invoice=euros_per_invoice,
        euros_per_day=euros_per_day,
    )
    faults = [
        *faults_of_name(name),
        *faults_of_scopes(scopes),
        *faults_of_bounds(bounds, now=now),
        *faults_of_sellers(seller_ids, mode),
    ]
    if faults:
        raise Invalid(faults)
    secret = make_secret(mode)
    token = ApiToken.objects.create(
        name=name,
        mode=mode,
        digest=digest_of(secret),
        hint=hint_of(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        created_by=str(by),
        **bounds.to_row(),
    )
    TokenSeller.objects.bulk_create(
        TokenSeller(token=token, seller_id=seller_id, mode=mode) for seller_id in sorted(set(seller_ids))
    )
    record("token.created", by=by, subject=subject_of(token), after=_public_face(token, seller_ids, bounds))
    return token, secret


@transaction.atomic
def change_token(*, token_id: uuid.UUID, bounds: Bounds, by: Actor, now: datetime) -> ApiToken:
    """Give a token other bounds; what it is (name, mode, sellers, scopes) stays. Holds from the next call on.

    Raises NotFound, Conflict ``token_already_revoked``, Invalid with every fault. An expiry that is left as it was may
    have passed.
    """
    token = lock_token(token_id)
    has_other_expiry = bounds.expires_at != token.expires_at
    faults = [*faults_of_bounds(bounds if has_other_expiry else replace(bounds, expires_at=None), now=now)]
    if faults:
        raise Invalid(faults)
    before, after = bounds_of(token).to_json(), bounds.to_json()
    changes = {name: value for name, value in after.items() if value != before[name]}
    if changes:
        for name, value in bounds.to_row().items():
            setattr(token, name, value)
        token.save(update_fields=BOUNDS)
        was = {name: before[name] for name in changes}
        record("token.changed", by=by, subject=subject_of(token), before=was, after=changes)
    return token


@transaction.atomic
def rotate_token(
    *, token_id: uuid.UUID, overlap: timedelta, by: Actor, now: datetime, asked_with: bytes | None = None
) -> tuple[ApiToken, str]:
    """Give a token a new secret, and return its row and the secret, which nobody can read again.

    The former one is good for as long as ``overlap`` (none to seven days), and dies at once with the token. It is the
    same token all along: idempotency keys, quota, ceilings and audit go on. Of several rotations the two newest secrets
    are good; but who asks with the former one (``asked_with`` is the digest of the caller's) never heard of the present
    one, which goes instead. Raises NotFound, Conflict ``token_already_revoked``, ``token_already_expired``, Invalid
    ``overlap_out_of_range``.
    """
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        message = gettext_noop("The former secret may stay good for 0 to 604800 seconds: seven days.")
        raise Invalid([Fault("overlap_out_of_range", message, pointer("overlap_seconds"))])
    token = lock_token(token_id)
    if token.expires_at and token.expires_at <= now:
        message = gettext_noop("The token has expired: give it another expiry first, or make a new one.")
        raise Conflict("token_already_expired", message)
    former, secret = token.hint, make_secret(Mode(token.mode))
    if overlap and token.previous_valid_until and asked_with == bytes(token.previous_digest or b""):
        former, token.previous_valid_until = token.previous_hint, max(token.previous_valid_until, now + overlap)
    elif overlap:
        token.previous_digest, token.previous_hint, token.previous_valid_until = token.digest, former, now + overlap
    else:
        token.previous_digest, token.previous_hint, token.previous_valid_until = None, "", None
    token.digest, token.hint, token.rotated_at, token.previous_used_at = digest_of(secret), hint_of(secret), now, None
    token.save(update_fields=_SECRETS)
    until = token.previous_valid_until
    record(
        "token.rotated",
        by=by,
        subject=subject_of(token),
        before={"hint": former},
        after={"hint": token.hint, "former_valid_until": until.isoformat() if until else None},
    )
    return token, secret


@transaction.atomic
def revoke_token(*, token_id: uuid.UUID, by: Actor, now: datetime, reason: str) -> ApiToken:
    """Take a token's access away, at once and for ever: the next call that carries it is refused, be it with its
    secret, a former one, or an access token of its OAuth clients."""
    token = lock_token(token_id)
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    record("token.revoked", by=by, subject=subject_of(token), after={"revoked_at": now.isoformat()}, reason=reason)
    return token


def lock_token(token_id: uuid.UUID) -> ApiToken:
    """The token that is to be changed, locked. Raises NotFound, Conflict ``token_already_revoked``."""
    token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if token is None:
        raise NotFound("token_not_found", gettext_noop("There is no such token."))
    if token.revoked_at:
        raise Conflict("token_already_revoked", gettext_noop("The token was revoked before."))
    return token


def subject_of(token: ApiToken) -> Subject:
    """The token as the audit log names it."""
    return Subject(type="token", id=str(token.pk), label=str(token), mode=token.mode)


_SECRETS = [
    "digest",
    "hint",
    "rotated_at",
    "previous_digest",
    "previous_hint",
    "previous_valid_until",
    "previous_used_at",
]


def _public_face(token: ApiToken, seller_ids: Collection[uuid.UUID], bounds: Bounds) -> dict[str, object]:
    sellers = sorted(str(seller_id) for seller_id in set(seller_ids))
    return {"hint": token.hint, "scopes": token.scopes, "sellers": sellers, **bounds.to_json()}
