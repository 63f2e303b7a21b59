"""How an endpoint's health follows from its answers: the circuit, and when it is time to give up. Pure.

A circuit opens after five failures in a row, for 30 s, and for twice as long after each probe that fails, up to five
minutes. While it is open deliveries wait and lose no attempt; when the time is over one of them goes first (the claim
sees to it that it is one: services/claiming.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from integrations.webhooks.retries import PAUSES

OPENS_AFTER: Final = 5
"""Failures in a row."""

FIRST_OPEN: Final = timedelta(seconds=30)
LONGEST_OPEN: Final = timedelta(minutes=5)

FAILING_ATTEMPTS: Final = 4
"""Failed attempts of one delivery after which its endpoint's owner is told."""

FAILING_FOR: Final = sum(PAUSES[: FAILING_ATTEMPTS - 1], timedelta())
"""As long as those take. An open circuit lets few deliveries come so far, so the time alone tells too."""

TOLD_EVERY: Final = timedelta(days=1)
"""An endpoint that comes and goes does not fill its owner's mailbox."""

GIVEN_UP_AFTER: Final = timedelta(hours=120)
"""Of nothing but failure the endpoint is disabled."""


@dataclass(frozen=True, slots=True)
class Health:
    """As EndpointHealth has it."""

    consecutive_failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one attempt said about its endpoint. ``attempts`` are those of its delivery's round."""

    at: datetime
    is_success: bool
    is_probe: bool = False
    attempts: int = 1


def after(health: Health, reports: Sequence[Report]) -> Health:
    """The endpoint's health once these are known, in the order in which they came."""
    for report in reports:
        health = _succeeded(health, report) if report.is_success else _failed(health, report)
    return health


def begins_to_fail(health: Health, reports: Sequence[Report], *, now: datetime) -> bool:
    """Whether it is time to tell the owner. ``health`` is that after ``reports``."""
    if health.failing_since is None or (health.told_at and now - health.told_at < TOLD_EVERY):
        return False
    tried = max((report.attempts for report in reports if not report.is_success), default=0)
    return tried >= FAILING_ATTEMPTS or now - health.failing_since >= FAILING_FOR


def told(health: Health, *, at: datetime) -> Health:
    """The same, once its owner was told."""
    return replace(health, told_at=at)


def is_given_up(health: Health, *, now: datetime) -> bool:
    """Whether it has failed for too long."""
    return health.failing_since is not None and now - health.failing_since >= GIVEN_UP_AFTER


def _succeeded(health: Health, report: Report) -> Health:
    return replace(health, consecutive_failures=0, failing_since=None, open_until=None, last_success_at=report.at)


def _failed(health: Health, report: Report) -> Health:
    failed = replace(health, failing_since=health.failing_since or report.at, last_failure_at=report.at)
    if report.is_probe:
        return _opened(replace(failed, consecutive_failures=health.consecutive_failures + 1), report.at)
    if health.open_until is not None:  # it was on its way when the circuit opened, and tells nothing new
        return failed
    failed = replace(failed, consecutive_failures=health.consecutive_failures + 1)
    return _opened(failed, report.at) if failed.consecutive_failures >= OPENS_AFTER else failed


def _opened(health: Health, at: datetime) -> Health:
    probes = min(max(health.consecutive_failures - OPENS_AFTER, 0), 10)
    return replace(health, open_until=at + min(FIRST_OPEN * 2**probes, LONGEST_OPEN))
