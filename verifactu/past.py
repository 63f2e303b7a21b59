"""An invoice's earlier records, as the table of admissible operations wants them."""

from __future__ import annotations

import uuid

from verifactu.history import Kind, Past
from verifactu.models import FiscalRecord, RecordOutcome


def past_of(invoice_id: uuid.UUID) -> list[Past]:
    """The invoice's records in the order in which they were made, with what the AEAT did with them."""
    records = (
        FiscalRecord.objects.filter(invoice=invoice_id)
        .defer("xml")
        .select_related("answer")
        .order_by("generated_at", "sequence")
    )
    return [_past(record) for record in records]


def _past(record: FiscalRecord) -> Past:
    answer = getattr(record, "answer", None)
    return Past(
        kind=Kind(record.kind),
        accepted=None if answer is None else answer.outcome != RecordOutcome.REJECTED,
        amendment=record.amendment,
        code=answer.code if answer else None,
    )
