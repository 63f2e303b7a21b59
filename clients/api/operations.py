"""The operations of the register, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse, extend_schema

from clients.api import examples
from clients.api.filters import LISTING
from clients.api.requests import ClientContentRequest, ClientRequest
from clients.api.shapes import ClientShape
from integrations.openapi import (
    ETAG,
    IDEMPOTENT_REPLAYED,
    IF_MATCH,
    IF_NONE_MATCH,
    LOCATION,
    OPTIONAL_IDEMPOTENCY_KEY,
    list_parameters,
    page_of,
    problem_example,
    problem_responses,
)

_FAULTS = problem_example(
    422,
    "validation_failed",
    "The request has faults; nothing was written.",
    errors=[
        {
            "pointer": "#/external_id",
            "code": "external_id_taken",
            "detail": "Another client has the external id “C-17”.",
        }
    ],
)
_STALE = problem_example(412, "stale", "It changed since you read it: read it again, and decide again.")


def _shown(description: str) -> OpenApiResponse:
    return OpenApiResponse(
        ClientShape, description=description, examples=[OpenApiExample(description, value=examples.CLIENT)]
    )


def _sent(shape: Any, name: str, value: object) -> OpenApiRequest:
    return OpenApiRequest(shape, examples=[OpenApiExample(name, value=value, request_only=True)])


LIST = extend_schema(
    operation_id="clients_list",
    summary="List buyers",
    tags=["Clients"],
    parameters=[
        *list_parameters(LISTING),
        OpenApiParameter("seller", OpenApiTypes.UUID, description="One of the token's sellers."),
        OpenApiParameter("external_id", str, description="Your own id."),
        OpenApiParameter("tax_id", str, description="NIF, VAT number or foreign tax id."),
        OpenApiParameter("name", str, description="How the name begins; accents and case do not count."),
        OpenApiParameter("email", str, description="The e-mail address; case does not count."),
    ],
    responses={200: page_of(ClientShape, "ClientPage", examples.CLIENT), **problem_responses()},
)
CREATE = extend_schema(
    operation_id="clients_create",
    summary="Add a buyer",
    tags=["Clients"],
    parameters=[OPTIONAL_IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, ETAG, LOCATION],
    request=_sent(ClientRequest, "A business", examples.REQUEST),
    responses={201: _shown("The client"), **problem_responses(409, body=True, examples={422: [_FAULTS]})},
)
READ = extend_schema(
    operation_id="clients_read",
    summary="Read a buyer",
    tags=["Clients"],
    parameters=[IF_NONE_MATCH, ETAG],
    responses={
        200: _shown("The client"),
        304: OpenApiResponse(description="You have its present state"),
        **problem_responses(),
    },
)
CHANGE = extend_schema(
    operation_id="clients_change",
    summary="Change what is known of a buyer",
    description=(
        "JSON Merge Patch (RFC 7396): what is not named stays, null is as if left out. "
        "Invoices already issued keep their own copy."
    ),
    tags=["Clients"],
    parameters=[OPTIONAL_IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, IF_MATCH, ETAG],
    request=_sent(ClientContentRequest, "Another address", examples.CHANGE),
    responses={
        200: _shown("The client"),
        **problem_responses(409, 412, body=True, examples={412: [_STALE], 422: [_FAULTS]}),
    },
)
