"""Giving machines access, and taking it away."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import transaction

from audit.services import Subject, record
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, NotFound, gettext_noop
from core.modes import Mode
from integrations.models import ApiToken, TokenSeller
from integrations.pointers import pointer
from integrations.scopes import Scope
from integrations.sellers import modes_of
from integrations.tokens import digest_of, hint_of, make_secret

MAX_NAME = 100


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
) -> tuple[ApiToken, str]:
    """Make a token for some sellers of one mode, and return its row and its secret, which nobody can read again.

    ``allowed_addresses`` are CIDR ranges, empty for any. Refuses with ``Invalid`` and every fault.
    """
    faults = [
        *_faults_of_limits(name, scopes, expires_at, now, calls_per_minute),
        *_faults_of_addresses(allowed_addresses),
        *_faults_of_sellers(seller_ids, mode),
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
        allowed_addresses=list(allowed_addresses),
        calls_per_minute=calls_per_minute,
        created_at=now,
        created_by=str(by),
        expires_at=expires_at,
    )
    TokenSeller.objects.bulk_create(
        TokenSeller(token=token, seller_id=seller_id, mode=mode) for seller_id in sorted(set(seller_ids))
    )
    record("token.created", by=by, subject=subject_of(token), after=_public_face(token, seller_ids))
    return token, secret


@transaction.atomic
def revoke_token(*, token_id: uuid.UUID, by: Actor, now: datetime, reason: str) -> ApiToken:
    """Take a token's access away, at once and for ever: the next call that carries it is refused."""
    token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if token is None:
        raise NotFound("token_not_found", gettext_noop("There is no such token."))
    if token.revoked_at:
        raise Conflict("token_already_revoked", gettext_noop("The token was revoked before."))
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    record("token.revoked", by=by, subject=subject_of(token), after={"revoked_at": now.isoformat()}, reason=reason)
    return token


def subject_of(token: ApiToken) -> Subject:
    """The token as the audit log names it."""
    return Subject(type="token", id=str(token.pk), label=str(token), mode=token.mode)


def _public_face(token: ApiToken, seller_ids: Collection[uuid.UUID]) -> dict[str, object]:
    return {
        "hint": token.hint,
        "scopes": token.scopes,
        "sellers": sorted(str(seller_id) for seller_id in set(seller_ids)),
        "allowed_addresses": token.allowed_addresses,
        "calls_per_minute": token.calls_per_minute,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def _faults_of_limits(
    name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime, calls_per_minute: int
) -> Iterator[Fault]:
    if not 0 < len(name.strip()) <= MAX_NAME:
        yield Fault("name_length", gettext_noop("The name must have 1 to 100 characters."), pointer("name"))
    if not scopes:
        yield Fault("scopes_missing", gettext_noop("Name at least one scope."), pointer("scopes"))
    for scope in sorted(set(scopes) - {*Scope}):
        message = gettext_noop("There is no scope %(scope)s.")
        yield Fault("scope_unknown", message, pointer("scopes"), params={"scope": scope})
    if expires_at and expires_at <= now:
        yield Fault("expiry_in_the_past", gettext_noop("The expiry must lie in the future."), pointer("expires_at"))
    if calls_per_minute < 1:
        message = gettext_noop("At least one call a minute.")
        yield Fault("calls_per_minute_too_low", message, pointer("calls_per_minute"))


def _faults_of_addresses(allowed_addresses: Sequence[str]) -> Iterator[Fault]:
    message = gettext_noop("%(address)s is no address range: write it like 192.0.2.0/24 or 2001:db8::/32.")
    for index, address in enumerate(allowed_addresses):
        try:
            ipaddress.ip_network(address)
        except ValueError:
            place = pointer("allowed_addresses", index)
            yield Fault("address_range_invalid", message, place, params={"address": address})


def _faults_of_sellers(seller_ids: Collection[uuid.UUID], mode: Mode) -> Iterator[Fault]:
    """The database would refuse them too, at commit and without a sentence."""
    if not seller_ids:
        yield Fault("sellers_missing", gettext_noop("Name at least one seller."), pointer("sellers"))
    known = {seller_id for seller_id, its_mode in modes_of(seller_ids).items() if its_mode == mode}
    for seller_id in sorted(set(seller_ids) - known):
        message = gettext_noop("There is no seller %(seller)s in mode %(mode)s.")
        params = {"seller": str(seller_id), "mode": str(mode)}
        yield Fault("seller_unknown", message, pointer("sellers"), params=params)
