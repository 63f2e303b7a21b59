"""Rendering: the PDF of every issued invoice, made after the commit, once, by as many workers as there are."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet

from audit import services as audit
from billing.documents import document_view, render_pdf
from billing.models import Document, DocumentState, Invoice
from billing.queries import preceding_links
from billing.services.drafting import subject_of
from core import actors
from core.actors import Actor
from core.modes import Mode
from integrations import outbox, sandbox
from integrations.context import working_for
from integrations.models import ScenarioKind
from verifactu.models import FiscalRecord

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""How long a worker has for a document; one that dies holds it no longer than that."""

MOST_ATTEMPTS = 8
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 600, 3600))
"""Between attempts; the last one repeats."""

LONGEST_ERROR = 2_000


def render_due_documents(*, now: datetime, limit: int = 4) -> int:
    """Render up to ``limit`` documents that wait, and return how many were taken.

    The claim is committed before the work, which holds no lock and no transaction. A document that fails is tried
    again later, and after ``MOST_ATTEMPTS`` waits for a person; it never stands in the way of another.
    """
    documents = _claim(now=now, limit=limit)
    for document in documents:
        with working_for(document.invoice.correlation_id):
            _render(document, now=now)
    return len(documents)


def _claim(*, now: datetime, limit: int) -> list[Document]:
    """Take what is due and nobody works at. The attempt is counted here, so that a crash counts as one."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    with transaction.atomic():
        due = Document.objects.select_for_update(skip_locked=True).filter(
            free, state=DocumentState.PENDING, due_at__lte=now
        )
        ids = list(due.order_by("due_at", "id").values_list("id", flat=True)[:limit])
        Document.objects.filter(id__in=ids).update(lease_until=now + LEASE, attempts=F("attempts") + 1)
    return list(_with_all_that_is_printed().filter(id__in=ids).order_by("due_at", "id"))


def _with_all_that_is_printed() -> QuerySet[Document]:
    records = Prefetch("invoice__fiscal_records", FiscalRecord.objects.defer("xml"))
    preceding = Prefetch("invoice__preceding", preceding_links())
    return Document.objects.select_related("invoice__series").prefetch_related(
        "invoice__lines", "invoice__tax_subtotals", preceding, records
    )


def _render(document: Document, *, now: datetime) -> None:
    by = actors.worker("renderer", correlation_id=document.invoice.correlation_id)
    if document.attempts > MOST_ATTEMPTS:  # the last attempt ended with its worker
        _put_off(document, error=document.last_error or "The worker ended in the middle of it.", by=by, now=now)
        return
    try:
        _fail_if_asked_to(document.invoice)
        content = render_pdf(document_view(document.invoice))
    except Exception as error:  # noqa: BLE001 - whatever one document does to the renderer, the others go on
        # The text may quote the invoice: it belongs in the row, not in the logs.
        logger.warning("document %s failed at attempt %s: %s", document.id, document.attempts, type(error).__name__)
        _put_off(document, error=f"{type(error).__name__}: {error}", by=by, now=now)
    else:
        _store(document, content, by=by, now=now)


class AskedForError(Exception):
    """A test seller wanted to see how this goes wrong."""


def _fail_if_asked_to(invoice: Invoice) -> None:
    if invoice.mode == Mode.TEST and sandbox.take(invoice.seller_id, ScenarioKind.DOCUMENT_FAILURE):
        raise AskedForError("asked for in the sandbox")


@transaction.atomic
def _store(document: Document, content: bytes, *, by: Actor, now: datetime) -> None:
    """Keep the bytes for good, and say so."""
    sha256 = hashlib.sha256(content).hexdigest()
    if not _change(
        document, state=DocumentState.RENDERED, content=content, sha256=sha256, rendered_at=now, last_error=""
    ):
        logger.warning("document %s was taken over by another worker; this rendering is dropped", document.id)
        return
    invoice, size = document.invoice, len(content)
    audit.record("document.rendered", by=by, subject=subject_of(invoice), after={"sha256": sha256, "size": size})
    outbox.publish(
        "document.rendered",
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        object_id=str(invoice.id),
        payload={"invoice": str(invoice.id), "document": "pdf", "sha256": sha256, "size": size},
        by=by,
    )
    logger.info("document %s rendered, %s bytes", document.id, size)


@transaction.atomic
def _put_off(document: Document, *, error: str, by: Actor, now: datetime) -> None:
    """Try again later, or leave it to a person."""
    given_up = document.attempts >= MOST_ATTEMPTS
    state = DocumentState.FAILED if given_up else DocumentState.PENDING
    pause = PAUSES[min(document.attempts, len(PAUSES)) - 1]
    if _change(document, state=state, due_at=now + pause, last_error=error[:LONGEST_ERROR]) and given_up:
        after = {"attempts": document.attempts, "error": error[:LONGEST_ERROR]}
        audit.record("document.failed", by=by, subject=subject_of(document.invoice), after=after)


def _change(document: Document, **values: object) -> bool:
    """Write the outcome and give the lease back, unless the lease ran out and another worker took the row.

    A claim counts an attempt, so the count tells whose claim it is.
    """
    held = Document.objects.filter(id=document.id, state=DocumentState.PENDING, attempts=document.attempts)
    return held.update(lease_until=None, **values) == 1
