"""Invoices: list, make, look, change, throw away."""

from __future__ import annotations

import uuid
from functools import partial

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import operations, translation
from billing.api.acting import act, present_of
from billing.api.answers import (
    expansion_faults,
    if_match,
    invoice_answer,
    made_answer,
    preview_answer,
    shown_for,
    shown_to,
    why_it_waits,
)
from billing.api.filters import filters_for
from billing.api.listings import INVOICES
from billing.api.reading import read_invoice
from billing.api.requests import InvoiceContentRequest, InvoiceRequest, PreviewRequest
from billing.representation import Parts
from billing.services.drafting import Revision, create_draft, discard_draft, preview, revise_draft
from billing.services.holding import foreseen
from billing.services.issuing import create_and_issue
from integrations.authentication import actor_of, ceilings_of, principal_of
from integrations.clock import now_of
from integrations.etags import etag_of, is_unchanged
from integrations.filtering import conditions
from integrations.idempotency import run_idempotently
from integrations.merging import merged
from integrations.parameters import check_parameters, refuse
from integrations.parsers import MergePatchParser, StrictJSONParser
from integrations.permissions import require_scopes
from integrations.reading import body_of, seller_of
from integrations.refusals import written_down
from integrations.scopes import Scope


class InvoicesView(APIView):
    replaced_in_v2 = ("GET", "POST")
    required_scopes = {"GET": (Scope.INVOICES_READ,), "POST": (Scope.INVOICES_WRITE,)}

    @operations.LIST_INVOICES
    def get(self, request: Request) -> Response:
        seller_ids = principal_of(request).seller_ids
        asked, faults = conditions(request, filters_for(seller_ids))
        invoices = queries.with_parts(queries.visible_invoices(seller_ids).filter(asked)).select_related("client")
        page = INVOICES.page(invoices, request, [*faults, *expansion_faults(request)])
        return page.response([shown_for(request, parts) for parts in queries.parts_of_all(page.rows)])

    @operations.CREATE_INVOICE
    def post(self, request: Request) -> HttpResponse:
        check_parameters(request)
        if body_of(request).get("issue") is True:
            require_scopes(request, Scope.INVOICES_WRITE, Scope.INVOICES_ISSUE)
        seller_id, mode = seller_of(request, InvoiceRequest), principal_of(request).mode
        work = partial(_create, request, seller_id)
        action = "invoice.issued" if body_of(request).get("issue") is True else "invoice.created"
        with written_down(request, action, seller_id=seller_id, subject="invoice"):
            return run_idempotently(request, seller_id=seller_id, mode=mode, required=True, work=work)


def _create(request: Request, seller_id: uuid.UUID) -> Response:
    said = read_invoice(InvoiceRequest, body_of(request), seller_id=seller_id)
    verb = partial(create_and_issue, within=ceilings_of(request)) if said.get("issue") else create_draft
    made = verb(
        seller_id=seller_id,
        draft=translation.draft_of(said),
        client=translation.described_client(said),
        source=translation.source_of(said, body_of(request)),
        by=actor_of(request),
        now=now_of(seller_id, principal_of(request).mode),
    )
    return made_answer(request, made)


class InvoicePreviewView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"POST": (Scope.INVOICES_READ,)}

    @operations.PREVIEW_INVOICE
    def post(self, request: Request) -> Response:
        check_parameters(request)
        seller_id = seller_of(request, PreviewRequest)
        said = read_invoice(PreviewRequest, body_of(request), seller_id=seller_id)
        now = now_of(seller_id, principal_of(request).mode)
        parts, warnings = preview(
            seller_id=seller_id,
            draft=translation.draft_of(said),
            client=translation.described_client(said),
            now=now,
        )
        return preview_answer(request, parts, [*warnings, *foreseen(parts, ceilings_of(request))])


class InvoiceView(APIView):
    parser_classes = [StrictJSONParser, MergePatchParser]
    replaced_in_v2 = ("GET", "PATCH", "DELETE")
    required_scopes = {
        "GET": (Scope.INVOICES_READ,),
        "PATCH": (Scope.INVOICES_WRITE,),
        "DELETE": (Scope.INVOICES_WRITE,),
    }

    @operations.GET_INVOICE
    def get(self, request: Request, invoice_id: uuid.UUID) -> Response:
        check_parameters(request, "expand")
        refuse(expansion_faults(request))
        invoice = queries.visible_invoice(invoice_id, seller_ids=principal_of(request).seller_ids)
        parts = queries.parts_of(invoice)
        if "expand" in request.query_params:  # the tag is the plain form's, which does not change with the client
            return Response(shown_for(request, parts) | why_it_waits(parts))
        etag = etag_of(shown_to(request, parts))
        if is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return Response(shown_for(request, parts) | why_it_waits(parts), headers={"ETag": etag})

    @operations.CHANGE_INVOICE
    def patch(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        return act(request, "invoice.changed", invoice_id, lambda: self._patch(request, invoice_id), key_required=False)

    def _patch(self, request: Request, invoice_id: uuid.UUID) -> Response:
        changed = revise_draft(
            invoice_id=invoice_id,
            revise=partial(_revision, request),
            by=actor_of(request),
            now=present_of(request, invoice_id),
        )
        return invoice_answer(request, changed.parts, warnings=changed.warnings)

    @operations.DISCARD_INVOICE
    def delete(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        return act(
            request, "invoice.discarded", invoice_id, lambda: self._delete(request, invoice_id), key_required=False
        )

    def _delete(self, request: Request, invoice_id: uuid.UUID) -> Response:
        discarded = discard_draft(
            invoice_id=invoice_id, by=actor_of(request), now=present_of(request, invoice_id), provided=if_match(request)
        )
        return invoice_answer(request, discarded)


def _revision(request: Request, present: Parts) -> Revision:
    """The draft as it would be with the caller's changes, judged as a whole."""
    if condition := if_match(request):
        condition(present)
    wanted = merged(translation.request_of(present), body_of(request))
    said = read_invoice(InvoiceContentRequest, wanted, seller_id=present.invoice.seller_id)
    return Revision(translation.draft_of(said), translation.described_client(said))
