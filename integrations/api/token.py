"""What the token in hand is, for whoever holds it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.modes import Mode
from integrations.api.health import EXAMPLE as HEALTH_EXAMPLE
from integrations.api.health import TokenHealthShape, represent_health
from integrations.authentication import StoredToken
from integrations.openapi import problem_responses
from integrations.parameters import check_parameters
from integrations.scopes import Scope


class TokenShape(serializers.Serializer[Any]):
    """What a token is, for the OpenAPI document."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="The beginning of the secret.")
    mode = serializers.ChoiceField(choices=[mode.value for mode in Mode])
    livemode = serializers.BooleanField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[scope.value for scope in Scope]))
    sellers = serializers.ListField(child=serializers.UUIDField())
    allowed_addresses = serializers.ListField(child=serializers.CharField(), help_text="CIDR; empty for any.")
    calls_per_minute = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    health = TokenHealthShape()


_EXAMPLE = {
    "id": "019ab1f0-0000-7000-8000-000000000005",
    "name": "shop",
    "hint": "corr_test_Ab12",
    "mode": "test",
    "livemode": False,
    "scopes": ["invoices:issue", "invoices:read", "invoices:write"],
    "sellers": ["019ab1f0-0000-7000-8000-000000000001"],
    "allowed_addresses": ["192.0.2.0/24"],
    "calls_per_minute": 600,
    "expires_at": "2027-11-23T12:00:00Z",
    "last_used_at": None,
    "health": HEALTH_EXAMPLE,
}


class TokenView(APIView):
    required_scopes = {"GET": ()}

    @extend_schema(
        operation_id="token_read",
        summary="What this token is, and how it has been doing",
        tags=["Token"],
        responses={
            200: OpenApiResponse(
                TokenShape, description="The token", examples=[OpenApiExample("The token", value=_EXAMPLE)]
            ),
            **problem_responses(),
        },
    )
    def get(self, request: Request) -> Response:
        check_parameters(request)
        token = request.auth
        assert isinstance(token, StoredToken), "authentication stands in front of this view"
        return Response({**represent_token(token), "health": represent_health(token, now=timezone.now())})


def represent_token(token: StoredToken) -> dict[str, object]:
    """The token without its secret."""
    return {
        "id": str(token.id),
        "name": token.name,
        "hint": token.hint,
        "mode": token.mode.value,
        "livemode": token.mode == Mode.LIVE,
        "scopes": sorted(token.scopes),
        "sellers": sorted(map(str, token.seller_ids)),
        "allowed_addresses": [*token.allowed_addresses],
        "calls_per_minute": token.calls_per_minute,
        "expires_at": _instant(token.expires_at),
        "last_used_at": _instant(token.last_used_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
