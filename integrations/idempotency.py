"""One HTTP call, once: the ``Idempotency-Key`` header.

The key, its answer and the work are committed in one transaction, so there is no state in between:

* a crash before COMMIT leaves nothing, not even the lock; the repeat runs afresh at once;
* a crash after COMMIT leaves the answer; the repeat receives it byte by byte.

Hence no lease, no reaper and no recovery points. Refusals and failures roll back and store nothing: the key stays
free, also for a corrected body. The second layer, the source event, is billing's.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Conflict, Fault, Refusal, Unreadable, gettext_noop
from core.modes import Mode
from integrations import mishaps
from integrations.errors import Unprocessable
from integrations.locks import lock_number
from integrations.monitoring.counting import note_unkeyed
from integrations.services.maintenance import KEPT

HEADER = "Idempotency-Key"
MAX_KEY = 255
KEPT_HEADERS = ("Content-Type", "Duplicate-Of", "ETag", "Location", "Retry-After")

# Two statements in one round trip, and two they must be: READ COMMITTED takes a snapshot per statement, and PostgreSQL
# makes a commit visible before it releases the commit's locks. Asked in one, the look-up would see the time before
# the lock was ours.
_CLAIM = """
    SELECT pg_try_advisory_xact_lock(%s);
    SELECT fingerprint, status, headers::text, body, created_at FROM integrations_idempotencykey
    WHERE seller_id = %s AND mode = %s AND key = %s AND created_at > %s
"""
# A key that expired, and that the night has not yet taken away, is written over.
_STORE = """
    INSERT INTO integrations_idempotencykey (seller_id, mode, key, fingerprint, status, headers, body, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (seller_id, mode, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
        headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
"""

_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')  # RFC 8941 String
_BARE = re.compile(r'[^",;]*')  # a comma is how a server joins two header lines
_KEY = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY}}}")


class Stored(NamedTuple):
    """What the first use of a key left."""

    fingerprint: bytes
    status: int
    headers: str
    body: bytes
    created_at: datetime


def run_idempotently(
    request: Request,
    *,
    seller_id: uuid.UUID,
    mode: Mode,
    required: bool,
    work: Callable[[], Response],
    carries_secret: bool = False,
) -> HttpResponse:
    """Run ``work`` in one transaction, or give its first answer again.

    A key is the seller's and mode's: not the token's, whose rotation must not break a repeat, and not the route's,
    which is in the fingerprint. Services join the transaction. A repeat with the same content gets the stored answer
    with ``Idempotent-Replayed``; with other content ``idempotency_key_reused`` (422); while the first still runs
    ``idempotency_in_progress`` (409). Without a key, ``idempotency_key_missing`` (400) where it is ``required``, else
    just the transaction. An answer that ``carries_secret`` is never stored: its repeat is told so (409
    ``secret_already_shown``).
    """
    mishaps.strike(seller_id)
    key = key_of(request)
    if key is None and request.method == "POST":
        note_unkeyed(fingerprint_of(request))
    if key is None and required:
        raise _wrong_key("idempotency_key_missing", gettext_noop("This call needs the header Idempotency-Key."))
    fingerprint = fingerprint_of(request) if key else b""
    with transaction.atomic(durable=True):
        if key is None:
            return _committable(work())
        if stored := _claim(seller_id, mode, key):
            return _replayed(stored, fingerprint, carries_secret=carries_secret)
        answer = _committable(work())
        if answer.status_code < 300:
            kept = HttpResponse(status=answer.status_code) if carries_secret else answer
            _store(seller_id, mode, key, fingerprint, kept)
        return answer


def key_of(request: Request) -> str | None:
    """The key, quoted (RFC 8941) or bare, or None; ``idempotency_key_invalid`` (400) when it is neither."""
    sent: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if sent is None:
        return None
    quoted = _QUOTED.fullmatch(sent.strip())
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else sent.strip()
    if not (quoted or _BARE.fullmatch(key)) or not _KEY.fullmatch(key):
        message = gettext_noop("Send one Idempotency-Key of 1 to 255 printable ASCII characters, quoted or bare.")
        raise _wrong_key("idempotency_key_invalid", message)
    return key


def fingerprint_of(request: Request) -> bytes:
    """The digest of what was asked: method, path, query and content."""
    has_body = request.META.get("CONTENT_LENGTH") not in {None, "", "0"}
    return fingerprint(
        method=request.method or "",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        body=request.data if has_body else None,
    )


def fingerprint(*, method: str, path: str, query: str, body: object) -> bytes:
    """SHA-256 over the request in canonical form: spacing, escapes and the order of names do not count.

    ``body`` is as the strict parser reads it, None without one: numbers with a fraction are their text, so that 1.0
    differs from 1.00.
    """
    content = "" if body is None else json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    pairs = urlencode(sorted(parse_qsl(query, keep_blank_values=True)))
    lines = ["v1", method, path.rstrip("/").lower(), pairs, content]  # ids may be in upper case
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _claim(seller_id: uuid.UUID, mode: Mode, key: str) -> Stored | None:
    """Take the key for this transaction, and return what its first use left.

    Nobody waits: who comes second is told so, and no worker is blocked behind a slow first.
    """
    with connection.cursor() as cursor:
        oldest = timezone.now() - KEPT
        cursor.execute(_CLAIM, [lock_number("idempotency", seller_id, mode, key), seller_id, mode, key, oldest])
        (is_ours,) = cursor.fetchone()
        if not is_ours:
            message = gettext_noop("The first call with this key is still running.")
            raise Conflict("idempotency_in_progress", message, headers={"Retry-After": "1"})
        cursor.nextset()
        row = cursor.fetchone()
    return Stored(*row) if row else None


def _replayed(stored: Stored, fingerprint: bytes, *, carries_secret: bool) -> HttpResponse:
    if stored.fingerprint != fingerprint:
        message = gettext_noop("This key was used for another request: another intent needs another key.")
        first_used_at = stored.created_at.isoformat().replace("+00:00", "Z")
        raise Unprocessable("idempotency_key_reused", message, extra={"first_used_at": first_used_at})
    if carries_secret:
        message = gettext_noop("This key was used, and its answer carried a secret, which is shown once.")
        raise Conflict("secret_already_shown", message)
    headers = {**json.loads(stored.headers), "Idempotent-Replayed": "true"}
    return HttpResponse(stored.body, status=stored.status, headers=headers)


def _committable(response: Response) -> HttpResponse:
    """The answer in bytes, while the transaction can still be rolled back: a refusal never commits."""
    if response.status_code >= 400:
        transaction.set_rollback(True)
    body = b"" if response.data is None else JSONRenderer().render(response.data)
    headers = {**response.headers, "Content-Type": "application/json"}  # an unrendered response says text/html
    return HttpResponse(body, status=response.status_code, headers=headers)


def _store(seller_id: uuid.UUID, mode: Mode, key: str, fingerprint: bytes, answer: HttpResponse) -> None:
    headers = json.dumps({name: answer[name] for name in KEPT_HEADERS if name in answer})
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE, [seller_id, mode, key, fingerprint, answer.status_code, headers, answer.content, timezone.now()]
        )


def _wrong_key(code: str, message: str) -> Refusal:
    return Unreadable(code, message, faults=[Fault(code, message, header=HEADER)])
