"""The AEAT's ugly days, written as a script: what is to go wrong, for whom, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from random import Random
from threading import RLock
from typing import Any, Final


class FaultKind(StrEnum):
    # One record:
    REJECT = "reject"  # with ``code``
    WARN = "warn"  # accept with ``code``
    # One message, and nothing of it is processed:
    DROP_BEFORE = "drop_before"  # the connection ends
    UNAVAILABLE = "unavailable"  # HTTP 503 and a page for people
    TOO_MANY = "too_many"  # HTTP 429; ``seconds`` is Retry-After
    CLIENT_FAULT = "client_fault"  # a SOAP fault of ``code`` that blames the sender
    SERVER_FAULT = "server_fault"  # a SOAP fault of ``code`` that blames the server
    EXPIRED_CERTIFICATE = "expired_certificate"  # HTTP 302, as for an expired certificate
    # One message, which is processed:
    DROP_AFTER = "drop_after"  # and the connection ends without an answer
    HANG_AFTER = "hang_after"  # and no answer comes for ``seconds``
    GARBLED_ANSWER = "garbled_answer"  # and the answer breaks off in its middle
    PARTIAL_ANSWER = "partial_answer"  # and the answer lacks its last ``lines`` lines
    SLOW = "slow"  # and is answered after ``seconds``
    # A state of things, until it is taken back:
    WAIT = "wait"  # ask for ``seconds`` between two messages
    CLOCK_SKEW = "clock_skew"  # the AEAT's clock is ``seconds`` ahead
    UNKNOWN_TAX_ID = "unknown_tax_id"  # the census does not know ``tax_id``


OF_RECORDS: Final = frozenset({FaultKind.REJECT, FaultKind.WARN})
OF_STATE: Final = frozenset({FaultKind.WAIT, FaultKind.CLOCK_SKEW, FaultKind.UNKNOWN_TAX_ID})
OF_MESSAGES: Final = frozenset(FaultKind) - OF_RECORDS - OF_STATE
NEEDS: Final = {
    FaultKind.REJECT: "code",
    FaultKind.WARN: "code",
    FaultKind.CLIENT_FAULT: "code",
    FaultKind.SERVER_FAULT: "code",
    FaultKind.WAIT: "seconds",
    FaultKind.CLOCK_SKEW: "seconds",
    FaultKind.UNKNOWN_TAX_ID: "tax_id",
}
_AT_RANDOM: Final = (
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.UNAVAILABLE,
    FaultKind.TOO_MANY,
    FaultKind.SERVER_FAULT,
    FaultKind.GARBLED_ANSWER,
    FaultKind.SLOW,
)


class On(StrEnum):
    """Which messages a fault is for."""

    SUBMISSION = "submission"
    INQUIRY = "inquiry"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong: the next ``times`` times (0: until it is taken back), for one ``issuer`` or one
    invoice ``number`` if it names them. Raises ValueError where what its kind needs is missing."""

    kind: FaultKind
    times: int = 1
    issuer: str = ""
    number: str = ""
    code: int = 0
    seconds: float = 0
    lines: int = 1
    tax_id: str = ""
    on: On = On.SUBMISSION

    def __post_init__(self) -> None:
        needed = NEEDS.get(self.kind)
        if needed and not getattr(self, needed):
            raise ValueError(f"A fault of the kind {self.kind} needs: {needed}.")
        if self.times < 0 or self.lines < 1:
            raise ValueError("times is 0 or more, and lines 1 or more.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Fault:
        """From JSON. Raises ValueError that says what is wrong."""
        known = {field.name: field for field in fields(cls)}
        if unknown := given.keys() - known.keys():
            raise ValueError(f"Unknown: {', '.join(sorted(unknown))}. A fault has: {', '.join(known)}.")
        if "kind" not in given:
            raise ValueError(f"A fault has a kind: {', '.join(FaultKind)}.")
        values = dict(given)
        values["kind"], values["on"] = FaultKind(given["kind"]), On(given.get("on", On.SUBMISSION))
        for name, wanted in (("times", int), ("code", int), ("lines", int), ("seconds", (int, float))):
            if name in values and (isinstance(values[name], bool) or not isinstance(values[name], wanted)):
                raise ValueError(f"{name} is a number.")
        if any(not isinstance(values.get(name, ""), str) for name in ("issuer", "number", "tax_id")):
            raise ValueError("issuer, number and tax_id are texts.")
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


CLOCK: Final = "X-Simulator-Clock-Ahead"
FAULTS: Final = "X-Simulator-Faults"


@dataclass(frozen=True, slots=True)
class Told:
    """What the sender said beside its message (a test seller's sandbox does): by how many seconds its clock is ahead of
    the true time, so that dates are judged by it, and what is to go wrong with this message alone."""

    ahead: float = 0.0
    script: Faults | None = None

    @classmethod
    def by(cls, headers: Mapping[str, str]) -> Told:
        """From the request's headers. Raises ValueError that says what is wrong."""
        script, listed = Faults(), json.loads(headers.get(FAULTS) or "[]")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise ValueError(f"{FAULTS} is a JSON list of faults.")
        for one in listed:
            script.add(Fault.of(one))
        return cls(float(headers.get(CLOCK) or 0), script)

    def for_message(self, *, issuer: str, on: On) -> Fault | None:
        return self.script.for_message(issuer=issuer, on=on) if self.script else None

    def for_record(self, *, issuer: str, number: str) -> Fault | None:
        return self.script.for_record(issuer=issuer, number=number) if self.script else None


NOTHING_TOLD: Final = Told()


class Faults:
    """The script. Threads may share it. ``rate`` of all messages go wrong at random, the same ones for the same
    ``seed`` and order of messages."""

    def __init__(self, *, rate: float = 0.0, seed: int = 0) -> None:
        self._lock = RLock()
        self._scripted: list[Fault] = []
        self._rate, self._random = rate, Random(seed)  # noqa: S311 - chaos, not secrets

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._scripted.append(fault)

    def clear(self) -> None:
        """Take everything back, the random ones too."""
        with self._lock:
            self._scripted.clear()
            self._rate = 0.0

    def listed(self) -> list[Fault]:
        with self._lock:
            return list(self._scripted)

    def for_message(self, *, issuer: str, on: On) -> Fault | None:
        """What goes wrong with this message; taken off the script, or else rolled."""
        with self._lock:
            return self._take(lambda one: one.kind in OF_MESSAGES and one.on in {on, On.ANY}, issuer) or self._rolled()

    def for_record(self, *, issuer: str, number: str) -> Fault | None:
        """What goes wrong with this record; taken off the script."""
        with self._lock:
            return self._take(lambda fault: fault.kind in OF_RECORDS and fault.number in {"", number}, issuer)

    def state(self, kind: FaultKind, issuer: str) -> list[Fault]:
        """The states of that kind that hold for this issuer, the newest last."""
        with self._lock:
            return [fault for fault in self._scripted if fault.kind is kind and fault.issuer in {"", issuer}]

    def _take(self, applies: Callable[[Fault], bool], issuer: str) -> Fault | None:
        for position, fault in enumerate(self._scripted):
            if not applies(fault) or fault.issuer not in {"", issuer}:
                continue
            if fault.times == 1:
                del self._scripted[position]
            elif fault.times:
                self._scripted[position] = replace(fault, times=fault.times - 1)
            return fault
        return None

    def _rolled(self) -> Fault | None:
        if not self._rate or self._random.random() >= self._rate:
            return None
        kind = self._random.choice(_AT_RANDOM)
        return Fault(kind=kind, code=3500 if kind is FaultKind.SERVER_FAULT else 0, seconds=0.5)
