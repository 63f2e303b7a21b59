"""Corrections and replacements of issued invoices, and the advice that comes before."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils.translation import gettext
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.advice import Situation
from billing.api import operations_on_corrections as operations
from billing.api import translation
from billing.api.acting import act, present_of
from billing.api.answers import made_answer, preview_answer
from billing.api.reading import read_correction
from billing.api.requests import AdviceRequest, ReplacementRequest
from billing.families import family_of
from billing.relations import represent_family
from billing.services.advising import advise_on
from billing.services.correcting import create_correction, preview_correction
from billing.services.holding import foreseen
from billing.services.replacing import create_replacement
from billing.services.standing import refuse_unless_in_force
from integrations.authentication import actor_of, ceilings_of, principal_of
from integrations.parameters import check_parameters
from integrations.permissions import require_scopes
from integrations.reading import body_of, read
from integrations.scopes import Scope


class CorrectionsView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"GET": (Scope.INVOICES_READ,), "POST": (Scope.INVOICES_WRITE,)}

    @operations.READ_CORRECTIONS
    def get(self, request: Request, invoice_id: uuid.UUID) -> Response:
        check_parameters(request)
        queries.seller_of_invoice(invoice_id, seller_ids=principal_of(request).seller_ids)
        refuse_unless_in_force([invoice_id])
        return Response(represent_family(family_of([invoice_id])))

    @operations.CREATE_CORRECTION
    def post(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        _require_scopes(request)
        return act(request, _action(request), invoice_id, lambda: self._correct(request, invoice_id))

    def _correct(self, request: Request, invoice_id: uuid.UUID) -> Response:
        seller_id = queries.seller_of_invoice(invoice_id, seller_ids=principal_of(request).seller_ids)
        said = read_correction(body_of(request), invoice_id=invoice_id, seller_id=seller_id)
        made = create_correction(
            invoice_id=invoice_id,
            correction=translation.correction_in(said),
            client=translation.described_client(said),
            source=translation.source_of(said, body_of(request), corrects=str(invoice_id)),
            issue=said.get("issue", False),
            by=actor_of(request),
            now=present_of(request, invoice_id),
            within=ceilings_of(request),
        )
        return made_answer(request, made)


class CorrectionPreviewView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"POST": (Scope.INVOICES_READ,)}

    @operations.PREVIEW_CORRECTION
    def post(self, request: Request, invoice_id: uuid.UUID) -> Response:
        check_parameters(request)
        seller_id = queries.seller_of_invoice(invoice_id, seller_ids=principal_of(request).seller_ids)
        said = read_correction(body_of(request), invoice_id=invoice_id, seller_id=seller_id)
        now = present_of(request, invoice_id)
        parts, warnings = preview_correction(
            invoice_id=invoice_id,
            correction=translation.correction_in(said),
            client=translation.described_client(said),
            now=now,
        )
        return preview_answer(request, parts, [*warnings, *foreseen(parts, ceilings_of(request))])


class AdviceView(APIView):
    required_scopes = {"POST": (Scope.INVOICES_READ,)}

    @operations.ADVISE
    def post(self, request: Request, invoice_id: uuid.UUID) -> Response:
        check_parameters(request)
        queries.seller_of_invoice(invoice_id, seller_ids=principal_of(request).seller_ids)
        said = read(AdviceRequest, body_of(request))
        advice = advise_on(
            invoice_id=invoice_id,
            what=Situation(said["what"]),
            delivered=said.get("delivered", False),
            event_date=said.get("event_date"),
            now=present_of(request, invoice_id),
        )
        return Response(advice.to_json(gettext))


class ReplacementsView(APIView):
    replaced_in_v2 = ("POST",)
    required_scopes = {"POST": (Scope.INVOICES_WRITE,)}

    @operations.CREATE_REPLACEMENT
    def post(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        _require_scopes(request)
        return act(request, _action(request), invoice_id, lambda: self._replace(request, invoice_id))

    def _replace(self, request: Request, invoice_id: uuid.UUID) -> Response:
        said = read(ReplacementRequest, body_of(request))
        made = create_replacement(
            invoice_id=invoice_id,
            replacement=translation.replacement_in(said),
            client=translation.described_client(said),
            source=translation.source_of(said, body_of(request), replaces=str(invoice_id)),
            issue=said.get("issue", False),
            by=actor_of(request),
            now=present_of(request, invoice_id),
            within=ceilings_of(request),
        )
        return made_answer(request, made)


def _require_scopes(request: Request) -> None:
    if body_of(request).get("issue") is True:
        require_scopes(request, Scope.INVOICES_WRITE, Scope.INVOICES_ISSUE)


def _action(request: Request) -> str:
    return "invoice.issued" if body_of(request).get("issue") is True else "invoice.created"
