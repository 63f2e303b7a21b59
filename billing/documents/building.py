"""From an invoice to what its paper shows."""

from __future__ import annotations

from billing.documents.view import DocumentView, LineView, ReferenceView, TaxView
from billing.models import Invoice, InvoiceLine, InvoiceStatus, IssuingParty, SeriesKind, TaxSubtotal
from billing.parties import PartyCopy
from billing.taxes import mentions_for
from core.modes import Mode
from verifactu.models import RecordKind


def document_view(invoice: Invoice) -> DocumentView:
    """An issued invoice by its own copies and records; a draft, for a preview, by what the seller and client are now.

    The QR code is the one of its registration: neither seller nor client is asked again.
    """
    seller, buyer = _parties(invoice)
    subtotals = list(invoice.tax_subtotals.all())
    return DocumentView(
        language=invoice.language,
        fiscal_type=invoice.fiscal_type,
        is_test=invoice.mode == Mode.TEST,
        number=invoice.display_number or "",
        issue_date=invoice.issue_date,
        operation_date=invoice.operation_date,
        due_date=invoice.due_date,
        seller=seller,
        buyer=buyer,
        lines=tuple(_line(line) for line in invoice.lines.all()),
        taxes=tuple(_tax(subtotal) for subtotal in subtotals),
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        prices_include_tax=invoice.prices_include_tax,
        net_total=invoice.net_total,
        tax_total=invoice.tax_total,
        surcharge_total=invoice.surcharge_total,
        gross_total=invoice.gross_total,
        withholding_percent=invoice.withholding_percent,
        withholding_total=invoice.withholding_total,
        amount_due=invoice.amount_due,
        tax_total_eur=invoice.tax_total_eur,
        gross_total_eur=invoice.gross_total_eur,
        correction_method=invoice.correction_method,
        preceding=tuple(_reference(link.original) for link in invoice.preceding.all()),
        replaced_net_eur=invoice.replaced_net_eur,
        replaced_tax_eur=invoice.replaced_tax_eur,
        replaced_surcharge_eur=invoice.replaced_surcharge_eur,
        third_party=PartyCopy.from_json(invoice.third_party) if invoice.third_party else None,
        mentions=_mentions(invoice, subtotals, buyer),
        payment_terms=invoice.payment_terms,
        purchase_order=invoice.purchase_order,
        buyer_reference=invoice.buyer_reference,
        notes=invoice.notes,
        qr_url=_qr_url(invoice),
        correlation_id=invoice.correlation_id,
    )


def _parties(invoice: Invoice) -> tuple[PartyCopy, PartyCopy | None]:
    if invoice.status == InvoiceStatus.ISSUED:
        assert invoice.seller_copy is not None, "the database refuses an issued invoice without its seller"
        return PartyCopy.from_json(invoice.seller_copy), PartyCopy.from_json(invoice.buyer) if invoice.buyer else None
    client = invoice.client
    seller = PartyCopy.of(invoice.seller, name=invoice.seller.legal_name)
    return seller, PartyCopy.of(client, name=client.name) if client else None


def _reference(original: Invoice) -> ReferenceView:
    return ReferenceView(number=original.display_number or "", issue_date=original.issue_date)


def _line(line: InvoiceLine) -> LineView:
    return LineView(
        description=line.description,
        product_code=line.product_code,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        tax=line.tax,
        tax_category=line.tax_category,
        tax_rate=line.tax_rate,
        surcharge_rate=line.surcharge_rate,
        line_net=line.line_net,
    )


def _tax(subtotal: TaxSubtotal) -> TaxView:
    return TaxView(
        tax=subtotal.tax,
        tax_category=subtotal.tax_category,
        tax_rate=subtotal.tax_rate,
        taxable_amount=subtotal.taxable_amount,
        tax_amount=subtotal.tax_amount,
        surcharge_rate=subtotal.surcharge_rate,
        surcharge_amount=subtotal.surcharge_amount,
    )


def _mentions(invoice: Invoice, subtotals: list[TaxSubtotal], buyer: PartyCopy | None) -> tuple[str, ...]:
    """The law's sentences; in English with the Spanish ones, which are the ones that it names."""
    labels = mentions_for(
        subtotals,
        buyer_tax_id_kind=buyer.tax_id_kind if buyer else "",
        self_billed=invoice.issuing_party == IssuingParty.RECIPIENT or invoice.series.kind == SeriesKind.SELF_BILLED,
    )
    return tuple(f"{label.en} · {label.es}" if invoice.language == "en" else label.es for label in labels)


def _qr_url(invoice: Invoice) -> str:
    records = (record for record in invoice.fiscal_records.all() if record.kind == RecordKind.REGISTRATION)
    return next((record.qr_url for record in sorted(records, key=lambda record: record.sequence)), "")
