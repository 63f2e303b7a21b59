"""What the simulated AEAT holds: every record that it accepted, in the order in which it did.

A SQLite file, so that a restart forgets nothing. One thread at a time is let in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import RLock
from typing import Final

from verifactu.simulator.operations import Held

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issuer TEXT NOT NULL, at TEXT NOT NULL, records INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS accepted (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message INTEGER NOT NULL REFERENCES message (id), issuer TEXT NOT NULL,
    number TEXT NOT NULL, issue_date TEXT NOT NULL, is_annulment INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    system TEXT NOT NULL, code INTEGER, presenter TEXT NOT NULL, at TEXT NOT NULL, representative TEXT NOT NULL,
    incident INTEGER NOT NULL, gross_total TEXT NOT NULL, xml BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS accepted_key ON accepted (issuer, number, issue_date, id);
CREATE INDEX IF NOT EXISTS accepted_system ON accepted (issuer, system);
"""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes an invoice one invoice to the AEAT. The number is trimmed."""

    issuer: str
    number: str
    issue_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A record that was accepted. ``code`` is the warning it was accepted with; ``system`` tells installations apart;
    ``gross_total`` is the written literal, empty for an annulment."""

    key: Key
    is_annulment: bool
    fingerprint: str
    system: str
    code: int | None
    message: int
    presenter: str
    at: datetime
    representative: str
    incident: bool
    gross_total: str
    xml: bytes

    @property
    def request_id(self) -> str:
        """``IdPeticion``: 20 characters."""
        return f"{self.at:%Y%m%d}{self.message:012d}"


class Store:
    """``path`` None keeps everything in memory."""

    def __init__(self, path: Path | None) -> None:
        self._lock = RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        if path is not None:
            path.chmod(0o600)
            self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def message(self, *, issuer: str, records: int, at: datetime) -> Iterator[int]:
        """Everything in it is kept, or nothing, and no other message comes between. Yields the message's number."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                cursor = self._connection.execute(
                    "INSERT INTO message (issuer, at, records) VALUES (?, ?, ?)", (issuer, at.isoformat(), records)
                )
                yield cursor.lastrowid or 0
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def keep(self, record: Accepted) -> None:
        """Within ``message``."""
        key = record.key
        self._connection.execute(
            "INSERT INTO accepted (message, issuer, number, issue_date, is_annulment, fingerprint, system, code,"
            " presenter, at, representative, incident, gross_total, xml)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(record.message, key.issuer, key.number, key.issue_date.isoformat(), record.is_annulment),
                *(record.fingerprint, record.system, record.code, record.presenter, record.at.isoformat()),
                *(record.representative, record.incident, record.gross_total, record.xml),
            ),
        )

    def last(self, key: Key) -> Accepted | None:
        """The record of this invoice that counts: the last that was accepted."""
        found = self._rows(
            "WHERE issuer = ? AND number = ? AND issue_date = ? ORDER BY id DESC LIMIT 1",
            (key.issuer, key.number, key.issue_date.isoformat()),
        )
        return found[0] if found else None

    def held(self, key: Key) -> Held:
        last = self.last(key)
        if last is None:
            return Held.NOTHING
        return Held.ANNULLED if last.is_annulment else Held.REGISTERED

    def knows_system(self, issuer: str, system: str) -> bool:
        """Whether anything of this issuer came from that installation before."""
        return bool(self._rows("WHERE issuer = ? AND system = ? LIMIT 1", (issuer, system)))

    def month(self, year: int, month: int) -> list[Accepted]:
        """Of each invoice issued in that month the last accepted record, by issuer, day and number."""
        return self._rows(
            "WHERE substr(issue_date, 1, 7) = ? AND id IN (SELECT max(id) FROM accepted GROUP BY issuer, number,"
            " issue_date) ORDER BY issuer, issue_date, number",
            (f"{year:04d}-{month:02d}",),
        )

    def accepted(self, issuer: str | None = None) -> list[Accepted]:
        """Everything that was ever accepted, in order."""
        if issuer is None:
            return self._rows("ORDER BY id", ())
        return self._rows("WHERE issuer = ? ORDER BY id", (issuer,))

    def last_message_at(self, issuer: str) -> datetime | None:
        """When this issuer's last message was processed."""
        with self._lock:
            row = self._connection.execute(
                "SELECT at FROM message WHERE issuer = ? ORDER BY id DESC LIMIT 1", (issuer,)
            ).fetchone()
        return datetime.fromisoformat(row["at"]) if row else None

    def _rows(self, condition: str, values: tuple[object, ...]) -> list[Accepted]:
        with self._lock:
            found = self._connection.execute(f"SELECT * FROM accepted {condition}", values).fetchall()  # noqa: S608 - ours
        return [_accepted(row) for row in found]


def _accepted(row: sqlite3.Row) -> Accepted:
    return Accepted(
        key=Key(row["issuer"], row["number"], date.fromisoformat(row["issue_date"])),
        is_annulment=bool(row["is_annulment"]),
        fingerprint=row["fingerprint"],
        system=row["system"],
        code=row["code"],
        message=row["message"],
        presenter=row["presenter"],
        at=datetime.fromisoformat(row["at"]),
        representative=row["representative"],
        incident=bool(row["incident"]),
        gross_total=row["gross_total"],
        xml=row["xml"],
    )
