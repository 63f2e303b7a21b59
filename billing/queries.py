"""Reading: what is needed to show invoices, in few and bounded queries."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing import errors
from billing.families import Family, standings_of
from billing.models import Annulment, Document, Invoice, InvoiceStatus, Payment, PrecedingInvoice, Seller, Series
from billing.models.invoice import EDITABLE
from billing.numbering import peek_next_number
from billing.representation import Parts
from core.money import ZERO
from verifactu.models import FiscalRecord, RecordAnswer, RecordKind, Sender
from verifactu.overview import PENDING, status_of, with_status

_PAID = Subquery(
    Payment.objects.filter(invoice=OuterRef("pk"))
    .order_by()
    .values("invoice")
    .annotate(sum=Sum("amount"))
    .values("sum")
)


_SHOWN_OF_OTHERS = (
    "display_number",
    "issue_date",
    "fiscal_type",
    "correction_method",
    "gross_total",
    "buyer_name",
)
_NAMED = [f"original__{name}" for name in _SHOWN_OF_OTHERS]
_NAMING = [f"invoice__{name}" for name in _SHOWN_OF_OTHERS]


def preceding_links() -> QuerySet[PrecedingInvoice]:
    """What corrects or replaces what, with what is shown of the ones that came before."""
    links = PrecedingInvoice.objects.select_related("original").order_by("position")
    return links.only("seller", "invoice", "position", *_NAMED)


def following_links() -> QuerySet[PrecedingInvoice]:
    """The same seen from before: only what was issued, and not voided."""
    in_force = PrecedingInvoice.objects.filter(invoice__status=InvoiceStatus.ISSUED, invoice__annulment=None)
    return in_force.select_related("invoice").order_by("invoice__issued_at", "id").only("seller", "original", *_NAMING)


def replacement_in_force(tickets: Iterable[uuid.UUID]) -> PrecedingInvoice | None:
    """A replacement (F3) of one of these simplified invoices that was neither voided nor withdrawn by another F3."""
    withdrawn = PrecedingInvoice.objects.filter(
        original=OuterRef("invoice"), invoice__status=InvoiceStatus.ISSUED, invoice__annulment=None
    )
    links = PrecedingInvoice.objects.filter(
        ~Exists(withdrawn),
        original__in=list(tickets),
        invoice__status=InvoiceStatus.ISSUED,
        invoice__annulment=None,
        invoice__correction_method="",
    )
    return links.select_related("original", "invoice").first()


def drafts_about(invoice_id: uuid.UUID) -> QuerySet[Invoice]:
    """Drafts that would correct or replace this invoice."""
    return Invoice.objects.filter(preceding__original=invoice_id, status__in=EDITABLE).order_by("id")


def records_of(invoice_id: uuid.UUID) -> QuerySet[FiscalRecord]:
    """An invoice's fiscal records in the order in which they were made, each with what became of it."""
    return _records().filter(invoice=invoice_id)


def at_the_aeat(invoices: QuerySet[Invoice], status: str) -> QuerySet[Invoice]:
    """Those of which a record waits for the AEAT's answer (``pending``), or was answered like that; but for the many
    that were simply accepted, each through an index of few rows."""
    if status == PENDING:
        return invoices.filter(pk__in=_waiting().order_by().values("invoice"))
    answered = RecordAnswer.objects.filter(outcome=status).order_by()
    return invoices.filter(pk__in=answered.values("record__invoice"))


def _waiting() -> QuerySet[FiscalRecord]:
    """Records without an answer, beyond where their chains were sent to: a handful of chains, looked up first, so that
    each is read from there on."""
    behind = Sender.objects.filter(chain__last_sequence__gt=F("sent_through")).values_list("chain", "sent_through")
    ahead = [Q(chain=chain, sequence__gt=sent_through) for chain, sent_through in behind]
    if not ahead:
        return FiscalRecord.objects.none()
    return FiscalRecord.objects.filter(reduce(or_, ahead), answer__isnull=True)


