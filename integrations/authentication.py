"""Who is at the machine's door: ``Authorization: Bearer corr_…``.

One indexed SELECT by digest answers for the token and its sellers; nothing is cached, so a revocation holds from the
next call on. A token that we know and turn away leaves an audit entry; one that we do not know, only a line of log.
"""

from __future__ import annotations

import ipaddress
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
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
from integrations.ceilings import Ceilings
from integrations.context import current
from integrations.models import ApiToken
from integrations.problems import CHALLENGE, token_missing
from integrations.throttling import count_call, count_failure
from integrations.tokens import digest_of, is_access_token, is_well_formed

logger = logging.getLogger(__name__)

LAST_USED_EVERY = timedelta(minutes=1)
MAX_ON_BEHALF_OF = 200

# Written by hand: the ORM spends more on building this statement than PostgreSQL on answering it, at every call. A
# former secret is looked for in the same breath; both digests are unique and indexed.
_COLUMNS = f"""
    token.id, token.name, token.hint, token.mode, token.scopes, token.allowed_addresses, token.calls_per_minute,
    token.expires_at, token.revoked_at, token.last_used_at,
    ARRAY(SELECT seller_id FROM integrations_tokenseller WHERE token_id = token.id),
    token.invoices_per_hour, token.euros_per_invoice, token.euros_per_day,
    token.rotated_at, token.previous_valid_until, {sandbox.ANYTHING}
"""  # noqa: S608 - the columns are ours
_BY_SECRET = f"""
    SELECT {_COLUMNS}, token.digest <> %(digest)s AS is_former, NULL, NULL, NULL
    FROM integrations_apitoken AS token
    WHERE token.digest = %(digest)s OR token.previous_digest = %(digest)s
"""  # noqa: S608 - the columns are ours
_BY_ACCESS_TOKEN = f"""
    SELECT {_COLUMNS}, FALSE, access.scope, access.expires, client.revoked_at
    FROM oauth2_provider_accesstoken AS access
    JOIN integrations_oauthclient AS client ON client.application_id = access.application_id
    JOIN integrations_apitoken AS token ON token.id = client.token_id
    WHERE access.token_checksum = %(checksum)s
"""  # noqa: S608 - the columns are ours


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token's row as it stands at this call, with its sellers: ``request.auth``.

    ``is_former`` says that the secret in hand is the one before the last rotation, which is good until
    ``former_valid_until``. An access token (OAuth 2) has its own ``access_expires_at``, and may have fewer scopes.
    """

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
    ceilings: Ceilings | None = None
    rotated_at: datetime | None = None
    former_valid_until: datetime | None = None
    is_former: bool = False
    access_expires_at: datetime | None = None
    client_revoked_at: datetime | None = None


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
        address, now = current.get().address, timezone.now()
        token = _token_of(request, address, now)
        count_call(token.id, token.calls_per_minute, now=now.timestamp())
        if refusal := _refusal_of(token, now, address):
            count_failure(address, now=now.timestamp())
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


def ceilings_of(request: Request) -> Ceilings | None:
    """How much the caller may issue by itself; None for a token without ceilings."""
    return stored_token(request).ceilings


def stored_token(request: Request) -> StoredToken:
    """``request.auth``, typed."""
    token = request.auth
    assert isinstance(token, StoredToken), "only views behind TokenAuthentication have a token"
    return token


def record_denial(token: StoredToken | ApiToken, *, reason: str) -> None:
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


def digest_in(request: Request) -> bytes:
    """The digest of the secret that an authenticated call carries."""
    return digest_of(_secret_in(request.META["HTTP_AUTHORIZATION"]))


def _token_of(request: Request, address: str, now: datetime) -> StoredToken:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        raise token_missing()
    try:
        return _known_token(_secret_in(header), now)
    except Unauthenticated:
        count_failure(address, now=now.timestamp())
        raise


def _secret_in(header: str) -> str:
    scheme, _space, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not is_well_formed(secret.strip()):
        logger.info("malformed token")
        raise _unauthenticated("token_malformed", gettext_noop("This is no token: look for a missing or wrong letter."))
    return secret.strip()


def _known_token(secret: str, now: datetime) -> StoredToken:
    statement = _BY_ACCESS_TOKEN if is_access_token(secret) else _BY_SECRET
    digest = digest_of(secret)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"digest": digest, "checksum": digest.hex()})
        row = cursor.fetchone()
    if row is None:
        logger.warning("unknown token")
        raise _unauthenticated("token_unknown", gettext_noop("We do not know this token."))
    return _stored(_Row(*row), now)


class _Row(NamedTuple):
    """The columns, in their order."""

    id: uuid.UUID
    name: str
    hint: str
    mode: str
    scopes: list[str]
    allowed_addresses: list[str]
    calls_per_minute: int
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    seller_ids: list[uuid.UUID]
    invoices_per_hour: int | None
    euros_per_invoice: Decimal | None
    euros_per_day: Decimal | None
    rotated_at: datetime | None
    former_valid_until: datetime | None
    has_sandbox: bool
    is_former: bool
    access_scopes: str | None
    access_expires_at: datetime | None
    client_revoked_at: datetime | None


def _stored(row: _Row, now: datetime) -> StoredToken:
    limits = (row.invoices_per_hour, row.euros_per_invoice, row.euros_per_day)
    scopes = frozenset(row.scopes)
    return StoredToken(
        id=row.id,
        name=row.name,
        hint=row.hint,
        mode=Mode(row.mode),
        scopes=scopes if row.access_scopes is None else scopes & set(row.access_scopes.split()),
        allowed_addresses=tuple(row.allowed_addresses),
        calls_per_minute=row.calls_per_minute,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        seller_ids=frozenset(row.seller_ids),
        ceilings=None if limits == (None, None, None) else Ceilings(row.id, *limits, at=now),
        rotated_at=row.rotated_at,
        former_valid_until=row.former_valid_until,
        is_former=row.is_former,
        access_expires_at=row.access_expires_at,
        client_revoked_at=row.client_revoked_at,
        has_sandbox=row.has_sandbox,
    )


def _refusal_of(token: StoredToken, now: datetime, address: str) -> Refusal | None:
    if token.revoked_at or token.client_revoked_at:
        return _unauthenticated("token_revoked", gettext_noop("This token was revoked."))
    if token.expires_at and token.expires_at <= now:
        return _unauthenticated("token_expired", gettext_noop("This token has expired."))
    if token.access_expires_at and token.access_expires_at <= now:
        message = gettext_noop("This access token has expired: ask for another one at /oauth/token.")
        return _unauthenticated("access_token_expired", message)
    if token.is_former and not (token.former_valid_until and token.former_valid_until > now):
        message = gettext_noop("This secret was replaced, and its overlap is over: use the token's present one.")
        return _unauthenticated("token_replaced", message)
    if not is_allowed(address, token.allowed_addresses):
        message = gettext_noop("This token may not be used from the address %(address)s.")
        return Forbidden("address_not_allowed", message, params={"address": address})
    return None


def is_allowed(address: str, ranges: Sequence[str]) -> bool:
    """Whether a caller's address lies in one of the ranges (CIDR); without any, all may."""
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
        used = {"last_used_at": now, **({"previous_used_at": now} if token.is_former else {})}
        ApiToken.objects.filter(unused_since, pk=token.id).update(**used)


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
