"""The front page: what waits for somebody, at one look. Each list is short, and read through an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from audit.admin import Tone
from billing import queries
from billing.admin.pages import may
from billing.families import family_of
from billing.models import Document, DocumentState, Invoice, InvoiceStatus
from integrations import clock

SHOWN = 8
COUNTED = 99
PATIENCE = timedelta(minutes=5)
"""A document that waits longer than that is worth a look."""

OVERDUE_DAYS = 90
LOOKED_THROUGH = 3_000
"""Older debts, and those before so many others, are another matter than today's work."""

SOON = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when the law wants the invoice issued."""

    day: date
    tone: Tone


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits, since when, and until when it may."""

    invoice: Invoice
    days: int
    deadline: Deadline | None


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The lists, for who may see invoices."""
    if not may(request, "view_invoice"):
        return context
    now = timezone.now()
    today = timezone.localdate(now)
    lists = {
        "in_review": [_waiting(invoice, now, today) for invoice in _open(InvoiceStatus.IN_REVIEW)],
        "approved": [_waiting(invoice, now, today) for invoice in _open(InvoiceStatus.APPROVED)],
        "missing_documents": _missing_documents(now),
        "recent": _recent(),
        "overdue": _overdue(today),
    }
    return {**context, "front": lists, "may_add": may(request, "add_invoice"), "today": today, "list_url": _list_url()}


def waiting_badge(request: HttpRequest) -> str:
    """How many drafts wait for review; beyond 99 nobody counts."""
    if not may(request, "view_invoice"):
        return ""
    waiting = Invoice.objects.filter(status=InvoiceStatus.IN_REVIEW)[: COUNTED + 1].count()
    return "99+" if waiting > COUNTED else str(waiting or "")


def deadline_of(operation_date: date | None, *, today: date) -> Deadline | None:
    """Invoices to businesses are issued before the 16th of the month after the operation (RD 1619/2012 art. 11)."""
    if operation_date is None:
        return None
    next_month = (operation_date.replace(day=1) + timedelta(days=32)).replace(day=15)
    tone = Tone.BAD if next_month < today else Tone.WARNING if next_month - today <= SOON else Tone.CALM
    return Deadline(next_month, tone)


def _open(status: InvoiceStatus) -> QuerySet[Invoice]:
    """Drafts in a state, the oldest first."""
    return Invoice.objects.filter(status=status).select_related("seller").order_by("id")[:SHOWN]


def _waiting(invoice: Invoice, now: datetime, today: date) -> Waiting:
    return Waiting(invoice, (now - invoice.updated_at).days, deadline_of(invoice.operation_date, today=today))


def _missing_documents(now: datetime) -> QuerySet[Document]:
    late = Q(state=DocumentState.PENDING, created_at__lt=now - PATIENCE)
    missing = Document.objects.exclude(state=DocumentState.RENDERED).filter(late | Q(state=DocumentState.FAILED))
    return missing.select_related("invoice").defer("content").order_by("created_at")[:SHOWN]


def _recent() -> QuerySet[Invoice]:
    issued = Invoice.objects.filter(issue_date__isnull=False)
    return queries.with_paid(issued).order_by("-issue_date", "-id")[:SHOWN]


def _overdue(today: date) -> list[Invoice]:
    """Issued, due, not voided, and not paid in full; what became due last comes first, since it is what one can still
    mend.

    What is paid is a sum of rows: only so many of the invoices that became due last are looked through for it. Of what
    was corrected, what is left of it is owed.
    """
    due = Invoice.objects.filter(_became_due(today), status=InvoiceStatus.ISSUED)
    latest = due.order_by("-due_date", "-id").values("pk")[:LOOKED_THROUGH]
    in_force = queries.with_paid(Invoice.objects.filter(pk__in=latest, annulment=None))
    unpaid = queries.with_followed(in_force.filter(amount_due__gt=F("paid_sum"))).order_by("-due_date", "-id")
    owed = (invoice for invoice in unpaid[: 3 * SHOWN] if _is_owed(invoice))
    return list(islice(owed, SHOWN))


def _became_due(today: date) -> Q:
    """In the last days, for who has this day; for a test seller with a clock, by that."""
    ahead = clock.offsets()
    found = _due_before(today) & ~Q(seller__in=[*ahead])
    for seller_id, offset in ahead.items():
        found |= _due_before(today + offset) & Q(seller=seller_id)
    return found


def _due_before(day: date) -> Q:
    return Q(due_date__gte=day - timedelta(days=OVERDUE_DAYS), due_date__lt=day)


def _is_owed(invoice: Invoice) -> bool:
    """Of what was corrected, whether anything is left of it that nobody paid."""
    if not getattr(invoice, "is_corrected", False):
        return True
    family = family_of([invoice.id])
    return invoice in family.in_effect and queries.outstanding_of(family) > 0


def _list_url() -> str:
    return reverse("admin:billing_invoice_changelist")
