"""What somebody ought to look at: each rule says what holds now, once a minute, and the house tells of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError

from config.alerts import aeat, house, machines
from config.alerts.found import Found, Rule
from core.errors import gettext_noop
from integrations.alert_kinds import Kind, register
from integrations.locks import let_go, try_take
from integrations.models import Severity
from integrations.services.alerting import raise_alert, remind, resolve_missing

logger = logging.getLogger(__name__)

EVERY: Final = 60.0
"""Seconds between two rounds."""

RULES: Final[tuple[Rule, ...]] = (*machines.RULES, *aeat.RULES, *house.RULES)

BROKEN_RULE: Final = Kind(
    "broken_rule",
    gettext_noop("A rule of alerts fails"),
    gettext_noop("Nobody knows whether there is anything to tell of «%(rule)s»: its rule fails."),
    gettext_noop("The workers' log says why. Tell who maintains this program."),
)

for kind in (*(rule.kind for rule in RULES), BROKEN_RULE):
    register(kind)


def look_around(*, now: datetime, rules: Sequence[Rule] = RULES) -> int:
    """Ask every rule, raise what holds and end what no longer does; returns how many things hold.

    A rule that fails changes nothing of its own, and is itself something to look at; the others are asked all the same.
    """
    found = {rule.kind.name: _ask(rule, now) for rule in rules}
    broken = [Found(name, Severity.WARNING, {"rule": name}) for name, things in found.items() if things is None]
    for name, things in {**found, BROKEN_RULE.name: broken}.items():
        for each in things or ():
            _raise(name, each, now)
        if things is not None:
            resolve_missing(name, [each.key for each in things], now)
    remind(now=now)
    return sum(len(things or ()) for things in found.values())


def _ask(rule: Rule, now: datetime) -> list[Found] | None:
    """What it finds; None where it fails."""
    try:
        return list(rule.find(now))
    except (InterfaceError, OperationalError):
        raise  # the database has gone: the workers' loop knows what to do
    except Exception:
        logger.exception("the rule of %s failed", rule.kind.name)
        return None


def _raise(kind: str, found: Found, now: datetime) -> None:
    raise_alert(
        kind=kind,
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
