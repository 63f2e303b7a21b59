"""The operation of a fresh start, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers

from billing.api import examples, shapes
from billing.api.requests import FreshStartRequest
from integrations.openapi import OPTIONAL_IDEMPOTENCY_KEY, problem_example, problem_responses


class CopiedEndpointShape(serializers.Serializer[Any]):
    """A receiver of webhooks that listens to the new seller as well, with the secret that it had."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    copied_from = serializers.UUIDField()


class FreshStartShape(serializers.Serializer[Any]):
    """The new test seller, for which the calling token acts from the next call on."""

    seller = shapes.SellerShape()
    former_seller = serializers.UUIDField()
    webhook_endpoints = CopiedEndpointShape(many=True)
    livemode = serializers.BooleanField()


_EXAMPLE = {
    "seller": {**examples.SELLER, "id": "019ab1f0-0000-7000-8000-00000000000b", "tax_id": "B99900003"},
    "former_seller": examples.SELLER_ID,
    "webhook_endpoints": [
        {
            "id": "019ab1f0-0000-7000-8000-00000000000c",
            "url": "https://shop.example.es/hooks",
            "event_types": ["invoice.*"],
            "copied_from": "019ab1f0-0000-7000-8000-00000000000d",
        }
    ],
    "livemode": False,
}
_FRESH = problem_example(
    409,
    "already_fresh",
    "This seller is fresh: it has neither clients nor invoices, and the true time.",
    seller="019ab1f0-0000-7000-8000-00000000000b",
)

_BEGUN = OpenApiResponse(FreshStartShape, description="Begun", examples=[OpenApiExample("Begun", value=_EXAMPLE)])

START_AFRESH = extend_schema(
    operation_id="sandbox_fresh_start",
    summary="Begin again with another test seller",
    description=(
        "The same data, rules and series, numbers from the first, a chain of its own, another fictitious NIF, the "
        "true time; neither clients nor invoices. The calling token acts for it in place of the former one, whose rows "
        "stay. Receivers of webhooks are copied with their secrets. A repeat after a lost answer is 409 "
        "`already_fresh` and names the new seller."
    ),
    tags=["Sandbox"],
    request=FreshStartRequest,
    parameters=[OPTIONAL_IDEMPOTENCY_KEY],
    responses={
        201: _BEGUN,
        **problem_responses(409, examples={409: [_FRESH]}, body=True),
    },
)
