"""Drafts: make, change, look at, throw away."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import transaction

from audit import services as audit
from audit.rows import find, write
from billing import errors, queries
from billing.drafts import InvoiceDraft, SourceEventKey
from billing.models import (
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    PrecedingInvoice,
    Seller,
    SourceEvent,
    TaxSubtotal,
)
from billing.parties import PartyCopy
from billing.representation import Parts, represent
from billing.services.buyers import find_buyer, imagine_buyer
from billing.services.composing import Composition, compose, mark
from billing.services.deciding import decide
from billing.services.fitting import look_back
from billing.services.keeping import kept
from clients.services import ClientData
from core.actors import Actor
from core.errors import Conflict, Fault, gettext_noop
from core.text import searchable
from integrations import outbox
from integrations.locks import take_lock
from integrations.pointers import pointer as pointer_of

_COPIED = [
    "operation_date",
    "due_date",
    "currency",
    "prices_include_tax",
    "withholding_percent",
    "equivalence_surcharge",
    "purchase_order",
    "buyer_reference",
    "notes",
    "external_id",
]
_TOTALS = [
    "net_total",
    "tax_total",
    "surcharge_total",
    "gross_total",
    "withholding_total",
    "amount_due",
    "tax_total_eur",
    "gross_total_eur",
]


Condition = Callable[[Parts], None]
"""A caller's own condition, asked with the row locked and after the house's: it raises a refusal, or does nothing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was written. ``is_new`` is False where its source event was known already."""

    parts: Parts
    warnings: tuple[Fault, ...] = ()
    is_new: bool = True


@transaction.atomic(savepoint=False)
def create_draft(
    *,
    seller_id: uuid.UUID,
    draft: InvoiceDraft,
    by: Actor,
    now: datetime,
    client: ClientData | None = None,
    source: SourceEventKey | None = None,
) -> Draft:
    """Write a draft, without a number.

    ``client`` describes the buyer where ``draft.client`` does not name one: found or made. A ``source`` that is known
    with the same content gives the invoice that exists (``is_new`` is False); with other content Conflict
    ``source_event_diverged``. Raises Invalid with every fault.
    """
    seller = _seller(seller_id)
    if source is not None:
        take_lock("source_event", seller.id, source.source, source.type, source.id)
        existing = _known(seller, source)
        if existing is not None:
            return Draft(queries.parts_of(existing), is_new=False)
    buyer = find_buyer(seller, named=draft.client, described=client, by=by, now=now)
    composition = compose(draft, seller=seller, buyer=buyer, today=now.astimezone(seller.zone).date())
    invoice = Invoice(
        seller=seller,
        mode=seller.mode,
        status=InvoiceStatus.DRAFT,
        correlation_id=by.correlation_id,
        created_at=now,
        created_by=str(by),
    )
    _fill(invoice, composition, now=now)
    parts = _content(invoice, composition)
    if source is not None:
        parts = replace(parts, source_event=_remembered(invoice, source))
    shown = represent(parts)
    write(
        invoice,
        *parts.lines,
        *parts.subtotals,
        *parts.preceding,
        *([parts.source_event] if parts.source_event else []),
        audit.entry("invoice.created", by=by, subject=subject_of(invoice), after=_digest(shown)),
        outbox.event(
            "invoice.created",
            seller_id=seller.id,
            mode=seller.mode,
            object_id=str(invoice.id),
            payload=shown,
            by=by,
        ),
    )
    return Draft(parts, composition.warnings)


@dataclass(frozen=True, slots=True)
class Revision:
    """What a draft is to become. ``client`` describes the buyer where ``draft.client`` does not name one."""

    draft: InvoiceDraft
    client: ClientData | None = None


def update_draft(
    *, invoice_id: uuid.UUID, draft: InvoiceDraft, by: Actor, now: datetime, client: ClientData | None = None
) -> Draft:
    """Replace a draft's content. What was approved goes back to review.

    Raises NotFound, Conflict (``invoice_immutable``, ``invoice_discarded``), Invalid with every fault.
    """
    return revise_draft(invoice_id=invoice_id, revise=lambda _present: Revision(draft, client), by=by, now=now)


@transaction.atomic(savepoint=False)
def revise_draft(*, invoice_id: uuid.UUID, revise: Callable[[Parts], Revision], by: Actor, now: datetime) -> Draft:
    """Change a draft from what it is: ``revise`` is given its present content, which nobody else can change meanwhile,
    and may refuse. A correction stays a correction, and a replacement a replacement. Raises what ``update_draft``
    raises.
    """
    invoice = lock_invoice(invoice_id)
    refuse_unless_editable(invoice)
    present = queries.parts_of(invoice)
    revision = revise(present)
    draft, before = kept(revision.draft, present), _digest(represent(present))
    buyer = find_buyer(invoice.seller, named=draft.client, described=revision.client, by=by, now=now)
    composition = compose(draft, seller=invoice.seller, buyer=buyer, today=now.astimezone(invoice.seller.zone).date())
    _fill(invoice, composition, now=now)
    if invoice.status == InvoiceStatus.APPROVED:
        invoice.status = InvoiceStatus.IN_REVIEW
    invoice.save(force_update=True)
    invoice.lines.all().delete()
    invoice.tax_subtotals.all().delete()
    invoice.preceding.all().delete()
    parts = replace(_content(invoice, composition), source_event=present.source_event)
    after = _digest(represent(parts))
    write(
        *parts.lines,
        *parts.subtotals,
        *parts.preceding,
        audit.entry("invoice.changed", by=by, subject=subject_of(invoice), before=before, after=after),
    )
    return Draft(parts, composition.warnings)


def preview(
    *, seller_id: uuid.UUID, draft: InvoiceDraft, now: datetime, client: ClientData | None = None
) -> tuple[Parts, tuple[Fault, ...]]:
    """The invoice as it would be, with every warning; nothing is written and no number is used.

    Raises Invalid with every fault.
    """
    seller = _seller(seller_id)
    buyer = imagine_buyer(seller, named=draft.client, described=client)
    composition = compose(draft, seller=seller, buyer=buyer, today=now.astimezone(seller.zone).date())
    invoice = Invoice(seller=seller, mode=seller.mode, created_at=now)
    _fill(invoice, composition, now=now)
    if buyer.is_imagined:
        invoice.client = None
    return _content(invoice, composition), composition.warnings


def check_draft(
    *, seller_id: uuid.UUID, draft: InvoiceDraft, now: datetime, client: ClientData | None = None
) -> tuple[Fault, ...]:
    """Every fault of the parts of a draft that is not whole yet; what it would add up to is not asked."""
    seller = _seller(seller_id)
    buyer = imagine_buyer(seller, named=draft.client, described=client)
    today = now.astimezone(seller.zone).date()
    return decide(draft, seller=seller, buyer=buyer, today=today, before=look_back(draft)).faults


@transaction.atomic(savepoint=False)
def discard_draft(
    *, invoice_id: uuid.UUID, by: Actor, now: datetime, reason: str = "", provided: Condition | None = None
) -> Parts:
    """Throw a draft away: the row stays as ``discarded``, without number, and keeps its source event.

    ``provided`` may refuse what it sees. Raises NotFound, Conflict (``invoice_immutable``; ``invoice_discarded`` when
    it was thrown away already).
    """
    invoice = lock_invoice(invoice_id)
    refuse_unless_editable(invoice)
    if provided is not None:
        provided(queries.parts_of(invoice))
    before = invoice.status
    invoice.status, invoice.updated_at = InvoiceStatus.DISCARDED, now
    invoice.save(force_update=True, update_fields=["status", "updated_at"])
    audit.record(
        "invoice.discarded",
        by=by,
        subject=subject_of(invoice),
        before={"status": before},
        after={"status": invoice.status},
        reason=reason,
    )
    return queries.parts_of(invoice)


def lock_invoice(invoice_id: uuid.UUID) -> Invoice:
    """The invoice's row, locked until the transaction ends, with its seller, series and client. Raises NotFound."""
    invoice = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("seller", "series", "client")
        .filter(id=invoice_id)
        .first()
    )
    if invoice is None:
        raise errors.invoice_not_found()
    return invoice


