"""The simulated AEAT as a whole: start it, script its bad days, ask what it saw, stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, Self

from verifactu.simulator.aeat import Aeat
from verifactu.simulator.authority import Authority, Holder
from verifactu.simulator.doors import Door, server_context
from verifactu.simulator.faults import Fault, FaultKind, Faults
from verifactu.simulator.folder import Folder
from verifactu.simulator.handler import Handler
from verifactu.simulator.inquiries import MOST_RECORDS
from verifactu.simulator.log import Log
from verifactu.simulator.schemas import SUBMISSION, schema_of
from verifactu.simulator.site import Site
from verifactu.simulator.store import Accepted, Store


class SimulatedAeat:
    """Listens from ``start`` to ``stop``. Port 0 takes a free one. ``folder`` is the certificates folder, where those
    of whoever sends are left; records are kept there too with ``keeps_records``, else in memory.

    With ``seal_port``, people's and seals' certificates have a door each, and the wrong one answers 401.
    Raises ``SchemasMissing``, and OSError for a port that is taken.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        seal_port: int | None = None,
        wait_seconds: int = 60,
        enforces_wait: bool = False,
        clock: Callable[[], datetime] | None = None,
        page_size: int = MOST_RECORDS,
        fault_rate: float = 0.0,
        seed: int = 0,
        fault_status: int = 500,
        keeps_records: bool = False,
        holders: Mapping[str, Holder] | None = None,
    ) -> None:
        schema_of(SUBMISSION)
        self.folder = Folder(folder)
        self.authority: Authority = self.folder.prepare(holders=holders)
        self.faults, self.log = Faults(rate=fault_rate, seed=seed), Log()
        self.store = Store(self.folder.store_file if keeps_records else None)
        self.aeat = Aeat(
            store=self.store,
            faults=self.faults,
            clock=clock or (lambda: datetime.now(UTC)),
            wait_seconds=wait_seconds,
            page_size=page_size,
        )
        self.site = Site(
            aeat=self.aeat, log=self.log, certify=self._certify, fault_status=fault_status, enforces_wait=enforces_wait
        )
        self._host, self._ports = host, (port, seal_port)
        self._doors: list[Door] = []

    # --- Its life ----------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        context = server_context(self.folder, self.authority, self.folder.foreign_authority())
        port, seal_port = self._ports
        kinds = [(port, None)] if seal_port is None else [(port, False), (seal_port, True)]
        for number, is_for_seals in kinds:
            door = Door(
                (self._host, number), Handler, context=context, site=self.site, authority=self.authority,
                is_for_seals=is_for_seals,
            )  # fmt: skip
            self._doors.append(door)
            Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Whoever is waiting for an answer gets none any more."""
        for door in self._doors:
            door.stop()
        self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For ``AEAT_TEST_URL``."""
        return self._url(0)

    @property
    def seal_url(self) -> str:
        """The door for seals, with ``seal_port``."""
        return self._url(1)

    def _certify(self, tax_id: str) -> bool:
        return self.folder.certify(self.authority, tax_id)

    def _url(self, door: int) -> str:
        host = "localhost" if self._host in {"127.0.0.1", "::1"} else self._host
        return f"https://{host}:{self._doors[door].server_address[1]}"

    # --- Its bad days ------------------------------------------------------------------------------------------------

    def script(self, kind: FaultKind, **details: Any) -> None:
        """What goes wrong next; ``details`` are those of a ``Fault``."""
        self.faults.add(Fault(kind=kind, **details))

    def authorise(self, representative: str, issuer: str) -> None:
        """Let one NIF present for another, as a «colaborador social» or an «apoderado» may."""
        self.aeat.representatives.add((representative, issuer))

    # --- What it saw -------------------------------------------------------------------------------------------------

    def accepted(self, issuer: str | None = None) -> list[Accepted]:
        """Every acceptance, in order: the same record twice is there twice."""
        return self.store.accepted(issuer)

    def times_accepted(self, issuer: str | None = None) -> dict[str, int]:
        """How often each record was accepted, by fingerprint, in the order of first acceptances."""
        counted: dict[str, int] = {}
        for one in self.accepted(issuer):
            counted[one.fingerprint] = counted.get(one.fingerprint, 0) + 1
        return counted
