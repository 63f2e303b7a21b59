"""What a person may say to the sender of a chain: go on, it is mended; or, try now."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from audit import services as audit
from core.actors import Actor
from core.errors import NotFound, gettext_noop
from verifactu.models import Sender
from verifactu.services.recording import subject_of


@transaction.atomic(savepoint=False)
def resume_sending(*, chain_id: uuid.UUID, by: Actor, now: datetime, reason: str = "") -> Sender:
    """Send the chain's records at once, whatever it was stopped for or waits for.

    The AEAT's pause between two messages is kept all the same. Twice is as good as once. Raises NotFound.
    """
    sender = Sender.objects.select_for_update(of=("self",)).select_related("chain").filter(chain=chain_id).first()
    if sender is None:
        raise NotFound("chain_not_found", gettext_noop("There is no such chain of fiscal records."))
    before = {"stop_reason": sender.stop_reason, "next_at": sender.next_at.isoformat(), "failures": sender.failures}
    if sender.failures:
        sender.next_at = min(sender.next_at, now)
    sender.stop_reason, sender.most_records = "", 1000
    sender.save(update_fields=["next_at", "stop_reason", "most_records"])
    audit.record("sending.resumed", by=by, subject=subject_of(sender.chain), before=before, reason=reason)
    return sender
