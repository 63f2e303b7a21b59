"""What django-q2 calls by the clock. The clock is read here and handed down; every task is safe to repeat."""

from __future__ import annotations

import logging
import uuid

from django.contrib.auth.models import User
from django.utils import timezone
from django_q.tasks import async_task

from billing.services import overdue, proving
from core.actors import Actor, ActorKind, worker
from integrations.locks import try_hold
from integrations.services import maintenance, oauth_clients
from verifactu.models import Chain

logger = logging.getLogger(__name__)


def purge_idempotency_keys() -> int:
    """Nightly: forget the keys whose thirty days are over."""
    return maintenance.purge_idempotency_keys(now=timezone.now())


def purge_calls() -> int:
    """Nightly: forget how machines used this house more than ninety days ago."""
    return maintenance.purge_calls(now=timezone.now())


def purge_answers() -> int:
    """Nightly: forget what receivers of webhooks answered, and what was mailed, more than ninety days ago."""
    return maintenance.purge_answers(now=timezone.now())


def tell_of_overdue() -> int:
    """Every hour: tell subscribers of the invoices that have become overdue, in batches of their own transactions."""
    told, batch = 0, overdue.tell_of_overdue(now=timezone.now())
    while batch.last:
        told += batch.told
        batch = overdue.tell_of_overdue(now=timezone.now(), after=batch.last)
    return told + batch.told


def purge_access_tokens() -> int:
    """Nightly: forget the access tokens (OAuth 2) that expired a day ago."""
    return oauth_clients.purge_access_tokens(now=timezone.now())


def verify_chains() -> int:
    """Nightly: have every chain proved, whole, in a task of its own; some 3,000 records a second."""
    ids = list(Chain.objects.values_list("id", flat=True))
    for chain_id in ids:
        async_task("config.schedules.verify_chain", str(chain_id))
    return len(ids)


def verify_waiting() -> int:
    """Every minute: prove the long chains that people asked about, and those that a lost task left out last night.

    What the queue loses is found again here: the requests are rows, and so are the proofs.
    """
    return sum(_verify_alone(chain_id, user_id) for chain_id, user_id in proving.waiting_for_proof(now=timezone.now()))


def _verify_alone(chain_id: uuid.UUID, user_id: str) -> bool:
    """Unless another process is at the same chain."""
    with try_hold("proof", chain_id) as held:
        if held:
            verify_chain(str(chain_id), user_id)
    return held


def verify_chain(chain_id: str, user_id: str = "") -> int:
    """Prove one chain, for the person who asked or for the night; returns the number of flaws."""
    report = proving.verify_chain(chain_id=uuid.UUID(chain_id), by=_person(user_id) or worker("verification"))
    if not report.is_sound:
        logger.error("chain %s has %s flaws: see chain.verified in the audit log", report.chain.id, report.found)
    return report.found


def _person(user_id: str) -> Actor | None:
    user = User.objects.filter(pk=user_id).first() if user_id else None
    return Actor(kind=ActorKind.USER, id=str(user.pk), name=user.get_username()) if user else None
