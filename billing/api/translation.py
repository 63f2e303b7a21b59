"""From the request's words to the services' values, and from a stored draft back to the request that would make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from billing import taxes
from billing.drafts import InvoiceDraft, LineDraft, SourceEventKey, ThirdParty
from billing.models import Invoice, InvoiceLine, Seller
from billing.representation import Parts, trim
from billing.services.correcting import CorrectionData
from billing.services.replacing import ReplacementData
from clients.api.requests import client_data
from clients.services import ClientData

_FIELDS = {field.name for field in fields(InvoiceDraft)}


def draft_of(said: Mapping[str, Any]) -> InvoiceDraft:
    """The content of a draft. A client that is described instead of named is ``described_client``'s business."""
    return InvoiceDraft(**{"lines": (), **content_of(said)})


def content_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a draft that were named."""
    content = {name: value for name, value in said_in(said).items() if name in _FIELDS}
    if "lines" in content:
        content["lines"] = tuple(LineDraft(**said_in(line)) for line in content["lines"])
    if "third_party" in content:
        content["third_party"] = ThirdParty(**said_in(content["third_party"]))
    if isinstance(content.get("client"), Mapping):
        del content["client"]
    return content


def correction_in(said: Mapping[str, Any]) -> CorrectionData:
    """The correction that is wished for."""
    return CorrectionData(
        method=said["method"],
        reason=said["reason"],
        also_corrects=tuple(said.get("also_corrects", ())),
        event_date=said.get("event_date"),
        given=content_of(said),
    )


def replacement_in(said: Mapping[str, Any]) -> ReplacementData:
    """The replacement that is wished for."""
    return ReplacementData(also_replaces=tuple(said.get("also_replaces", ())), given=content_of(said))


def described_client(said: Mapping[str, Any]) -> ClientData | None:
    """The buyer, where the caller described one."""
    client = said.get("client")
    return client_data(client) if isinstance(client, Mapping) else None


def source_of(said: Mapping[str, Any], request: Mapping[str, Any], **about: str) -> SourceEventKey | None:
    """The business event, with the whole request as it was sent, but for ``issue`` and ``seller``: asking to issue
    later what was drafted first is no divergence, nor is naming the seller that the token has anyway. ``about`` is what
    the path says."""
    event = said.get("source_event")
    content = {name: value for name, value in request.items() if name not in {"issue", "seller"}} | about
    return SourceEventKey(**event, content=content) if event else None


def request_of(parts: Parts) -> dict[str, Any]:
    """The request that would make this draft. What was derived is left out, so that it is derived again."""
    invoice, seller = parts.invoice, parts.invoice.seller
    shape = {
        "client": str(invoice.client_id) if invoice.client_id else None,
        "series": None if invoice.series.is_default else parts.series_code,
        "fiscal_type": _said_type(parts),
        "operation_date": invoice.operation_date and invoice.operation_date.isoformat(),
        "due_date": invoice.due_date and invoice.due_date.isoformat(),
        "exchange_rate": trim(invoice.exchange_rate) if invoice.currency != "EUR" else None,
        "withholding_percent": trim(invoice.withholding_percent),
        "payment_terms": invoice.payment_terms if invoice.payment_terms != seller.payment_terms else None,
        "language": invoice.language if invoice.language != _derived_language(invoice, seller) else None,
        "lines": [_line_request(line, invoice) for line in parts.lines],
        "issuing_party": invoice.issuing_party or None,
        "third_party": _third_party(invoice),
        **{name: True for name in _MARKS if getattr(invoice, name)},
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


_MARKS = ["simplified_art_7273", "no_recipient_art_61d", "coupon"]


def _third_party(invoice: Invoice) -> dict[str, str] | None:
    copy = invoice.third_party
    return {name: copy[name] for name in ("name", "tax_id", "country") if name in copy} if copy else None


def _said_type(parts: Parts) -> str | None:
    """Left out where it is derived: from the buyer, or from what is corrected or replaced."""
    invoice = parts.invoice
    return None if parts.preceding or invoice.fiscal_type == _derived_type(invoice) else invoice.fiscal_type


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
