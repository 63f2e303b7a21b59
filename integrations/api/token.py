"""What the token in hand is, for whoever holds it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.modes import Mode
from core.money import plain
from integrations.api.health import EXAMPLE as HEALTH_EXAMPLE
from integrations.api.health import TokenHealthShape, represent_health
from integrations.authentication import StoredToken, stored_token
from integrations.ceilings import Ceilings
from integrations.openapi import problem_responses
from integrations.parameters import check_parameters
from integrations.scopes import Scope


class CeilingsShape(serializers.Serializer[Any]):
    """What goes beyond one of them waits for a person (`held_by_limit`); null for none."""

    invoices_per_hour = serializers.IntegerField(allow_null=True)
    euros_per_invoice = serializers.CharField(allow_null=True, help_text="A decimal string.")
    euros_per_day = serializers.CharField(allow_null=True, help_text="A decimal string; days are the seller's.")


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
    ceilings = CeilingsShape(allow_null=True, help_text="How much it may issue by itself; null for no bound.")
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    rotated_at = serializers.DateTimeField(allow_null=True)
    former_secret_valid_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when the secret before the last rotation is good too."
    )
    came_by = serializers.ChoiceField(
        choices=["secret", "former_secret", "access_token"],
        help_text="What this call carried: a former secret ought to be exchanged in time.",
    )
    access_token_expires_at = serializers.DateTimeField(allow_null=True)
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
    "ceilings": {"invoices_per_hour": 60, "euros_per_invoice": "3000.00", "euros_per_day": None},
    "expires_at": "2027-11-23T12:00:00Z",
    "last_used_at": None,
    "rotated_at": "2026-11-23T12:00:00Z",
    "former_secret_valid_until": "2026-11-24T12:00:00Z",
    "came_by": "secret",
    "access_token_expires_at": None,
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
        token = stored_token(request)
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
        "ceilings": _ceilings(token.ceilings),
        "expires_at": _instant(token.expires_at),
        "last_used_at": _instant(token.last_used_at),
        "rotated_at": _instant(token.rotated_at),
        "former_secret_valid_until": _instant(token.former_valid_until),
        "came_by": _way_of(token),
        "access_token_expires_at": _instant(token.access_expires_at),
    }


def _ceilings(ceilings: Ceilings | None) -> dict[str, object] | None:
    if ceilings is None:
        return None
    return {
        "invoices_per_hour": ceilings.invoices_per_hour,
        "euros_per_invoice": _amount(ceilings.euros_per_invoice),
        "euros_per_day": _amount(ceilings.euros_per_day),
    }


def _amount(euros: Decimal | None) -> str | None:
    return None if euros is None else plain(euros)


def _way_of(token: StoredToken) -> str:
    if token.access_expires_at:
        return "access_token"
    return "former_secret" if token.is_former else "secret"


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
