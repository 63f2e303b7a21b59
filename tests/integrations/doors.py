"""Tiny views behind the machine's door, for the tests of the door itself; and tokens that open it."""

from __future__ import annotations

import time
import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.models import Seller
from core.errors import Conflict
from core.modes import Mode
from integrations.authentication import actor_of, principal_of
from integrations.fields import (
    DecimalStringField,
    StrictBooleanField,
    StrictCharField,
    StrictDateField,
    StrictSerializer,
)
from integrations.idempotency import run_idempotently
from integrations.outbox import publish
from integrations.permissions import require_scopes
from integrations.services.tokens import create_token
from tests.builders import MARIA, NOW


class LineShape(StrictSerializer):
    description = StrictCharField(max_length=20)
    unit_price = DecimalStringField(max_digits=12, decimal_places=4, min_value=None)
    tax_rate = DecimalStringField(max_digits=5, decimal_places=2, required=False)


class OrderShape(StrictSerializer):
    client = StrictCharField(max_length=10)
    on = StrictDateField(required=False)
    issue = StrictBooleanField(required=False)
    lines = serializers.ListField(child=LineShape(), max_length=1000)


class Echo(APIView):
    """Says who calls and what was sent."""

    required_scopes: ClassVar = {"GET": (), "POST": ("invoices:write",), "DELETE": ("invoices:write", "invoices:void")}

    def get(self, request: Request) -> Response:
        actor, principal = actor_of(request), principal_of(request)
        return Response(
            {
                "kind": actor.kind,
                "name": actor.name,
                "on_behalf_of": actor.on_behalf_of,
                "request_id": actor.request_id,
                "correlation_id": actor.correlation_id,
                "address": actor.address,
                "mode": principal.mode,
                "sellers": sorted(map(str, principal.seller_ids)),
            }
        )

    def post(self, request: Request) -> Response:
        if "issue" in request.data:
            require_scopes(request, "invoices:issue")
        return Response(request.data, status=201)

    def delete(self, request: Request) -> Response:
        return Response(status=204)


class Order(APIView):
    """Validates an order."""

    required_scopes: ClassVar = {"POST": ()}

    def post(self, request: Request) -> Response:
        shape = OrderShape(data=request.data)
        shape.is_valid(raise_exception=True)
        return Response({"lines": len(shape.validated_data["lines"])})


class Orders(APIView):
    """Places orders, once each."""

    required_scopes: ClassVar = {"POST": ()}
    key_required = True

    def post(self, request: Request) -> HttpResponse:
        principal = principal_of(request)
        (seller_id,) = principal.seller_ids
        return run_idempotently(
            request,
            seller_id=seller_id,
            mode=principal.mode,
            required=self.key_required,
            work=lambda: self.place(seller_id, request),
        )

    def place(self, seller_id: uuid.UUID, request: Request) -> Response:
        order = publish(
            "order.placed", seller_id=seller_id, mode="test", object_id="o", payload={}, by=actor_of(request)
        )
        assert isinstance(request.data, dict)
        match request.data["client"]:
            case "unlawful":
                raise Conflict("unlawful", "This may not be.")
            case "returned":
                return Response({}, status=422)
            case "broken":
                raise RuntimeError("secret internals")
            case "slow":
                time.sleep(0.2)
        headers = {"Location": f"{request.path}/{order.id}", "ETag": '"1"'}
        return Response({"id": order.id, "name": "Peña", "paid": None}, status=201, headers=headers)


class Undeclared(APIView):
    """A view whose author forgot to say what it needs."""

    def get(self, request: Request) -> Response:
        return Response({})


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret internals")


def forbids(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def suspects(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


handler400 = "integrations.problems.bad_request"
handler403 = "integrations.problems.permission_denied"
handler404 = "integrations.problems.not_found"
handler500 = "integrations.problems.server_error"
urlpatterns = [
    path("api/v1/echo", Echo.as_view()),
    path("api/v1/order", Order.as_view()),
    path("api/v1/orders", Orders.as_view()),
    path("api/v1/orders/optional", Orders.as_view(key_required=False)),
    path("api/v1/undeclared", Undeclared.as_view()),
    path("api/v1/breaks", breaks),
    path("api/v1/forbids", forbids),
    path("breaks", breaks),
    path("forbids", forbids),
    path("suspects", suspects),
]


def a_token(seller: Seller, *scopes: str, now: datetime = NOW, **changes: Any) -> str:
    """The secret of a fresh token of one seller."""
    values: dict[str, Any] = {"name": "shop", "scopes": scopes or ("invoices:read",), **changes}
    _token, secret = create_token(mode=Mode(seller.mode), seller_ids=[seller.id], by=MARIA, now=now, **values)
    return secret


def caller(secret: str = "", **headers: str) -> Client:
    """A machine that carries a token and does not see our exceptions."""
    bearer = {"Authorization": f"Bearer {secret}"} if secret else {}
    return Client(raise_request_exception=False, headers={**bearer, **headers})
