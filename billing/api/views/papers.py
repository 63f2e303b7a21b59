"""What an issued invoice left behind: the document and the fiscal records."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, JsonResponse
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import operations
from billing.models import Document, DocumentState
from billing.representation import represent_record
from billing.services.handing_out import hand_out_document, hand_out_records
from core.errors import Conflict, gettext_noop
from integrations.authentication import actor_of, principal_of
from integrations.etags import is_unchanged
from integrations.parameters import check_parameters
from integrations.scopes import Scope

RETRY_AFTER = {"Retry-After": "2"}


class PdfRenderer(BaseRenderer):
    """Lets a caller say ``Accept: application/pdf``; the view answers with the stored bytes."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"


class PdfView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,)}
    renderer_classes = [PdfRenderer, JSONRenderer]

    @operations.GET_PDF
    def get(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        check_parameters(request)
        document = queries.document_of(invoice_id, seller_ids=principal_of(request).seller_ids)
        if document is None:
            raise Conflict("invoice_not_issued", gettext_noop("Only an issued invoice has a document."))
        if document.state == DocumentState.FAILED:
            raise Conflict("document_failed", gettext_noop("The document could not be rendered; a person must look."))
        if document.state == DocumentState.PENDING:
            return JsonResponse({"state": document.state}, status=202, headers=RETRY_AFTER)
        etag = f'"{document.sha256}"'
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return _stored(hand_out_document(invoice_id=invoice_id, by=actor_of(request)), etag)


def _stored(document: Document, etag: str) -> HttpResponse:
    """The bytes as they were rendered, once."""
    return HttpResponse(
        bytes(document.content or b""),
        content_type=PdfRenderer.media_type,
        headers={"ETag": etag, "Content-Disposition": f'inline; filename="{document.invoice_id}.pdf"'},
    )


class VerifactuView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,)}

    @operations.GET_VERIFACTU
    def get(self, request: Request, invoice_id: uuid.UUID) -> Response:
        check_parameters(request)
        queries.seller_of_invoice(invoice_id, seller_ids=principal_of(request).seller_ids)
        records = hand_out_records(invoice_id=invoice_id, by=actor_of(request))
        qr_url = next((record.qr_url for record in records if record.qr_url), None)
        return Response({"records": [represent_record(record) for record in records], "qr_url": qr_url})
