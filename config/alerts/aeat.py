"""What to look at among the fiscal records: what the AEAT did not take, certificates, chains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from audit.models import AuditEntry
from billing.models import Seller
from config.alerts.found import Found, Rule, hours_since, in_mode
from core.errors import gettext_noop
from integrations.alert_kinds import Kind
from integrations.models import Severity
from verifactu import overview
from verifactu.aeat.expiry import expiring_certificates
from verifactu.models import Chain

VERY_LATE: Final = timedelta(hours=24)
_CERTIFICATES: Final = {
    60: (1, Severity.INFO),
    30: (2, Severity.WARNING),
    7: (3, Severity.CRITICAL),
    0: (4, Severity.CRITICAL),
}
"""By days left: which step it is, and how severe."""


def waiting_records(now: datetime) -> Iterator[Found]:
    for waiting in overview.waiting():
        sender = waiting.sender
        if not waiting.is_overdue(now=now):
            continue
        is_grave = bool(sender.stop_reason) or waiting.oldest < now - VERY_LATE
        facts = {
            "records": waiting.records,
            "hours": hours_since(waiting.oldest, now),
            "mode": sender.chain.mode,
            "stopped": sender.stop_reason or "no",
        }
        severity = in_mode(sender.chain.mode, Severity.CRITICAL if is_grave else Severity.WARNING)
        yield Found(str(sender.chain_id), severity, facts, sender.chain.seller_id)


def rejected_records(_now: datetime) -> Iterator[Found]:
    chains = (
        overview.to_be_mended().order_by().values_list("record__chain", "record__chain__seller", "record__chain__mode")
    )
    for chain, seller, mode, records in chains.annotate(count=Count("pk")):
        yield Found(str(chain), in_mode(mode, Severity.CRITICAL), {"records": records, "mode": mode}, seller)


def ending_certificates(now: datetime) -> Iterator[Found]:
    """Each level is told once. A seller is named by its row: its NIF may be a person's."""
    for ending in expiring_certificates(now):
        seller = Seller.objects.filter(tax_id=ending.tax_id, mode=ending.mode).order_by("-created_at").first()
        if seller is None:
            continue
        step, severity = _CERTIFICATES[ending.alert]
        facts = {"day": f"{ending.not_after:%Y-%m-%d}", "mode": ending.mode, "step": step}
        yield Found(str(seller.id), in_mode(ending.mode, severity), facts, seller.id)


def broken_chains(_now: datetime) -> Iterator[Found]:
    """By the last proof of each chain: the nightly one, or a person's."""
    proofs: QuerySet[AuditEntry] = AuditEntry.objects.filter(action="chain.verified", subject_type="chain")
    last = proofs.filter(subject_id=OuterRef("text_id")).order_by("-id").values("after__flaws")[:1]
    chains = Chain.objects.annotate(text_id=Cast("id", TextField())).annotate(flaws=Subquery(last))
    for chain in chains.filter(flaws__gt=0):
        facts = {"flaws": chain.flaws, "mode": chain.mode}
        yield Found(str(chain.id), in_mode(chain.mode, Severity.CRITICAL), facts, chain.seller_id)


RULES: Final = (
    Rule(
        Kind(
            "waiting_records",
            gettext_noop("Records wait for the AEAT"),
            gettext_noop(
                "%(records)s fiscal records (%(mode)s) have no answer of the AEAT, the oldest for %(hours)s hours."
            ),
            gettext_noop(
                "The page «AEAT» says why, and what to do; the self-test finds what is wrong with a certificate."
            ),
        ),
        waiting_records,
    ),
    Rule(
        Kind(
            "rejected_records",
            gettext_noop("The AEAT did not take records as they were"),
            gettext_noop(
                "%(records)s fiscal records (%(mode)s) were rejected, or stored with errors, and nobody has "
                "mended them."
            ),
            gettext_noop("See «AEAT»: each record says what to do about it."),
        ),
        rejected_records,
    ),
    Rule(
        Kind(
            "ending_certificate",
            gettext_noop("A certificate ends"),
            gettext_noop(
                "The certificate of a seller (%(mode)s) is valid until %(day)s. Without it nothing reaches the AEAT."
            ),
            gettext_noop("Have it renewed, and put the new file in the place of the old one; nothing restarts."),
        ),
        ending_certificates,
    ),
    Rule(
        Kind(
            "broken_chain",
            gettext_noop("A chain of fiscal records is not whole"),
            gettext_noop("The last proof of a chain (%(mode)s) found %(flaws)s flaws."),
            gettext_noop("Its page says where. Change nothing, keep a copy of the database, and read «Operations»."),
        ),
        broken_chains,
    ),
)