def voided(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Those that were issued and should never have been."""
    return invoices.filter(Exists(Annulment.objects.filter(invoice=OuterRef("pk"))))


def not_voided(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return invoices.filter(~Exists(Annulment.objects.filter(invoice=OuterRef("pk"))))


def _records() -> QuerySet[FiscalRecord]:
    """Fiscal records in the order in which they were made, with what became of them, and without their XML."""
    return with_status(FiscalRecord.objects.defer("xml")).order_by("generated_at", "sequence")


def with_parts(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Invoices with all that their representation shows, in a number of queries that does not grow with the rows."""
    return (
        invoices.select_related("series", "source_event", "document", "annulment")
        .defer("document__content", "source_event__content", "seller_copy")
        .prefetch_related(
            "lines",
            "tax_subtotals",
            "approvals",
            Prefetch("preceding", preceding_links()),
            Prefetch("following", following_links()),
            Prefetch("fiscal_records", _records()),
        )
        .annotate(paid_sum=Coalesce(_PAID, ZERO))
    )


def with_paid(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Invoices with what was paid of each (``paid_sum``) and their annulments, for lists: a look into an index for each
    row shown."""
    return invoices.select_related("annulment").annotate(paid_sum=Coalesce(_PAID, ZERO))


def with_followed(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Invoices with whether another one has corrected (``is_corrected``) or replaced them (``is_replaced``)."""
    followers = PrecedingInvoice.objects.filter(
        original=OuterRef("pk"), invoice__status=InvoiceStatus.ISSUED, invoice__annulment=None
    )
    return invoices.annotate(
        is_corrected=Exists(followers.exclude(invoice__correction_method="")),
        is_replaced=Exists(followers.filter(invoice__correction_method="")),
    )


def parts_of(invoice: Invoice) -> Parts:
    """An invoice with its parts, read again unless ``with_parts`` brought them."""
    return parts_of_all([invoice])[0]


def parts_of_all(invoices: Iterable[Invoice]) -> list[Parts]:
    """The same of many; how they are settled with others is one query more, where any of them is."""
    every = [_own_parts(invoice) for invoice in invoices]
    standings = standings_of([parts.invoice.id for parts in every if parts.may_be_settled_with_others])
    return [replace(parts, standing=standings.get(parts.invoice.id)) for parts in every]


def with_standing(parts: Parts) -> Parts:
    """The same, with how it is settled now that it was written."""
    return replace(parts, standing=standings_of([parts.invoice.id])[parts.invoice.id])


def _own_parts(invoice: Invoice) -> Parts:
    loaded: Invoice = invoice if hasattr(invoice, "paid_sum") else with_parts(Invoice.objects.all()).get(id=invoice.id)
    records, approvals = list(loaded.fiscal_records.all()), list(loaded.approvals.all())
    registrations = [record for record in records if record.kind == RecordKind.REGISTRATION]
    return Parts(
        invoice=loaded,
        series_code=loaded.series.code,
        lines=list(loaded.lines.all()),
        subtotals=list(loaded.tax_subtotals.all()),
        record=registrations[-1] if registrations else None,
        record_status=status_of(records[-1]) if records else PENDING,
        document=getattr(loaded, "document", None),
        source_event=getattr(loaded, "source_event", None),
        approval=approvals[0] if approvals else None,
        paid_amount=loaded.paid_sum,  # type: ignore[attr-defined]  # annotated by with_parts
        preceding=list(loaded.preceding.all()),
        following=list(loaded.following.all()),
        annulment=getattr(loaded, "annulment", None),
    )


def outstanding_of(family: Family) -> Decimal:
    """What is still to be paid of all that is in effect, less what was paid of any of them."""
    paid = Payment.objects.filter(invoice__in=[member.id for member in family.members])
    balance = family.balance
    return balance.total.gross - balance.withholding - (paid.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def get_invoice(invoice_id: uuid.UUID) -> Invoice:
    """One invoice with its parts. Raises NotFound."""
    invoice = with_parts(Invoice.objects.filter(id=invoice_id)).first()
    if invoice is None:
        raise errors.invoice_not_found()
    return invoice


def visible_invoice(invoice_id: uuid.UUID, *, seller_ids: Iterable[uuid.UUID]) -> Invoice:
    """One invoice with its parts, if it is one of these sellers'. Raises NotFound for anybody else's too."""
    invoice = with_parts(Invoice.objects.filter(id=invoice_id, seller__in=list(seller_ids))).first()
    if invoice is None:
        raise errors.invoice_not_found()
    return invoice


def seller_of_invoice(invoice_id: uuid.UUID, *, seller_ids: Iterable[uuid.UUID]) -> uuid.UUID:
    """Whose invoice it is, if it is one of these sellers'. Raises NotFound."""
    seller_id = (
        Invoice.objects.filter(id=invoice_id, seller__in=list(seller_ids)).values_list("seller", flat=True).first()
    )
    if seller_id is None:
        raise errors.invoice_not_found()
    return seller_id


def visible_invoices(seller_ids: Iterable[uuid.UUID]) -> QuerySet[Invoice]:
    """The invoices of these sellers, without their parts."""
    return Invoice.objects.filter(seller__in=list(seller_ids))


def document_of(invoice_id: uuid.UUID, *, seller_ids: Iterable[uuid.UUID]) -> Document | None:
    """The PDF's row, with its bytes. Raises NotFound when the invoice is not theirs; None while it is a draft."""
    seller_of_invoice(invoice_id, seller_ids=seller_ids)
    return Document.objects.filter(invoice=invoice_id).first()


def payments_of(invoice_id: uuid.UUID, *, seller_ids: Iterable[uuid.UUID]) -> QuerySet[Payment]:
    """The payments of one of these sellers' invoices. Raises NotFound."""
    seller_of_invoice(invoice_id, seller_ids=seller_ids)
    return Payment.objects.filter(invoice=invoice_id)


def next_number_of(invoice: Invoice, *, on: date) -> str:
    """The number that a draft would get now, were it issued ``on`` that date; nobody is promised it."""
    return peek_next_number(invoice.series, issue_date=on)


def visible_series(seller_ids: Iterable[uuid.UUID]) -> QuerySet[Series]:
    return Series.objects.filter(seller__in=list(seller_ids))


def visible_sellers(seller_ids: Iterable[uuid.UUID]) -> QuerySet[Seller]:
    return Seller.objects.filter(id__in=list(seller_ids))
