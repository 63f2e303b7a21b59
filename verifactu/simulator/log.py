"""What the simulated AEAT was asked, and what it said: for assertions, and for whoever wonders."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, Final

_KEPT: Final = 10_000


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request. ``status`` 0 means that no answer was given; ``outcome`` is EstadoEnvio, the code of a SOAP fault,
    or a word; ``early`` that it came before the time the AEAT had asked for; ``fault`` what the script did to it."""

    at: str
    method: str
    path: str
    presenter: str = ""
    issuer: str = ""
    records: int = 0
    status: int = 0
    outcome: str = ""
    early: bool = False
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Log:
    """The last ten thousand requests, and how many there were of each kind of trouble."""

    def __init__(self) -> None:
        self._lock, self._entries = Lock(), deque[Entry](maxlen=_KEPT)
        self._early = 0

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)
            self._early += entry.early

    @property
    def violations(self) -> int:
        """Messages that came before their time (Orden HAC/1177/2024 art. 16.2)."""
        return self._early

    def entries(self) -> list[Entry]:
        with self._lock:
            return list(self._entries)
