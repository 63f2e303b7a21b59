"""A fresh start of the sandbox."""

from __future__ import annotations

import uuid
from functools import partial

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import operations_of_the_sandbox as operations
from billing.api.requests import FreshStartRequest
from billing.representation import represent_seller
from billing.services.starting_afresh import start_afresh
from integrations.api.sandbox import sandbox_principal
from integrations.authentication import actor_of
from integrations.idempotency import run_idempotently
from integrations.parameters import check_parameters
from integrations.reading import body_of, read, seller_of
from integrations.refusals import written_down
from integrations.scopes import Scope


class FreshStartView(APIView):
    required_scopes = {"POST": (Scope.INVOICES_WRITE,)}

    @operations.START_AFRESH
    def post(self, request: Request) -> HttpResponse:
        check_parameters(request)
        principal = sandbox_principal(request)
        seller_id = seller_of(request, FreshStartRequest)
        work = partial(_start, request, seller_id)
        with written_down(
            request, "seller.started_afresh", seller_id=seller_id, subject="seller", subject_id=seller_id
        ):
            return run_idempotently(request, seller_id=seller_id, mode=principal.mode, required=False, work=work)


def _start(request: Request, seller_id: uuid.UUID) -> Response:
    read(FreshStartRequest, body_of(request))
    token_id = sandbox_principal(request).token_id
    made = start_afresh(seller_id=seller_id, token_ids=[token_id], by=actor_of(request), now=timezone.now())
    answer = {
        "seller": represent_seller(made.seller),
        "former_seller": str(seller_id),
        "webhook_endpoints": [
            {"id": str(new.pk), "url": new.url, "event_types": new.event_types, "copied_from": str(old.pk)}
            for old, new in made.endpoints
        ],
        "livemode": False,
    }
    return Response(answer, status=201)
