"""What an integrator does wrong, in sentences: from figures alone, so that people and machines are told the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from core.errors import gettext_noop
from integrations.monitoring.usage import EndpointState, Usage

BEHIND: Final = timedelta(minutes=10)
"""Deliveries that wait longer are behind: the first retry comes after five minutes."""

EXPIRES_SOON: Final = timedelta(days=30)

MANY_FAULTS: Final = 20
"""Calls with faults in a day, and one of MANY_SHARE of all: below that they are somebody trying things out."""
MANY_SHARE: Final = 10


@dataclass(frozen=True, slots=True)
class Advice:
    """``code`` is stable, ``message`` an English template."""

    code: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


_BY_CODE: Final[Mapping[str, str]] = {
    "idempotency_key_missing": gettext_noop(
        "%(calls)s calls were refused without an Idempotency-Key. Make one for each intent, before the first try."
    ),
    "idempotency_key_reused": gettext_noop(
        "%(calls)s calls carried a key that had been used for other content. Another intent needs another key."
    ),
    "source_event_diverged": gettext_noop(
        "%(calls)s calls told an event again with other content. What changed is another event, or a correction."
    ),
    "rate_limited": gettext_noop(
        "%(calls)s calls were over the quota. Wait for Retry-After, and look at RateLimit before you send more."
    ),
    "scope_missing": gettext_noop("%(calls)s calls needed a scope that the token lacks: the refusal names it."),
    "address_not_allowed": gettext_noop("%(calls)s calls came from an address that the token does not allow."),
    "token_expired": gettext_noop("%(calls)s calls came after the token had expired: rotate it."),
    "token_revoked": gettext_noop("%(calls)s calls carried the token after it was revoked: somebody still has it."),
    "internal_error": gettext_noop(
        "%(calls)s calls failed by our fault. Repeat them with the same Idempotency-Key, and tell us a request id."
    ),
}
"""Codes that tell of a habit, each with what to do."""


def advice_on(
    usage: Usage, endpoints: Sequence[EndpointState], *, expires_at: datetime | None, now: datetime
) -> list[Advice]:
    """Everything that should be done otherwise, what may do damage first."""
    return [
        *_on_repeats(usage),
        *_on_codes(usage),
        *_on_faults(usage),
        *_on_webhooks(endpoints, now),
        *_on_expiry(expires_at, now),
    ]


def _on_repeats(usage: Usage) -> Iterator[Advice]:
    if usage.retries_without_key:
        message = gettext_noop(
            "%(calls)s calls repeated another one without an Idempotency-Key, and may have done things twice. Send the "
            "key of the first try again."
        )
        yield Advice("retries_without_key", message, {"calls": usage.retries_without_key})


def _on_codes(usage: Usage) -> Iterator[Advice]:
    for code, message in _BY_CODE.items():
        if calls := usage.with_code(code):
            yield Advice(code, message, {"calls": calls})
    if usage.deprecated:
        message = gettext_noop(
            "%(calls)s calls used what will be taken away: the header Sunset says when, Link what to use instead."
        )
        yield Advice("deprecated_use", message, {"calls": usage.deprecated})


def _on_faults(usage: Usage) -> Iterator[Advice]:
    faulty = sum(each.calls for each in usage.failures if each.status in {400, 422} and each.code not in _BY_CODE)
    if faulty >= MANY_FAULTS and faulty * MANY_SHARE >= usage.calls:
        message = gettext_noop(
            "%(calls)s of %(all)s calls had faults. Read errors[] of the answers: every fault is there, with its place."
        )
        yield Advice("many_faults", message, {"calls": faulty, "all": usage.calls})


def _on_webhooks(endpoints: Sequence[EndpointState], now: datetime) -> Iterator[Advice]:
    for endpoint in endpoints:
        named = {"endpoint": str(endpoint.id)}
        if endpoint.status == "disabled":
            message = gettext_noop("Endpoint %(endpoint)s is disabled: mend the receiver, resume it, then replay.")
            yield Advice("endpoint_disabled", message, named)
        elif endpoint.status == "active" and endpoint.lag(now) > BEHIND:
            message = gettext_noop(
                "Endpoint %(endpoint)s is %(minutes)s minutes behind: answer 2xx at once, and work afterwards."
            )
            yield Advice("webhooks_behind", message, {**named, "minutes": int(endpoint.lag(now).total_seconds() // 60)})
        if endpoint.dead:
            message = gettext_noop(
                "%(dead)s deliveries to endpoint %(endpoint)s were given up. Mend the receiver, then replay them "
                "(failed_since)."
            )
            yield Advice("dead_letters", message, {**named, "dead": endpoint.dead})


def _on_expiry(expires_at: datetime | None, now: datetime) -> Iterator[Advice]:
    if expires_at is not None and expires_at - now <= EXPIRES_SOON:
        message = gettext_noop("The token expires in %(days)s days: rotate it.")
        yield Advice("token_expires", message, {"days": max((expires_at - now).days, 0)})
