"""What somebody ought to look at: each rule says what holds now, once a minute, and the house tells of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError

from config.alerts import aeat, house, machines
from config.alerts.found import Found, Rule
from integrations.alert_kinds import register
from integrations.locks import let_go, try_take
from integrations.services.alerting import raise_alert, remind, resolve_missing

logger = logging.getLogger(__name__)

EVERY: Final = 60.0
"""Seconds between two rounds."""

RULES: Final[tuple[Rule, ...]] = (*machines.RULES, *aeat.RULES, *house.RULES)

for rule in RULES:
    register(rule.kind)


def look_around(*, now: datetime, rules: Sequence[Rule] = RULES) -> int:
    """Ask every rule, raise what holds and end what no longer does; returns how many things hold.

    A rule that fails is logged and changes nothing; the others are asked all the same.
    """
    count = sum(_ask(rule, now) for rule in rules)
    remind(now=now)
    return count


def _ask(rule: Rule, now: datetime) -> int:
    try:
        found = list(rule.find(now))
    except (InterfaceError, OperationalError):
        raise  # the database has gone: the workers' loop knows what to do
    except Exception:
        logger.exception("the rule of %s failed", rule.kind.name)
        return 0
    for each in found:
        _raise(rule, each, now)
    resolve_missing(rule.kind.name, [each.key for each in found], now)
    return len(found)


def _raise(rule: Rule, found: Found, now: datetime) -> None:
    raise_alert(
        kind=rule.kind.name,
        key=found.key,
        severity=found.severity,
        facts=found.facts,
        seller_id=found.seller_id,
        owner_email=found.owner_email,
        now=now,
    )


class Watch:
    """The workers' step: once a minute, by whichever worker comes first.

    Who comes first keeps the minute's lock until its next look, so that the others pass; if it dies, PostgreSQL gives
    the lock back, and the next minute is another's.
    """

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._rules = rules
        self._looked_in: int | None = None

    def __call__(self, *, now: datetime) -> int:
        minute = int(now.timestamp() // EVERY)
        if minute == self._looked_in:
            return 0
        former, self._looked_in = self._looked_in, minute
        if former is not None:
            let_go("alerts", former)
        if try_take("alerts", minute):
            look_around(now=now, rules=self._rules)
        return 0  # nothing that waits in line
