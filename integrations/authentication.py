"""Who is at the machine's door: ``Authorization: Bearer corr_…``.

One indexed SELECT by digest answers for the token and its sellers; nothing is cached, so a revocation holds from the
next call on. A token that we know and turn away leaves an audit entry; one that we do not know, only a line of log.
"""

from __future__ import annotations

import ipaddress
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from audit.models import Outcome
from audit.services import Subject, record
from core.actors import Actor, ActorKind
from core.errors import Fault, Forbidden, Refusal, Unauthenticated, Unreadable, gettext_noop
from core.modes import Mode
from integrations import mishaps, sandbox
from integrations.context import current
from integrations.models import ApiToken
from integrations.problems import CHALLENGE, token_missing
from integrations.throttling import count_call
from integrations.tokens import digest_of, is_well_formed

logger = logging.getLogger(__name__)

LAST_USED_EVERY = timedelta(minutes=1)
MAX_ON_BEHALF_OF = 200

# Written by hand: the ORM spends more on building this statement than PostgreSQL on answering it, at every call.
_SELECT = f"""
    SELECT id, name, hint, mode, scopes, allowed_addresses, calls_per_minute, expires_at, revoked_at, last_used_at,
           ARRAY(SELECT seller_id FROM integrations_tokenseller WHERE token_id = token.id), {sandbox.ANYTHING}
    FROM integrations_apitoken AS token
    WHERE digest = %s
"""  # noqa: S608 - the column is ours


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token's row as it stands at this call, with its sellers: ``request.auth``."""

    id: uuid.UUID
    name: str
    hint: str
    mode: Mode
    scopes: frozenset[str]
    allowed_addresses: tuple[str, ...]
    calls_per_minute: int
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    seller_ids: frozenset[uuid.UUID]
    has_sandbox: bool = False
    """Whether a test clock or a scenario may concern its calls."""


@dataclass(frozen=True, slots=True)
class TokenPrincipal:
    """Who is calling, and for whom it may act: ``request.user``."""

    token_id: uuid.UUID
    name: str
    mode: Mode
    seller_ids: frozenset[uuid.UUID]
    scopes: frozenset[str]
    is_authenticated: bool = True


class TokenAuthentication(BaseAuthentication):
    """Django REST framework's hook: ``request.user`` is a ``TokenPrincipal``, ``request.auth`` a ``StoredToken``."""

    def authenticate(self, request: Request) -> tuple[TokenPrincipal, StoredToken]:
        token = _known_token(_secret_of(request))
        now = timezone.now()
        count_call(token.id, token.calls_per_minute, now=now.timestamp())
        if refusal := _refusal_of(token, now, current.get().address):
            record_denial(token, reason=refusal.code)
            raise refusal
        _touch(token, now)
        if token.mode == Mode.TEST:
            mishaps.arrive(request, token.seller_ids, anything=token.has_sandbox)
        principal = TokenPrincipal(token.id, token.name, token.mode, token.seller_ids, token.scopes)
        return principal, token

    def authenticate_header(self, request: Request) -> str:
        del request  # the framework's signature
        return CHALLENGE


def actor_of(request: Request) -> Actor:
    """The actor that a verb takes as ``by=``: the token, whom it names in ``X-On-Behalf-Of``, and the call's ids."""
    context, principal = current.get(), principal_of(request)
    return Actor(
        kind=ActorKind.TOKEN,
        id=str(principal.token_id),
        name=principal.name,
        on_behalf_of=_on_behalf_of(request),
        request_id=context.request_id,
        correlation_id=context.correlation_id,
        address=context.address,
    )


def principal_of(request: Request) -> TokenPrincipal:
    """``request.user``, typed."""
    principal = request.user
    assert isinstance(principal, TokenPrincipal), "only views behind TokenAuthentication have a principal"
    return principal


def record_denial(token: StoredToken, *, reason: str) -> None:
    """Write down that a token we know was turned away, in a transaction of its own: no work had begun."""
    context = current.get()
    by = Actor(
        kind=ActorKind.TOKEN,
        id=str(token.id),
        name=token.name,
        request_id=context.request_id,
        correlation_id=context.correlation_id,
        address=context.address,
    )
    subject = Subject(type="token", id=str(token.id), label=f"{token.name} ({token.hint}…)", mode=token.mode)
    record("token.denied", by=by, subject=subject, outcome=Outcome.REFUSED, reason=reason)


def _secret_of(request: Request) -> str:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        raise token_missing()
    scheme, _space, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not is_well_formed(secret.strip()):
        logger.info("malformed token")
        raise _unauthenticated("token_malformed", gettext_noop("This is no token: look for a missing or wrong letter."))
    return secret.strip()


def _known_token(secret: str) -> StoredToken:
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [digest_of(secret)])
        row = cursor.fetchone()
    if row is None:
        logger.warning("unknown token")
        raise _unauthenticated("token_unknown", gettext_noop("We do not know this token."))
    (
        token_id,
        name,
        hint,
        mode,
        scopes,
        addresses,
        calls_per_minute,
        expires_at,
        revoked_at,
        last_used_at,
        seller_ids,
        has_sandbox,
    ) = row
    return StoredToken(
        id=token_id,
        name=name,
        hint=hint,
        mode=Mode(mode),
        scopes=frozenset(scopes),
        allowed_addresses=tuple(addresses),
        calls_per_minute=calls_per_minute,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_at=last_used_at,
        seller_ids=frozenset(seller_ids),
        has_sandbox=has_sandbox,
    )


def _refusal_of(token: StoredToken, now: datetime, address: str) -> Refusal | None:
    if token.revoked_at:
        return _unauthenticated("token_revoked", gettext_noop("This token was revoked."))
    if token.expires_at and token.expires_at <= now:
        return _unauthenticated("token_expired", gettext_noop("This token has expired."))
    if not _is_allowed(address, token.allowed_addresses):
        message = gettext_noop("This token may not be used from the address %(address)s.")
        return Forbidden("address_not_allowed", message, params={"address": address})
    return None


def _is_allowed(address: str, ranges: tuple[str, ...]) -> bool:
    if not ranges:
        return True
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(allowed) for allowed in ranges)


def _touch(token: StoredToken, now: datetime) -> None:
    """Keep the time of last use, once a minute at most: a write per call would make the row hot."""
    due = now - LAST_USED_EVERY
    if token.last_used_at is None or token.last_used_at < due:
        unused_since = Q(last_used_at=None) | Q(last_used_at__lt=due)
        ApiToken.objects.filter(unused_since, pk=token.id).update(last_used_at=now)


def _on_behalf_of(request: Request) -> str:
    """Percent-encoded UTF-8, since headers are ASCII; servers hand over others as if they were empty."""
    sent: str | None = request.META.get("HTTP_X_ON_BEHALF_OF")
    if sent is None:
        return ""
    name = unquote(sent, errors="replace")
    if not 0 < len(name) <= MAX_ON_BEHALF_OF or not name.isprintable() or "\N{REPLACEMENT CHARACTER}" in name:
        message = gettext_noop("X-On-Behalf-Of takes 1 to 200 printable characters, percent-encoded where not ASCII.")
        fault = Fault("on_behalf_of_invalid", message, header="X-On-Behalf-Of")
        raise Unreadable(fault.code, message, faults=[fault])
    return name


def _unauthenticated(code: str, message: str) -> Unauthenticated:
    return Unauthenticated(code, message, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
