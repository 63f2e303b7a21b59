"""A few figures for Prometheus, read from rows by index: the front door knows every room, so they meet here."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from billing.models import Document, DocumentState, Invoice, InvoiceStatus, Seller
from config import machine_metrics
from config.exposition import exposition, labelled
from core.modes import Mode
from integrations import deployment
from integrations.middleware import client_address
from integrations.models import WorkerHeartbeat
from verifactu import overview
from verifactu.aeat.certificates import stored_certificate
from verifactu.aeat.errors import Misconfigured
from verifactu.models import Sender

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_COUNTED = (
    "billing_invoice",
    "integrations_event",
    "integrations_webhookdelivery",
    "integrations_callminute",
    "audit_auditentry",
)
EXPLAINED = {
    "documents_pending": "Documents that are to be made.",
    "documents_pending_oldest_seconds": "For how long the oldest of them has waited.",
    "invoices_waiting": "Drafts that wait for a person, by status.",
    "worker_silent_seconds": "Since when a background step has given no sign of life.",
    "deployment_fenced": "1 while nothing is issued or sent, since the database is not the one of this machine.",
    "aeat_records_waiting": "Fiscal records without an answer of the AEAT.",
    "aeat_oldest_waiting_seconds": "For how long the oldest of them has waited.",
    "aeat_senders_stopped": "Chains whose sending has stopped, and wants a person.",
    "aeat_records_to_be_mended": "Records that were rejected or stored with errors, and that nobody has mended.",
    "aeat_certificate_days_left": "Days until a seller's certificate ends; below nought afterwards.",
    "table_rows": "Rows of large tables, as PostgreSQL estimates them.",
    **machine_metrics.EXPLAINED,
}


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for the addresses of METRICS_ADDRESSES alone: they tell how much business is done here."""
    if not _is_allowed(request):
        return HttpResponse("Not from this address: see METRICS_ADDRESSES.\n", status=403, content_type="text/plain")
    text = exposition(figures(timezone.now()), EXPLAINED)
    return HttpResponse(text, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def figures(now: datetime) -> Iterator[tuple[str, float]]:
    """Names, with labels, and values at ``now``. What would need a count over a whole table is estimated."""
    pending = Document.objects.filter(state=DocumentState.PENDING).aggregate(
        count=Count("pk"), oldest=Min("created_at")
    )
    yield "documents_pending", pending["count"]
    yield "documents_pending_oldest_seconds", (now - (pending["oldest"] or now)).total_seconds()
    for status in (InvoiceStatus.IN_REVIEW, InvoiceStatus.APPROVED):
        yield labelled("invoices_waiting", status=status), Invoice.objects.filter(status=status).count()
    for beat in WorkerHeartbeat.objects.all():
        yield labelled("worker_silent_seconds", step=beat.name), (now - beat.at).total_seconds()
    yield "deployment_fenced", int(deployment.standing().is_fenced)
    yield from _aeat(now)
    yield from _certificates(now)
    yield from machine_metrics.machine_figures(now)
    yield from _estimated_rows()


def _aeat(now: datetime) -> Iterator[tuple[str, float]]:
    """What waits for the AEAT, by mode: nobody is woken for a test."""
    waiting = overview.waiting()
    stopped = dict(
        Sender.objects.exclude(stop_reason="").values_list("chain__mode").annotate(count=Count("pk")).order_by()
    )
    mended = dict(overview.to_be_mended().order_by().values_list("record__chain__mode").annotate(count=Count("pk")))
    for mode in Mode:
        own = [chain for chain in waiting if chain.sender.chain.mode == mode]
        label = f'{{mode="{mode}"}}'
        yield f"aeat_records_waiting{label}", sum(chain.records for chain in own)
        yield (
            f"aeat_oldest_waiting_seconds{label}",
            max([(now - chain.oldest).total_seconds() for chain in own], default=0),
        )
        yield f"aeat_senders_stopped{label}", stopped.get(mode, 0)
        yield f"aeat_records_to_be_mended{label}", mended.get(mode, 0)


def _certificates(now: datetime) -> Iterator[tuple[str, float]]:
    """Days until each seller's certificate ends, below nought afterwards; nothing of one that cannot be opened. A
    seller is told by the id of its row: its NIF may be a person's."""
    for seller, mode, tax_id in Seller.objects.values_list("id", "mode", "tax_id").order_by("id"):
        try:
            left = stored_certificate(tax_id=tax_id, mode=Mode(mode)).not_after - now
        except Misconfigured:
            continue
        yield f'aeat_certificate_days_left{{seller="{seller}",mode="{mode}"}}', round(left / timedelta(days=1), 2)


def _estimated_rows() -> Iterator[tuple[str, float]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, greatest(reltuples, 0) FROM pg_class WHERE relname = ANY (%s) ORDER BY relname",
            [list(_COUNTED)],
        )
        for table, rows in cursor.fetchall():
            yield f'table_rows{{table="{table}"}}', rows


def _is_allowed(request: HttpRequest) -> bool:
    """A forwarded call counts as its origin's where the proxies are known (TRUSTED_PROXIES), else as nobody's: behind
    an unknown proxy on this host everybody would look local."""
    if not settings.TRUSTED_PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
        return False
    try:
        peer = ipaddress.ip_address(client_address(request))
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(allowed) for allowed in settings.METRICS_ADDRESSES)
