"""What was counted is kept in PostgreSQL: a thread of each process adds it to the minute's rows every few seconds, and
once more when the process ends. A process that is killed loses those seconds' counts, and nothing else.
"""

from __future__ import annotations

import logging
import os
import threading
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction

from integrations.monitoring.counting import CallCounter, Group, Tally

logger = logging.getLogger(__name__)

EVERY: Final = 5.0
"""Seconds between two writes."""

MOST_GROUPS: Final = 20_000
"""While the database is away, so many groups are kept in memory; beyond that counts are given up."""

# Many processes add to the same rows: in one order, so that none waits for another in a circle. A token whose row is
# gone takes its counts along. Nobody waits for the disk: a crash loses these seconds anyway.
_ADD: Final = """
    INSERT INTO integrations_callminute AS kept (minute, token_id, operation, status, code, calls, total_ms, max_ms,
                                                 over_200_ms, over_1000_ms, deprecated, unkeyed_repeats)
    SELECT to_timestamp(minute * 60), token_id, operation, status, code, calls, total_ms, max_ms,
           over_200_ms, over_1000_ms, deprecated, unkeyed_repeats
    FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::smallint[], %s::text[], %s::int[], %s::bigint[], %s::int[],
                %s::int[], %s::int[], %s::int[], %s::int[])
        AS counted (minute, token_id, operation, status, code, calls, total_ms, max_ms, over_200_ms, over_1000_ms,
                    deprecated, unkeyed_repeats)
    WHERE token_id IS NULL OR EXISTS (SELECT FROM integrations_apitoken AS token WHERE token.id = token_id)
    ORDER BY minute, token_id, operation, status, code
    ON CONFLICT (minute, token_id, operation, status, code) DO UPDATE SET
        calls = kept.calls + excluded.calls,
        total_ms = kept.total_ms + excluded.total_ms,
        max_ms = greatest(kept.max_ms, excluded.max_ms),
        over_200_ms = kept.over_200_ms + excluded.over_200_ms,
        over_1000_ms = kept.over_1000_ms + excluded.over_1000_ms,
        deprecated = kept.deprecated + excluded.deprecated,
        unkeyed_repeats = kept.unkeyed_repeats + excluded.unkeyed_repeats
"""

_counter = CallCounter()
_turn = threading.Lock()
_keeper_of: list[int] = []
"""The process in which the thread runs, once it does."""


def count(group: Group, tally: Tally) -> None:
    """Count a call; the first one of a process starts the thread that keeps them."""
    _counter.count(group, tally)
    if settings.CALLS_ARE_KEPT and _keeper_of != [os.getpid()]:
        _start_keeping()


def keep_calls() -> int:
    """Write down what was counted in this process, and return of how many groups. What cannot be written now is tried
    again the next time."""
    with _turn:
        taken = _counter.take()
        if not taken:
            return 0
        try:
            _add(taken)
        except (DatabaseError, InterfaceError):
            logger.exception("the counts of %s groups of calls are not written yet", len(taken))
            _give_back(taken)
            return 0
    return len(taken)


def minute_of(when: datetime) -> int:
    """The minute of an instant, as groups name it."""
    return int(when.timestamp()) // 60


def start_of(minute: int) -> datetime:
    """When that minute began."""
    return datetime.fromtimestamp(minute * 60, UTC)


def _add(taken: dict[Group, Tally]) -> None:
    columns = [
        *zip(*taken, strict=True),
        *zip(*(_values(tally) for tally in taken.values()), strict=True),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_ADD, [list(column) for column in columns])


def _values(tally: Tally) -> tuple[int, ...]:
    return (
        tally.calls,
        tally.total_ms,
        tally.max_ms,
        tally.over_200_ms,
        tally.over_1000_ms,
        tally.deprecated,
        tally.unkeyed_repeats,
    )


def _give_back(taken: dict[Group, Tally]) -> None:
    if len(taken) + len(_counter) > MOST_GROUPS:
        logger.error("the counts of %s groups of calls are given up", len(taken))
        return
    for group, tally in taken.items():
        _counter.count(group, tally)


def _start_keeping() -> None:
    with _turn:
        if _keeper_of == [os.getpid()]:
            return
        _keeper_of[:] = [os.getpid()]
    threading.Thread(target=_keep_on, name="calls", daemon=True).start()
    # Not atexit: the web server's processes are multiprocessing's, which end without it.
    Finalize(None, keep_calls, exitpriority=100)


def _keep_on() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        close_old_connections()  # a connection that the database has ended is opened anew
        keep_calls()
