"""What leaves the house on paper or in a file, written down (who took what, and when)."""

from __future__ import annotations

import uuid

from django.db import transaction

from audit import services as audit
from billing import errors
from billing.models import Document, DocumentState
from billing.services.drafting import subject_of
from core.actors import Actor
from core.errors import Conflict, NotFound, gettext_noop
from verifactu.models import FiscalRecord
from verifactu.overview import with_status


@transaction.atomic(savepoint=False)
def hand_out_document(*, invoice_id: uuid.UUID, by: Actor) -> Document:
    """The PDF of an issued invoice, with its bytes.

    Raises NotFound; Conflict ``document_not_rendered`` while it waits for the renderer.
    """
    document = Document.objects.select_related("invoice").filter(invoice=invoice_id).first()
    if document is None:
        raise errors.invoice_not_found()
    if document.state != DocumentState.RENDERED:
        raise Conflict("document_not_rendered", gettext_noop("The document has not been rendered yet; try again soon."))
    after = {"document": "pdf", "sha256": document.sha256}
    audit.record("invoice.printed", by=by, subject=subject_of(document.invoice), after=after)
    return document


@transaction.atomic(savepoint=False)
def hand_out_records(*, invoice_id: uuid.UUID, by: Actor) -> list[FiscalRecord]:
    """All fiscal records of an invoice, the oldest first, with their XML; none of a draft."""
    found = with_status(FiscalRecord.objects.filter(invoice=invoice_id)).select_related("invoice")
    records = list(found.order_by("generated_at", "sequence"))
    if records:
        after = {"records": [str(record.id) for record in records]}
        audit.record("record.exported", by=by, subject=subject_of(records[0].invoice), after=after)
    return records


@transaction.atomic(savepoint=False)
def hand_out_record(*, invoice_id: uuid.UUID, record_id: uuid.UUID, by: Actor) -> FiscalRecord:
    """A fiscal record of an invoice, with its XML. Raises NotFound."""
    record = FiscalRecord.objects.select_related("invoice").filter(id=record_id, invoice=invoice_id).first()
    if record is None:
        raise NotFound("record_not_found", gettext_noop("The invoice has no such record."))
    after = {"record": str(record.id), "fingerprint": record.fingerprint}
    audit.record("record.exported", by=by, subject=subject_of(record.invoice), after=after)
    return record