def refuse_unless_editable(invoice: Invoice) -> None:
    """Raise the Conflict that says why an invoice cannot be changed any more."""
    if invoice.status == InvoiceStatus.ISSUED:
        raise errors.invoice_immutable(invoice.id, invoice.display_number or "")
    if invoice.status == InvoiceStatus.DISCARDED:
        raise errors.invoice_discarded(invoice.id)


def subject_of(invoice: Invoice) -> audit.Subject:
    """The invoice in the audit log's words."""
    label = invoice.display_number or f"{invoice.status} {invoice.buyer_name}".strip()
    return audit.Subject("invoice", str(invoice.id), label, invoice.seller_id, invoice.mode)


def _seller(seller_id: uuid.UUID) -> Seller:
    seller = find(Seller, id=seller_id)
    if seller is None:
        raise errors.seller_not_found()
    return seller


def _known(seller: Seller, source: SourceEventKey) -> Invoice | None:
    event = SourceEvent.objects.filter(
        seller=seller, source=source.source, type=source.type, event_id=source.id
    ).first()
    if event is None:
        return None
    if event.content != source.content:
        raise Conflict(
            "source_event_diverged",
            gettext_noop("Event %(id)s of %(source)s was invoiced with other content; nothing was changed."),
            params={"id": source.id, "source": source.source},
            extra={
                "invoice": str(event.invoice_id),
                "differences": _differences(event.content, source.content, "#"),
            },
        )
    return queries.get_invoice(event.invoice_id)


