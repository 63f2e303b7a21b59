"""Asking for faults, and taking them back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.services import Subject, record
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, NotFound, gettext_noop
from core.modes import Mode
from integrations.models import Scenario, ScenarioKind
from integrations.services.clocks import refuse_unless_test

MOST_TIMES: Final = 1_000
LONGEST: Final = timedelta(days=1)
LONGEST_DELAY: Final = 30
"""Seconds of an answer that comes late. A call to us is cut off before: it holds a web process."""
LONGEST_DELAY_OF_A_CALL: Final = 10
MOST_RUNNING: Final = 50

_DEFAULT_CODES: Final = {
    ScenarioKind.AEAT_REJECTS: 1239,  # the census does not know the recipient's NIF
    ScenarioKind.AEAT_ACCEPTS_WITH_ERRORS: 2005,  # the totals do not add up
}
_DEFAULT_DELAYS: Final = {ScenarioKind.AEAT_SLOW: 5, ScenarioKind.SLOW: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to go wrong: the next ``times`` times, or for ``seconds`` of true time; once when neither is said.

    ``code`` is the AEAT's, for what it rejects or accepts with errors; ``delay_seconds`` is for what is slow.
    """

    kind: str
    times: int | None = None
    seconds: int | None = None
    code: int | None = None
    delay_seconds: int | None = None


@transaction.atomic
def start_scenario(*, seller_id: uuid.UUID, wish: Wish, by: Actor, now: datetime) -> Scenario:
    """Let something go wrong for a test seller, and for nobody else.

    Raises NotFound; Forbidden ``sandbox_only``; Invalid with every fault; Conflict ``scenarios_full``.
    """
    refuse_unless_test(seller_id)
    if faults := [*faults_of(wish)]:
        raise Invalid(faults)
    if running_of([seller_id], now=now).count() >= MOST_RUNNING:
        message = gettext_noop("%(most)s scenarios are running already: end some of them.")
        raise Conflict("scenarios_full", message, params={"most": MOST_RUNNING})
    kind = ScenarioKind(wish.kind)
    scenario = Scenario.objects.create(
        seller_id=seller_id,
        kind=kind,
        code=wish.code or _DEFAULT_CODES.get(kind),
        delay_seconds=wish.delay_seconds or _DEFAULT_DELAYS.get(kind),
        remaining=wish.times if wish.times or wish.seconds else 1,
        ends_at=now + timedelta(seconds=wish.seconds) if wish.seconds else None,
        created_at=now,
        created_by=str(by),
    )
    record("scenario.started", by=by, subject=subject_of(scenario), after=_told(scenario))
    return scenario


@transaction.atomic
def end_scenario(*, scenario_id: uuid.UUID, seller_ids: Collection[uuid.UUID], by: Actor, now: datetime) -> Scenario:
    """Take a scenario back; one that is over already stays so. Raises NotFound, also for that of another seller."""
    scenario = Scenario.objects.select_for_update().filter(pk=scenario_id, seller_id__in=seller_ids).first()
    if scenario is None:
        raise NotFound("scenario_not_found", gettext_noop("There is no such scenario."))
    if scenario.ended_at is None:
        scenario.ended_at = now
        scenario.save(update_fields=["ended_at"])
        record("scenario.ended", by=by, subject=subject_of(scenario), after=_told(scenario))
    return scenario


def running_of(seller_ids: Collection[uuid.UUID], *, now: datetime) -> QuerySet[Scenario]:
    """What may still go wrong for these sellers, oldest first: in that order it is used up."""
    not_over = Q(ends_at=None) | Q(ends_at__gt=now)
    return Scenario.objects.filter(not_over, seller_id__in=seller_ids, ended_at=None).order_by("id")


def subject_of(scenario: Scenario) -> Subject:
    """The scenario as the audit log names it."""
    return Subject("scenario", str(scenario.pk), scenario.kind, scenario.seller_id, Mode.TEST)


def _told(scenario: Scenario) -> dict[str, object]:
    return {
        "kind": scenario.kind,
        "remaining": scenario.remaining,
        "ends_at": scenario.ends_at.isoformat() if scenario.ends_at else None,
    }


def faults_of(wish: Wish) -> Iterator[Fault]:
    """Everything that is wrong with a wish."""
    if wish.kind not in ScenarioKind.values:
        message = gettext_noop("There is no scenario “%(scenario)s”.")
        yield Fault("scenario_unknown", message, "#/scenario", params={"scenario": wish.kind[:40]})
    if wish.times is not None and wish.seconds is not None:
        message = gettext_noop("Say how often, or for how long, not both.")
        yield Fault("times_or_seconds", message, "#/seconds")
    if wish.times is not None and not 1 <= wish.times <= MOST_TIMES:
        yield _out_of_range("times", MOST_TIMES)
    if wish.seconds is not None and not 1 <= wish.seconds <= LONGEST.total_seconds():
        yield _out_of_range("seconds", int(LONGEST.total_seconds()))
    if wish.kind in ScenarioKind.values:
        yield from _faults_of_details(wish)


def _faults_of_details(wish: Wish) -> Iterator[Fault]:
    misplaced = gettext_noop("This scenario has no such detail.")
    if wish.code is not None and wish.kind not in _DEFAULT_CODES:
        yield Fault("detail_misplaced", misplaced, "#/code")
    elif wish.code is not None and not _fits(wish):
        message = gettext_noop(
            "The AEAT rejects with codes from 1100 to 1999, and accepts with errors from 2000 to 2999."
        )
        yield Fault("code_of_another_kind", message, "#/code")
    if wish.delay_seconds is None:
        return
    longest = LONGEST_DELAY_OF_A_CALL if wish.kind == ScenarioKind.SLOW else LONGEST_DELAY
    if wish.kind not in _DEFAULT_DELAYS:
        yield Fault("detail_misplaced", misplaced, "#/delay_seconds")
    elif not 1 <= wish.delay_seconds <= longest:
        yield _out_of_range("delay_seconds", longest)


def _fits(wish: Wish) -> bool:
    assert wish.code is not None, "asked of wishes with a code"
    return wish.code in (range(1100, 2000) if wish.kind == ScenarioKind.AEAT_REJECTS else range(2000, 3000))


def _out_of_range(name: str, most: int) -> Fault:
    message = gettext_noop("Must be between 1 and %(most)s.")
    return Fault("out_of_range", message, f"#/{name}", params={"most": most})
