"""Compare a chain with what the AEAT holds of its invoices (``ConsultaFactuSistemaFacturacion``), month by month.

The AEAT keeps the last record that it accepted of each invoice, whichever program sent it: what it holds and we do not
know may come from another program of the same taxpayer, and is told as such.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models.functions import TruncMonth
from django.utils import timezone

from core.errors import Conflict, NotFound, gettext_noop
from integrations import deployment
from verifactu import literals
from verifactu.aeat.answers import Registered, RegisteredState
from verifactu.aeat.channel import Channel, open_channel
from verifactu.models import Chain, FiscalRecord, RecordKind, RecordOutcome
from verifactu.services import inquiring
from verifactu.services.verdicts import Key
from verifactu.verification import Flaw


@dataclass(frozen=True, slots=True)
class _Ours:
    """A record of ours, as far as it is compared. ``outcome`` is empty while the AEAT has not answered."""

    chain_id: uuid.UUID
    sequence: int
    kind: str
    number: str
    fingerprint: str
    outcome: str


def compare_with_aeat(*, chain_id: uuid.UUID, clock: Callable[[], datetime] = timezone.now) -> list[Flaw]:
    """Where the AEAT and this chain disagree. What is asked and answered is kept; nothing else is written.

    Call it outside a transaction: it waits for the AEAT. Raises NotFound, Conflict ``fenced``, and WireError where the
    AEAT cannot be asked.
    """
    chain = Chain.objects.select_related("seller").filter(id=chain_id).first()
    if chain is None:
        raise NotFound("chain_not_found", gettext_noop("There is no such chain of fiscal records."))
    standing = deployment.standing()
    if standing.is_fenced:
        raise Conflict("fenced", standing.message, extra={"state": standing.state.value})
    channel = open_channel(tax_id=chain.issuer_tax_id, mode=chain.mode, seller_id=chain.seller_id)
    months = FiscalRecord.objects.filter(chain=chain).annotate(month=TruncMonth("issue_date"))
    return [
        flaw
        for month in months.order_by("month").values_list("month", flat=True).distinct()
        for flaw in _differences(chain, _ours(chain, month), _held(chain, channel, month, clock))
    ]


def _ours(chain: Chain, month: date) -> dict[Key, list[_Ours]]:
    """The seller's records of the invoices of a month, of all its chains, in the order in which they were made."""
    rows = FiscalRecord.objects.filter(
        chain__seller=chain.seller_id, issue_date__year=month.year, issue_date__month=month.month
    ).order_by("generated_at", "sequence")
    found: dict[Key, list[_Ours]] = defaultdict(list)
    for chain_id, sequence, kind, number, fingerprint, outcome, day in rows.values_list(
        "chain_id", "sequence", "kind", "number", "fingerprint", "answer__outcome", "issue_date"
    ):
        found[literals.text(number), day].append(_Ours(chain_id, sequence, kind, number, fingerprint, outcome or ""))
    return found


def _differences(chain: Chain, ours: dict[Key, list[_Ours]], held: dict[Key, Registered]) -> Iterator[Flaw]:
    for key, there in held.items():
        if key not in ours:
            message = gettext_noop("The AEAT holds this invoice (%(fingerprint)s), and no record here is about it.")
            yield Flaw("aeat_unknown_here", message, {"fingerprint": f"{there.fingerprint[:8]}…"}, number=key[0])
    for key, records in ours.items():
        flaw = _difference(records, held.get(key))
        if flaw is not None and records[-1].chain_id == chain.id:
            code, message, params = flaw
            yield Flaw(code, message, params, records[-1].sequence, key[0])


def _difference(records: list[_Ours], there: Registered | None) -> tuple[str, str, dict[str, object]] | None:
    """What is wrong with one invoice. A record that waits for its answer may be there or not."""
    accepted = [one for one in records if one.outcome and one.outcome != RecordOutcome.REJECTED]
    waits = [one.fingerprint for one in records if not one.outcome]
    if there is None:
        if not accepted:
            return None
        return "aeat_missing", gettext_noop("The AEAT accepted it, and does not hold it."), {}
    if there.fingerprint in waits or (accepted and _is_shown(accepted, there)):
        return None
    if not accepted:
        message = gettext_noop("The AEAT holds it (%(there)s), and we have no acceptance of it.")
        return "aeat_not_accepted_here", message, {"there": f"{there.fingerprint[:8]}…"}
    message = gettext_noop("The AEAT holds it with fingerprint %(there)s, and accepted %(here)s.")
    return "aeat_differs", message, {"there": there.fingerprint, "here": accepted[-1].fingerprint}


def _is_shown(accepted: list[_Ours], there: Registered) -> bool:
    """Whether the AEAT shows the last record that it accepted. An annulled invoice may be shown with the fingerprint of
    the annulment or of what it annulled."""
    last = accepted[-1]
    if there.state is RegisteredState.ANNULLED and last.kind == RecordKind.ANNULMENT:
        return any(there.fingerprint == one.fingerprint for one in accepted)
    return there.fingerprint == last.fingerprint


def _held(chain: Chain, channel: Channel, month: date, clock: Callable[[], datetime]) -> dict[Key, Registered]:
    """All that the AEAT holds of a month."""
    pages = inquiring.ask(chain, channel, clock, period=month)
    return {(one.number, one.issue_date): one for _inquiry, answer in pages for one in answer.records}
