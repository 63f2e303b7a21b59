"""Money received for an invoice."""

from __future__ import annotations

import uuid
from functools import partial

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import operations
from billing.api.acting import act, present_of
from billing.api.listings import OLDEST_FIRST
from billing.api.requests import PaymentRequest
from billing.api.translation import said_in
from billing.representation import represent_payment
from billing.services.payments import record_payment
from integrations.authentication import actor_of, principal_of
from integrations.reading import body_of, read
from integrations.scopes import Scope


class PaymentsView(APIView):
    required_scopes = {"GET": (Scope.PAYMENTS_READ,), "POST": (Scope.PAYMENTS_WRITE,)}

    @operations.LIST_PAYMENTS
    def get(self, request: Request, invoice_id: uuid.UUID) -> Response:
        payments = queries.payments_of(invoice_id, seller_ids=principal_of(request).seller_ids)
        page = OLDEST_FIRST.page(payments, request)
        return page.response([represent_payment(payment) for payment in page.rows])

    @operations.RECORD_PAYMENT
    def post(self, request: Request, invoice_id: uuid.UUID) -> HttpResponse:
        return act(request, "payment.recorded", invoice_id, partial(_record, request, invoice_id))


def _record(request: Request, invoice_id: uuid.UUID) -> Response:
    said = said_in(read(PaymentRequest, body_of(request)))
    payment = record_payment(invoice_id=invoice_id, by=actor_of(request), now=present_of(request, invoice_id), **said)
    return Response(represent_payment(payment), status=201)
