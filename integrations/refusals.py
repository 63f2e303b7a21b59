"""What outlives the rollback of a refused act: an audit entry, and ``validation.failed`` for who subscribed to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from rest_framework.request import Request

from audit.models import Outcome
from audit.services import Subject, record
from core.errors import Conflict, Invalid, Refusal, Stale
from integrations import outbox
from integrations.authentication import actor_of, principal_of
from integrations.problems import error_of


@contextmanager
def written_down(
    request: Request, action: str, *, seller_id: uuid.UUID, subject: str, subject_id: object = ""
) -> Iterator[None]:
    """Write down the refusal of an act on a ``subject`` (its type), after the act's own transaction is over.

    What only concerns the call (authentication, scopes, the idempotency key) is written down elsewhere, or is noise.
    """
    try:
        yield
    except (Conflict, Stale, Invalid) as refusal:
        if not refusal.code.startswith("idempotency_"):
            mode = principal_of(request).mode
            _write(request, action, refusal, Subject(subject, str(subject_id), seller_id=seller_id, mode=mode))
        raise


@transaction.atomic
def _write(request: Request, action: str, refusal: Refusal, subject: Subject) -> None:
    by = actor_of(request)
    after = {"code": refusal.code, "faults": [fault.code for fault in refusal.faults]}
    record(action, by=by, subject=subject, outcome=Outcome.REFUSED, after=after, reason=str(refusal)[:2000])
    if isinstance(refusal, Invalid) and subject.seller_id:
        outbox.publish(
            "validation.failed",
            seller_id=subject.seller_id,
            mode=subject.mode,
            object_id=subject.id,
            payload={"refused": action, "code": refusal.code, "errors": [error_of(fault) for fault in refusal.faults]},
            by=by,
        )
