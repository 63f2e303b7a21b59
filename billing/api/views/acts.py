"""What can be done with an invoice that exists: submit, issue, void."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import operations
from billing.api.acting import act, present_of
from billing.api.answers import if_match, invoice_answer, issued_answer
from billing.api.requests import VoidRequest
from billing.services.issuing import issue_invoice
from billing.services.reviewing import submit_invoice
from billing.services.voiding import void_invoice
from integrations.authentication import actor_of, ceilings_of
from integrations.fields import EmptyRequest
from integrations.reading import body_of, read
from integrations.scopes import Scope


class SubmitView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"POST": (Scope.INVOICES_WRITE,)}

    @operations.SUBMIT_INVOICE
    def post(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        return act(request, "invoice.submitted", invoice_id, lambda: self._submit(request, invoice_id))

    def _submit(self, request: Request, invoice_id: uuid.UUID) -> Response:
        read(EmptyRequest, body_of(request))
        submitted = submit_invoice(
            invoice_id=invoice_id, by=actor_of(request), now=present_of(request, invoice_id), provided=if_match(request)
        )
        return invoice_answer(request, submitted)


class IssueView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"POST": (Scope.INVOICES_ISSUE,)}

    @operations.ISSUE_INVOICE
    def post(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        return act(request, "invoice.issued", invoice_id, lambda: self._issue(request, invoice_id))

    def _issue(self, request: Request, invoice_id: uuid.UUID) -> Response:
        read(EmptyRequest, body_of(request))
        issued = issue_invoice(
            invoice_id=invoice_id,
            by=actor_of(request),
            now=present_of(request, invoice_id),
            provided=if_match(request),
            within=ceilings_of(request),
        )
        return issued_answer(request, issued)


class VoidView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"POST": (Scope.INVOICES_VOID,)}

    @operations.VOID_INVOICE
    def post(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        return act(request, "invoice.voided", invoice_id, lambda: self._void(request, invoice_id))

    def _void(self, request: Request, invoice_id: uuid.UUID) -> Response:
        said = read(VoidRequest, body_of(request))
        voided = void_invoice(
            invoice_id=invoice_id,
            reason=said["reason"],
            by=actor_of(request),
            now=present_of(request, invoice_id),
            provided=if_match(request),
        )
        return invoice_answer(request, voided)
