"""From the request's words to the services' values, and from a stored draft back to the request that would make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing import taxes
from billing.drafts import InvoiceDraft, LineDraft, SourceEventKey
from billing.models import Invoice, InvoiceLine, Seller
from billing.representation import Parts, trim
from clients.api.requests import client_data
from clients.services import ClientData

_NOT_CONTENT = {"client", "lines", "seller", "source_event", "issue"}


def draft_of(said: Mapping[str, Any]) -> InvoiceDraft:
    """The content of a draft. A client that is described instead of named is ``described_client``'s business."""
    client = said.get("client")
    return InvoiceDraft(
        lines=tuple(LineDraft(**said_in(line)) for line in said.get("lines", ())),
        client=None if isinstance(client, Mapping) else client,
        **{name: value for name, value in said_in(said).items() if name not in _NOT_CONTENT},
    )


def described_client(said: Mapping[str, Any]) -> ClientData | None:
    """The buyer, where the caller described one."""
    client = said.get("client")
    return client_data(client) if isinstance(client, Mapping) else None


def source_of(said: Mapping[str, Any], request: Mapping[str, Any]) -> SourceEventKey | None:
    """The business event, with the whole request as it was sent, but for ``issue`` and ``seller``: asking to issue
    later what was drafted first is no divergence, nor is naming the seller that the token has anyway."""
    event = said.get("source_event")
    content = {name: value for name, value in request.items() if name not in {"issue", "seller"}}
    return SourceEventKey(**event, content=content) if event else None


def request_of(parts: Parts) -> dict[str, Any]:
    """The request that would make this draft. What was derived is left out, so that it is derived again."""
    invoice, seller = parts.invoice, parts.invoice.seller
    shape = {
        "client": str(invoice.client_id) if invoice.client_id else None,
        "series": None if invoice.series.is_default else parts.series_code,
        "fiscal_type": invoice.fiscal_type if invoice.fiscal_type != _derived_type(invoice) else None,
        "operation_date": invoice.operation_date and invoice.operation_date.isoformat(),
        "due_date": invoice.due_date and invoice.due_date.isoformat(),
        "exchange_rate": trim(invoice.exchange_rate) if invoice.currency != "EUR" else None,
        "withholding_percent": trim(invoice.withholding_percent),
        "payment_terms": invoice.payment_terms if invoice.payment_terms != seller.payment_terms else None,
        "language": invoice.language if invoice.language != _derived_language(invoice, seller) else None,
        "lines": [_line_request(line, invoice) for line in parts.lines],
        **{name: getattr(invoice, name) for name in _AS_STORED},
    }
    return {name: value for name, value in shape.items() if value is not None}


_AS_STORED = [
    "currency",
    "prices_include_tax",
    "equivalence_surcharge",
    "purchase_order",
    "buyer_reference",
    "notes",
    "metadata",
    "external_id",
]


def said_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was left out; null and the empty text are the same as that."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _derived_type(invoice: Invoice) -> str:
    return "F1" if invoice.client and invoice.client.tax_id else "F2"


def _derived_language(invoice: Invoice, seller: Seller) -> str:
    return invoice.client.language if invoice.client else seller.language


def _line_request(line: InvoiceLine, invoice: Invoice) -> dict[str, str]:
    ordinary = taxes.surcharge_for(
        line.tax, line.tax_rate, invoice.operation_date or invoice.created_at.astimezone(invoice.seller.zone).date()
    )
    derived = (ordinary or 0) if invoice.equivalence_surcharge and line.tax_category == "S1" else 0
    shape = {
        "description": line.description,
        "quantity": trim(line.quantity),
        "unit_price": trim(line.unit_price),
        "discount_percent": trim(line.discount_percent),
        "tax": line.tax,
        "tax_category": line.tax_category,
        "exemption_code": line.exemption_code,
        "regime_code": line.regime_code,
        "tax_rate": trim(line.tax_rate),
        "surcharge_rate": trim(line.surcharge_rate) if line.surcharge_rate != derived else "",
        "product_code": line.product_code,
    }
    return {name: value for name, value in shape.items() if value}
