"""Faults that test sellers asked for (``integrations.services.scenarios`` starts them): whoever could meet one asks
here, each time, and meets it where the answer is yes. Live sellers have none, by the database's word.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from integrations.models import Scenario, ScenarioKind

__all__ = ["ANYTHING", "ScenarioKind", "Standing", "Taken", "draw", "running", "standing", "standing_of", "take"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a test token's call knows of its sellers without asking again: how far their clocks are ahead, and which
    kinds of scenarios are running."""

    sellers: frozenset[uuid.UUID]
    ahead: Mapping[uuid.UUID, timedelta] = field(default_factory=dict)
    kinds: Mapping[uuid.UUID, frozenset[str]] = field(default_factory=dict)


standing: ContextVar[Standing | None] = ContextVar("sandbox_standing", default=None)
"""Of the call under way, where it is a test token's; the outermost middleware takes it back."""

ANYTHING: Final = """token.mode = 'test' AND (
        EXISTS (SELECT FROM integrations_testclock)
        OR EXISTS (SELECT FROM integrations_scenario WHERE ended_at IS NULL)
    )"""
"""Whether there is anything to be asked: a column of the token's own SELECT, so that the sandbox costs calls no round
trip where nobody uses it."""

_STANDING = """
    SELECT seller_id, shows - set_at, NULL FROM integrations_testclock WHERE seller_id = ANY(%(sellers)s)
    UNION ALL
    SELECT DISTINCT seller_id, NULL::interval, kind FROM integrations_scenario
    WHERE seller_id = ANY(%(sellers)s) AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > statement_timestamp())
"""

# Whoever comes second waits for the row, and finds one use fewer; a scenario that ran out meanwhile is passed over for
# the next.
_TAKE = """
    UPDATE integrations_scenario
    SET remaining = remaining - 1, ended_at = CASE WHEN remaining = 1 THEN statement_timestamp() END
    WHERE id = (
        SELECT id FROM integrations_scenario
        WHERE seller_id = %s AND kind = %s AND ended_at IS NULL
          AND (ends_at IS NULL OR ends_at > statement_timestamp())
        ORDER BY id LIMIT 1 FOR UPDATE
    )
    RETURNING code, delay_seconds
"""


def standing_of(sellers: frozenset[uuid.UUID]) -> Standing:
    """What is special about these test sellers now, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"sellers": [*sellers]})
        rows = cursor.fetchall()
    kinds: dict[uuid.UUID, frozenset[str]] = {}
    for seller, _ahead, kind in rows:
        if kind:
            kinds[seller] = kinds.get(seller, frozenset()) | {kind}
    return Standing(sellers, {seller: ahead for seller, ahead, _kind in rows if ahead}, kinds)


class Taken(NamedTuple):
    """One use of a scenario, and its details where its kind has any."""

    code: int | None
    delay_seconds: int | None


def take(seller_id: uuid.UUID, kind: str) -> bool:
    """Whether this seller's next use of ``kind`` is to go wrong; if so, it is one fewer from now on.

    Call it outside a transaction that may be rolled back. Two processes never both take the last one.
    """
    return draw(seller_id, kind) is not None


def draw(seller_id: uuid.UUID, kind: str) -> Taken | None:
    """As ``take``, with the scenario's details."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [seller_id, kind])
        row = cursor.fetchone()
    return Taken(*row) if row else None


def running(seller_ids: Collection[uuid.UUID], kinds: Collection[str]) -> set[tuple[uuid.UUID, str]]:
    """Which of these sellers have which of these kinds, in one look: for workers who take many things at once."""
    not_over = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
    found = Scenario.objects.filter(not_over, seller_id__in=seller_ids, kind__in=kinds, ended_at=None)
    return set(found.values_list("seller_id", "kind"))
