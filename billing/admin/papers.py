"""Paper and files: the draft's preview, the issued document, the fiscal record's XML."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.admin import actor_of_user, perform, sentences
from billing.admin.pages import go_to, needs, page, parts_or_404, url_of
from billing.documents import document_view, render_pdf
from billing.models import InvoiceStatus
from billing.services.handing_out import hand_out_document, hand_out_record
from core.errors import NotFound, Refusal


@require_GET
@needs("view_invoice")
def paper(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """The document in a frame of the page."""
    parts = parts_or_404(invoice_id)
    issued = parts.invoice.status == InvoiceStatus.ISSUED
    source = url_of("pdf" if issued else "preview_pdf", invoice_id)
    return page(
        request,
        "billing/paper.html",
        title=_("Document"),
        invoice=parts.invoice,
        parts=parts,
        source=source,
        issued=issued,
    )


@require_GET
@needs("view_invoice")
def preview_pdf(_request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """What the draft would look like, marked BORRADOR. Rendered now, kept nowhere."""
    invoice = parts_or_404(invoice_id).invoice
    if not invoice.is_editable:
        raise Http404
    return _file(render_pdf(document_view(invoice)), "application/pdf", "borrador.pdf", download=False)


@require_GET
@needs("view_invoice")
def pdf(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """The stored document, shown or (``?download``) taken away; either is written down."""
    by = actor_of_user(request)
    try:
        document = perform(lambda: hand_out_document(invoice_id=invoice_id, by=by))
    except NotFound as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        messages.warning(request, " ".join(sentences(refusal)))
        return go_to(invoice_id)
    name = f"{_file_name(document.invoice.display_number)}.pdf"
    return _file(bytes(document.content or b""), "application/pdf", name, download="download" in request.GET)


@require_GET
@needs("view_invoice")
def record_xml(request: HttpRequest, invoice_id: uuid.UUID, record_id: uuid.UUID) -> HttpResponse:
    """A fiscal record as it was hashed, byte for byte."""
    by = actor_of_user(request)
    try:
        record = perform(lambda: hand_out_record(invoice_id=invoice_id, record_id=record_id, by=by))
    except NotFound as refusal:
        raise Http404 from refusal
    name = f"{_file_name(record.number)}-{record.sequence}.xml"
    return _file(bytes(record.xml), "text/xml; charset=utf-8", name, download="download" in request.GET)


def _file(content: bytes, content_type: str, name: str, *, download: bool) -> HttpResponse:
    disposition = f'{"attachment" if download else "inline"}; filename="{name}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _file_name(number: str | None) -> str:
    """A number as a file's name: series may hold slashes."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in number or "")