def _differences(was: object, now: object, pointer: str) -> list[dict[str, object]]:
    """Where two requests differ, by JSON pointer; None where one of them has nothing."""
    if isinstance(was, dict) and isinstance(now, dict):
        found = [_differences(was.get(key), now.get(key), f"{pointer}{pointer_of(key)[1:]}") for key in {**was, **now}]
        return [difference for part in found for difference in part]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        found = [_differences(*pair, f"{pointer}/{index}") for index, pair in enumerate(zip(was, now, strict=True))]
        return [difference for part in found for difference in part]
    return [] if was == now else [{"pointer": pointer, "was": was, "now": now}]


def _remembered(invoice: Invoice, source: SourceEventKey) -> SourceEvent:
    return SourceEvent(
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        source=source.source,
        type=source.type,
        event_id=source.id,
        invoice=invoice,
        content=source.content,
    )


def _fill(invoice: Invoice, composition: Composition, *, now: datetime) -> None:
    draft, totals, client = composition.draft, composition.totals, composition.client
    for name in _COPIED:
        setattr(invoice, name, getattr(draft, name))
    for name in _TOTALS:
        setattr(invoice, name, getattr(totals, name))
    invoice.fiscal_type = composition.fiscal_type
    invoice.series = composition.series
    invoice.client = client
    invoice.buyer = PartyCopy.of(client, name=client.name).to_json() if client else None
    invoice.buyer_name = client.name if client else ""
    invoice.buyer_search_name = searchable(invoice.buyer_name)[:120]
    invoice.buyer_tax_id = client.tax_id if client else ""
    invoice.exchange_rate = composition.exchange_rate
    invoice.rounding = composition.rounding
    mark(invoice, composition)
    invoice.payment_terms = draft.payment_terms or composition.seller.payment_terms
    invoice.metadata = dict(draft.metadata)
    invoice.language = draft.language or (client.language if client else composition.seller.language)
    invoice.updated_at = now


def _content(invoice: Invoice, composition: Composition) -> Parts:
    totals, asked = composition.totals, composition.draft.lines
    lines = [
        InvoiceLine(
            invoice=invoice,
            position=position,
            description=line.description.strip(),
            product_code=line.product_code,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent,
            tax=taxed.tax,
            tax_category=taxed.tax_category,
            exemption_code=taxed.exemption_code,
            regime_code=taxed.regime_code,
            tax_rate=taxed.tax_rate,
            surcharge_rate=taxed.surcharge_rate,
            line_net=net,
        )
        for position, (line, taxed, net) in enumerate(
            zip(asked, composition.taxed, totals.line_nets, strict=True), start=1
        )
    ]
    subtotals = [
        TaxSubtotal(invoice=invoice, position=position, **asdict(subtotal))
        for position, subtotal in enumerate(totals.subtotals, start=1)
    ]
    preceding = [
        PrecedingInvoice(seller_id=invoice.seller_id, invoice=invoice, original=original, position=position)
        for position, original in enumerate(composition.preceding, start=1)
    ]
    return Parts(
        invoice=invoice,
        series_code=composition.series.code,
        lines=lines,
        subtotals=subtotals,
        preceding=preceding,
    )


def _digest(shown: Mapping[str, object]) -> dict[str, object]:
    """What the audit log keeps of a draft: enough to see what changed, without copying the lines."""
    names = (
        "status",
        "series",
        "fiscal_type",
        "client",
        "operation_date",
        "due_date",
        "currency",
        "gross_total",
        "amount_due",
    )
    lines = shown["lines"]
    assert isinstance(lines, list), "lines are represented as a list"
    of_some = {name: shown[name] for name in ("correction", "replaces") if shown[name]}
    return {**{name: shown[name] for name in names}, **of_some, "lines": len(lines)}
