"""What a test seller asked for of the simulated AEAT, which travels with each message: the seller's clock, by which the
simulated AEAT then judges, and what is to go wrong, in the simulator's own words (docs/simulated-aeat.md)."""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from core.errors import gettext_noop
from integrations import clock, sandbox
from integrations.sandbox import ScenarioKind, Taken
from verifactu.aeat.errors import NotSent

CLOCK: Final = "X-Simulator-Clock-Ahead"
"""Seconds by which the sender's clock is ahead of the true time."""

FAULTS: Final = "X-Simulator-Faults"
"""A JSON list of faults for this message alone."""

_OF_ANY: Final = (ScenarioKind.AEAT_REFUSES_CERTIFICATE,)
_OF_SUBMISSIONS: Final = (
    ScenarioKind.AEAT_REJECTS,
    ScenarioKind.AEAT_ACCEPTS_WITH_ERRORS,
    ScenarioKind.AEAT_SLOW,
    ScenarioKind.AEAT_TIMEOUT_AFTER_RECEIVING,
)


def wishes_of(seller_id: uuid.UUID, *, submits: bool) -> dict[str, str]:
    """The headers for a simulated AEAT; each scenario is used up by the message that takes it along.

    Raises NotSent where the AEAT was to be out of reach.
    """
    kinds = (ScenarioKind.AEAT_DOWN, *_OF_ANY, *(_OF_SUBMISSIONS if submits else ()))
    running = {kind for _seller, kind in sandbox.running([seller_id], kinds)}
    if ScenarioKind.AEAT_DOWN in running and sandbox.take(seller_id, ScenarioKind.AEAT_DOWN):
        raise NotSent(gettext_noop("The simulated AEAT cannot be reached: the sandbox was asked for that."))
    drawn = ((kind, sandbox.draw(seller_id, kind)) for kind in kinds if kind in running)
    faults = [_fault(kind, taken) for kind, taken in drawn if taken]
    ahead = clock.offset_of(seller_id).total_seconds()
    return {
        **({CLOCK: f"{ahead:.6f}"} if ahead else {}),
        **({FAULTS: json.dumps(faults)} if faults else {}),
    }


def _fault(kind: ScenarioKind, taken: Taken) -> dict[str, Any]:
    match kind:
        case ScenarioKind.AEAT_REJECTS:
            return {"kind": "reject", "code": taken.code}
        case ScenarioKind.AEAT_ACCEPTS_WITH_ERRORS:
            return {"kind": "warn", "code": taken.code}
        case ScenarioKind.AEAT_SLOW:
            return {"kind": "slow", "seconds": taken.delay_seconds}
        case ScenarioKind.AEAT_TIMEOUT_AFTER_RECEIVING:
            return {"kind": "drop_after"}
        case _:
            return {"kind": "expired_certificate", "on": "any"}
