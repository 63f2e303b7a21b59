"""The one way into the audit log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from audit.models import AuditEntry, Outcome
from audit.rows import write
from core.actors import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """What was acted upon, by values, so that the entry outlives it."""

    type: str
    id: str
    label: str = ""
    seller_id: uuid.UUID | None = None
    mode: str = ""


def record(
    action: str,
    *,
    by: Actor,
    subject: Subject | None = None,
    outcome: Outcome = Outcome.DONE,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write down an act, in the caller's transaction: the act and its entry are committed together or not at all.

    ``action`` is ``thing.verb_in_the_past`` (``invoice.issued``). ``before`` and ``after`` hold only what changed, as
    JSON values; secrets never belong in them. What was refused is recorded by the edge after the rollback, with
    ``outcome=Outcome.REFUSED``.
    """
    written = entry(action, by=by, subject=subject, outcome=outcome, before=before, after=after, reason=reason)
    write(written)
    return written


def entry(
    action: str,
    *,
    by: Actor,
    subject: Subject | None = None,
    outcome: Outcome = Outcome.DONE,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> AuditEntry:
    """The entry that ``record`` writes, for a caller who inserts it together with what it is about."""
    return AuditEntry(
        at=timezone.now(),
        action=action,
        outcome=outcome,
        actor_kind=by.kind,
        actor_id=by.id[:64],
        actor_name=by.name[:200],
        on_behalf_of=by.on_behalf_of[:200],
        subject_type=subject.type if subject else "",
        subject_id=subject.id[:64] if subject else "",
        subject_label=subject.label[:200] if subject else "",
        seller_id=subject.seller_id if subject else None,
        mode=subject.mode if subject else "",
        request_id=by.request_id,
        correlation_id=by.correlation_id,
        address=by.address,
        before=before,
        after=after,
        reason=reason,
    )
