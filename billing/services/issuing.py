"""Issuing: the one way from a draft to a legal invoice."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from psycopg.errors import UniqueViolation

from audit import services as audit
from audit.models import AuditEntry
from audit.rows import Change, changed, write
from billing import errors, fiscal, queries, taxes
from billing.drafts import InvoiceDraft, SourceEventKey
from billing.models import Approval, Document, FiscalType, Invoice, InvoiceLine, InvoiceStatus
from billing.models.seller import ApprovalPolicy
from billing.numbering import IssueDateGoesBack, fiscal_year_of, format_number, take_next_number
from billing.parties import PartyCopy
from billing.representation import Parts, content_digest, represent
from billing.services.composing import adds_up, inputs_of, lacks_address, named_by, over_limit
from billing.services.drafting import Condition, Draft, create_draft, lock_invoice, subject_of
from billing.services.holding import held_back, hold, used_by
from billing.services.standing import hold_families, refuse_unless_it_stands
from clients.services import ClientData
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from core.modes import Mode
from core.text import searchable
from integrations import outbox
from integrations.ceilings import Ceilings
from integrations.models import Event
from verifactu.services.chaining import register_invoice


@transaction.atomic(savepoint=False)
def issue_invoice(
    *,
    invoice_id: uuid.UUID,
    by: Actor,
    now: datetime,
    on: date | None = None,
    provided: Condition | None = None,
    within: Ceilings | None = None,
) -> Parts:
    """Give a draft its legal number, date and fiscal record, and freeze it. ``on`` is the issue date in the seller's
    zone (today when left out). ``provided`` may refuse what it sees. ``within`` are the ceilings of the asking token:
    beyond one of them the draft goes into review instead, and ``held`` says why.

    One transaction writes the number, the frozen invoice with copies of both parties, the VERI*FACTU record, the
    audit entry, the outgoing event and the document's row: all or none.

    Raises NotFound; Conflict ``already_issued``, ``invoice_discarded``, ``approval_required``, ``approval_stale``,
    ``draft_does_not_add_up``, ``issue_date_before_last``, ``number_taken``; Invalid with every fault (rates not in
    force on the date, …). Of a correction or a replacement also what ``refuse_unless_it_stands`` raises.
    """
    if within is not None:
        within.take_turns()
    invoice = lock_invoice(invoice_id)
    refuse_unless_issuable(invoice)
    parts = queries.parts_of(invoice)
    _refuse_unless_approved(invoice, parts.lines, parts.approval)
    _refuse_unless_it_adds_up(parts)
    if provided is not None:
        provided(parts)
    return _issue_on_the_day(replace(parts, invoice=invoice), by=by, now=now, on=on, within=within)


@transaction.atomic(savepoint=False)
def create_and_issue(
    *,
    seller_id: uuid.UUID,
    draft: InvoiceDraft,
    by: Actor,
    now: datetime,
    client: ClientData | None = None,
    source: SourceEventKey | None = None,
    on: date | None = None,
    within: Ceilings | None = None,
) -> Draft:
    """Create a draft and issue it in the same transaction: both or neither; or hold it ``within`` a token's ceilings.

    A known source event gives the invoice that exists, issued or not, as ``create_draft`` does. Raises what
    ``create_draft`` and ``issue_invoice`` raise.
    """
    if within is not None:
        within.take_turns()
    made = create_draft(seller_id=seller_id, draft=draft, by=by, now=now, client=client, source=source)
    if not made.is_new:
        return made
    _refuse_unless_approved(made.parts.invoice, made.parts.lines, None)
    return replace(made, parts=_issue_on_the_day(made.parts, by=by, now=now, on=on, within=within))


def refuse_unless_issuable(invoice: Invoice) -> None:
    """Raise the Conflict that says why an invoice cannot be issued."""
    if invoice.status == InvoiceStatus.ISSUED:
        raise errors.already_issued(invoice.id, invoice.display_number or "")
    if invoice.status == InvoiceStatus.DISCARDED:
        raise errors.invoice_discarded(invoice.id)


def _refuse_unless_approved(invoice: Invoice, lines: Sequence[InvoiceLine], approval: Approval | None) -> None:
    if invoice.seller.approval_policy == ApprovalPolicy.NONE and invoice.status != InvoiceStatus.APPROVED:
        return
    if invoice.status != InvoiceStatus.APPROVED or approval is None:
        message = gettext_noop("The seller wants a person to approve its invoices: submit this one for review.")
        raise Conflict("approval_required", message, extra={"invoice": str(invoice.id)})
    if approval.content_digest != content_digest(invoice, lines):
        message = gettext_noop("The draft changed after it was approved; it needs another look.")
        raise Conflict("approval_stale", message, extra={"invoice": str(invoice.id)})


def _refuse_unless_it_adds_up(parts: Parts) -> None:
    if not parts.preceding and not adds_up(parts):  # what comes to more than its lines is judged by what came before it
        message = gettext_noop("The draft's figures are not those of its lines: save it again.")
        raise Conflict("draft_does_not_add_up", message, extra={"invoice": str(parts.invoice.id)})


def _issue_on_the_day(parts: Parts, *, by: Actor, now: datetime, on: date | None, within: Ceilings | None) -> Parts:
    """Issue with the date that was asked for, or else with today's.

    Midnight may pass while an invoice waits for its turn in the series: the day is then the one of the invoice before.
    """
    today = now.astimezone(parts.invoice.seller.zone).date()
    try:
        return _issue(parts, by=by, now=now, issue_date=on or today, today=today, within=within)
    except IssueDateGoesBack as refusal:
        if on is not None or refusal.last_date - today > timedelta(days=1):
            raise
        last = refusal.last_date
        return _issue(parts, by=by, now=now, issue_date=last, today=last, within=within)


def _issue(parts: Parts, *, by: Actor, now: datetime, issue_date: date, today: date, within: Ceilings | None) -> Parts:
    """Everything that can be computed comes before the series is locked; what follows lasts milliseconds."""
    invoice, before = parts.invoice, parts.invoice.status
    seller = PartyCopy.of(invoice.seller, name=invoice.seller.legal_name)
    buyer = PartyCopy.of(invoice.client, name=invoice.client.name) if invoice.client else None
    invoice.correlation_id = invoice.correlation_id or by.correlation_id
    if parts.preceding:
        hold_families(invoice.seller_id)
        refuse_unless_it_stands(parts, issue_date=issue_date, today=today)
    _refuse_faults(parts, issue_date=issue_date, today=today)
    preceding = named_by(invoice, [link.original for link in parts.preceding])
    registration = fiscal.registration_of_invoice(
        parts,
        seller=seller,
        buyer=buyer,
        number=format_number(invoice.series, number=1, issue_date=issue_date),
        issue_date=issue_date,
        preceding=preceding,
    )
    places = fiscal.DraftPlaces(inputs_of(parts))
    faults, _warnings = fiscal.preflight(registration, today=today, pointer_to=places.pointer_to)
    if faults:
        raise Invalid(faults)
    if held := held_back(parts, within):
        return hold(parts, held, by=by, now=now)

    number = take_next_number(invoice.series, issue_date=issue_date)
    _number(invoice, number=number, issue_date=issue_date, seller=seller, buyer=buyer, by=by, now=now)
    assert invoice.display_number, "it has just been numbered"
    record = register_invoice(
        replace(registration, number=invoice.display_number),
        invoice_id=invoice.id,
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        zone=invoice.seller.zone,
    )
    document = Document(invoice=invoice, created_at=now, due_at=min(now, timezone.now()))  # workers know no test clocks
    issued = replace(parts, record=record, document=document)
    used = used_by(within, invoice, before=before)
    rows: list[Model | Change] = [changed(invoice, *_WRITTEN), document, *used]
    try:
        if parts.preceding:  # how it is settled with them can be told once it stands among them
            write(*rows)
            rows, issued = [], queries.with_standing(issued)
        write(*rows, *_told(issued, before=before, by=by))
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise errors.number_taken(invoice.display_number) from error
        raise
    if invoice.correction_method:
        _tell_of_the_corrected(issued, by=by)
    return issued


def _tell_of_the_corrected(parts: Parts, *, by: Actor) -> None:
    """An event for each invoice that was corrected, with what it is now."""
    for link in parts.preceding:
        original = queries.get_invoice(link.original_id)
        outbox.publish(
            "invoice.corrected",
            seller_id=original.seller_id,
            mode=original.mode,
            object_id=str(original.id),
            payload=represent(queries.parts_of(original)),
            by=by,
        )


def _number(
    invoice: Invoice,
    *,
    number: int,
    issue_date: date,
    seller: PartyCopy,
    buyer: PartyCopy | None,
    by: Actor,
    now: datetime,
) -> None:
    """Give the invoice its number and copies of both parties."""
    invoice.status = InvoiceStatus.ISSUED
    invoice.number, invoice.fiscal_year = number, fiscal_year_of(invoice.series, issue_date)
    invoice.display_number = format_number(invoice.series, number=number, issue_date=issue_date)
    invoice.issue_date = issue_date
    invoice.issued_at, invoice.issued_by, invoice.updated_at = now, str(by), now
    invoice.seller_copy, invoice.buyer = seller.to_json(), buyer.to_json() if buyer else None
    if buyer:
        invoice.buyer_name, invoice.buyer_search_name = buyer.name, searchable(buyer.name)[:120]
        invoice.buyer_tax_id = buyer.tax_id


def _told(parts: Parts, *, before: str, by: Actor) -> tuple[AuditEntry, Event]:
    """The audit entry and the outgoing event."""
    invoice = parts.invoice
    entry = audit.entry(
        "invoice.issued",
        by=by,
        subject=subject_of(invoice),
        before={"status": before},
        after={
            "status": invoice.status,
            "display_number": invoice.display_number,
            "issue_date": str(invoice.issue_date),
            "gross_total": str(invoice.gross_total),
            "fingerprint": parts.record.fingerprint if parts.record else None,
        },
    )
    event = outbox.event(
        "invoice.issued",
        seller_id=invoice.seller_id,
        mode=invoice.mode,
        object_id=str(invoice.id),
        payload=represent(parts),
        by=by,
    )
    return entry, event


_WRITTEN = [
    "status",
    "number",
    "fiscal_year",
    "display_number",
    "issue_date",
    "issued_at",
    "issued_by",
    "updated_at",
    "seller_copy",
    "buyer",
    "buyer_name",
    "buyer_search_name",
    "buyer_tax_id",
    "correlation_id",
]


def _refuse_faults(parts: Parts, *, issue_date: date, today: date) -> None:
    """What was right when it was drafted may be wrong on the day of issue: dates, what is in force, the series,
    the limit and, in live mode, the buyer's address (in test mode it stays a warning)."""
    invoice, faults = parts.invoice, []
    if issue_date > today:
        message = gettext_noop("An invoice cannot be issued with a date in the future (AEAT 1112).")
        faults.append(Fault("issue_date_in_future", message, "#/issue_date"))
    if not parts.lines:
        faults.append(Fault("lines_out_of_range", gettext_noop("An invoice needs at least one line."), "#/lines"))
    names_its_buyer = FiscalType(invoice.fiscal_type).names_its_buyer
    if names_its_buyer and not (invoice.client and invoice.client.tax_id):
        faults.append(errors.buyer_tax_id_missing())
    if invoice.mode == Mode.LIVE and lacks_address(invoice.client, invoice.fiscal_type):
        faults.append(errors.buyer_address_missing())
    if not invoice.series.is_active:
        faults.append(errors.series_inactive(invoice.series.code))
    if not invoice.no_recipient_art_61d and over_limit(invoice.seller, invoice.fiscal_type, invoice.gross_total_eur):
        faults.append(errors.simplified_over_limit(invoice.seller.simplified_limit))
    on = invoice.operation_date or issue_date
    faults += taxes.check_withholding(invoice.withholding_percent, territory=invoice.seller.territory, on=on)
    for index, line in enumerate(parts.lines):
        found = taxes.check_line_tax(
            tax=line.tax,
            tax_category=line.tax_category,
            exemption_code=line.exemption_code,
            regime_code=line.regime_code,
            tax_rate=line.tax_rate,
            surcharge_rate=line.surcharge_rate,
            on=on,
        )
        faults += [fault.under(f"lines/{index}") for fault in found]
    if faults:
        raise Invalid(faults)
