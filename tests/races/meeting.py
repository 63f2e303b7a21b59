"""Making two transactions meet where it hurts, with real locks: nobody sleeps and hopes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import DatabaseError, connection, transaction

from core.errors import Refusal
from integrations.locks import take_lock
from tests.evidence import ask
from tests.waiting import eventually

T = TypeVar("T")


@contextlib.contextmanager
def the_chain_held() -> Iterator[None]:
    """Whoever issues waits at the chain: the number is taken, the invoice is frozen, nothing is committed."""
    with transaction.atomic():
        ask(connection, "SELECT id FROM verifactu_chain FOR UPDATE")
        yield


@contextlib.contextmanager
def the_series_held(series_id: object) -> Iterator[None]:
    """Whoever issues waits for a number: the lines were read, the invoice is not frozen yet."""
    with transaction.atomic():
        take_lock("series", series_id)
        yield


@contextlib.contextmanager
def the_feed_held() -> Iterator[None]:
    """Somebody numbers events, and is not done."""
    with transaction.atomic():
        take_lock("feed")
        yield


@contextlib.contextmanager
def others() -> Iterator[Callable[[Callable[[], T]], Future[T]]]:
    """Begins work in threads with connections of their own."""

    def closing(work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        yield lambda work: pool.submit(closing, work)


def wait_until_waiting(number: int) -> None:
    """Until so many transactions of this database wait for a lock."""
    assert eventually(lambda: _waiting() >= number, 10), f"{number} should wait"


def who_passes(works: Mapping[str, Future[T]], *, besides: int = 1) -> list[str]:
    """Who goes through instead of waiting with the ``besides`` that wait already, once each did one or the other."""
    assert eventually(lambda: _waiting() - besides >= len(works) - len(_ended(works)), 10)
    return _ended(works)


def _ended(works: Mapping[str, Future[T]]) -> list[str]:
    return [name for name, work in works.items() if work.done()]


def _waiting() -> int:
    ask(connection, "SELECT pg_stat_clear_snapshot()")  # a transaction looks at the activity once, and remembers it
    question = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    return int(ask(connection, question)[0][0])


def outcome(work: Future[T]) -> str:
    """What came of it: ``done``, a refusal's code, or the database's refusal."""
    return refusal_of(lambda: work.result(timeout=30))


def refusal_of(act: Callable[[], T]) -> str:
    """``done``, the code of the refusal, or ``closed`` where the database itself refused."""
    try:
        act()
    except Refusal as refusal:
        return refusal.code
    except DatabaseError as error:
        return "closed" if "the invoice of this row is closed" in str(error) else str(error)
    return "done"
