"""An invoice's fiscal record as a person is asked about it: what it says now, what the AEAT holds, what comes next."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from billing.models import Invoice
from billing.services.amending import last_registration
from verifactu import explanations
from verifactu.codes import IdType
from verifactu.models import FiscalRecord
from verifactu.past import past_of
from verifactu.registration import OtherId, Party


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSituation:
    """``record_id`` is the last record's. ``situation`` and ``why`` are English templates; ``marks`` are the AEAT's own
    names of what the next amendment would carry. While the AEAT has not answered (``is_pending``) there is no next."""

    record_id: uuid.UUID
    description: str
    buyer_name: str
    buyer_tax_id: str
    not_in_census: bool
    is_pending: bool
    situation: tuple[str, ...]
    marks: str = ""
    why: str = ""

    @property
    def names_a_buyer(self) -> bool:
        return bool(self.buyer_name)


def record_situation(invoice: Invoice) -> RecordSituation:
    """Of an issued invoice."""
    registration, past = last_registration(invoice), past_of(invoice.id)
    buyer = registration.recipients[0] if len(registration.recipients) == 1 else None
    pending = any(each.accepted is None for each in past)
    following = None if pending else explanations.next_amendment(past)
    last = FiscalRecord.objects.filter(invoice=invoice.id).order_by("generated_at", "sequence").only("id").last()
    assert last is not None, "an issued invoice has a record"
    return RecordSituation(
        record_id=last.id,
        description=registration.description,
        buyer_name=buyer.name if buyer else "",
        buyer_tax_id=_id_of(buyer) if buyer else "",
        not_in_census=_is_not_in_census(buyer) if buyer else False,
        is_pending=pending,
        situation=tuple(explanations.situation(past)),
        marks=following.marks if following else "",
        why=following.why if following else "",
    )


def _id_of(party: Party) -> str:
    return party.tax_id.id if isinstance(party.tax_id, OtherId) else party.tax_id


def _is_not_in_census(party: Party) -> bool:
    return isinstance(party.tax_id, OtherId) and party.tax_id.id_type == IdType.NOT_REGISTERED
