"""What leaves the house of the talks with the AEAT, written down (who took what, and when)."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from audit import services as audit
from core.actors import Actor
from core.errors import NotFound, gettext_noop
from verifactu.models import Inquiry, Submission
from verifactu.services.recording import subject_of


class Part(StrEnum):
    """Either half of an exchange."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Handed:
    """The bytes as they travelled, and a name for the file."""

    name: str
    content: bytes


@transaction.atomic(savepoint=False)
def hand_out_submission(*, submission_id: uuid.UUID, part: Part, by: Actor) -> Handed:
    """What was sent, or what the AEAT answered. Raises NotFound, also where there was no answer."""
    return _hand_out(Submission.objects.select_related("chain").filter(id=submission_id).first(), part, by)


@transaction.atomic(savepoint=False)
def hand_out_inquiry(*, inquiry_id: uuid.UUID, part: Part, by: Actor) -> Handed:
    """What was asked, or what the AEAT told. Raises NotFound, also where there was no answer."""
    return _hand_out(Inquiry.objects.select_related("chain").filter(id=inquiry_id).first(), part, by)


def _hand_out(exchange: Submission | Inquiry | None, part: Part, by: Actor) -> Handed:
    content = None if exchange is None else exchange.request if part is Part.REQUEST else exchange.response
    if exchange is None or content is None:
        raise NotFound("exchange_not_found", gettext_noop("There is no such message to or from the AEAT."))
    kind = "submission" if isinstance(exchange, Submission) else "inquiry"
    told = {kind: str(exchange.id), "part": part.value, "sha256": hashlib.sha256(content).hexdigest()}
    audit.record(f"{kind}.exported", by=by, subject=subject_of(exchange.chain), after=told)
    chain = exchange.chain
    return Handed(f"{chain.issuer_tax_id}-{exchange.sent_at:%Y%m%d-%H%M%S}-{part}.xml", bytes(content))
