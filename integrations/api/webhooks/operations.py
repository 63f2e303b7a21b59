"""The operations on endpoints, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse, extend_schema

from integrations.api.webhooks import examples
from integrations.api.webhooks.filters import DELIVERIES, ENDPOINTS
from integrations.api.webhooks.requests import (
    EndpointChangeRequest,
    EndpointRequest,
    ReplayRequest,
    SecretRotationRequest,
    TestEventRequest,
)
from integrations.api.webhooks.shapes import (
    DeliveryShape,
    EndpointShape,
    NewEndpointShape,
    ReplayShape,
    WholeDeliveryShape,
)
from integrations.fields import EmptyRequest
from integrations.models import DeliveryState
from integrations.openapi import (
    IDEMPOTENT_REPLAYED,
    LOCATION,
    OPTIONAL_IDEMPOTENCY_KEY,
    list_parameters,
    page_of,
    problem_example,
    problem_responses,
)

_TAGS = ["Webhooks"]
_KEY = [OPTIONAL_IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED]
_REFUSED = problem_example(
    422,
    "validation_failed",
    "The request has faults; nothing was written.",
    errors=[
        {
            "pointer": "#/url",
            "code": "webhook_address_refused",
            "detail": "The host leads to 10.0.0.7, which is not a public address.",
        }
    ],
)
_SHOWN_ONCE = problem_example(
    409, "secret_already_shown", "This key was used, and its answer carried a secret, which is shown once."
)
_DISABLED = problem_example(409, "endpoint_disabled", "The endpoint is disabled: resume it first.")
_INACTIVE = problem_example(409, "endpoint_not_active", "Nothing is sent to this endpoint at present: resume it first.")


def _answer(shape: Any, description: str, value: object) -> OpenApiResponse:
    return OpenApiResponse(shape, description=description, examples=[OpenApiExample(description, value=value)])


def _sent(shape: Any, name: str, value: object) -> OpenApiRequest:
    return OpenApiRequest(shape, examples=[OpenApiExample(name, value=value, request_only=True)])


_ENDPOINT = _answer(EndpointShape, "The endpoint", examples.ENDPOINT)
_DELIVERY = _answer(DeliveryShape, "The delivery", examples.DELIVERY)

LIST = extend_schema(
    operation_id="webhook_endpoints_list",
    summary="List endpoints",
    tags=_TAGS,
    parameters=[
        *list_parameters(ENDPOINTS),
        OpenApiParameter("seller", OpenApiTypes.UUID, description="One of the token's sellers."),
    ],
    responses={200: page_of(EndpointShape, "EndpointPage", examples.ENDPOINT), **problem_responses()},
)
CREATE = extend_schema(
    operation_id="webhook_endpoints_create",
    summary="Have events sent to an address",
    description=(
        "Active at once, from the next event on. `secret` is shown this once: a repeat with the same Idempotency-Key "
        "answers 409 `secret_already_shown`; rotate it if you have lost it."
    ),
    tags=_TAGS,
    parameters=[*_KEY, LOCATION],
    request=_sent(EndpointRequest, "Some events", examples.REQUEST),
    responses={
        201: _answer(NewEndpointShape, "The endpoint and its secret", examples.NEW_ENDPOINT),
        **problem_responses(409, body=True, examples={409: [_SHOWN_ONCE], 422: [_REFUSED]}),
    },
)
READ = extend_schema(
    operation_id="webhook_endpoints_read",
    summary="Read an endpoint: status, health, what waits",
    tags=_TAGS,
    responses={200: _ENDPOINT, **problem_responses()},
)
CHANGE = extend_schema(
    operation_id="webhook_endpoints_change",
    summary="Change an endpoint",
    description="What is not named stays. What waits already goes to the new address, in the new version.",
    tags=_TAGS,
    parameters=_KEY,
    request=_sent(EndpointChangeRequest, "Payments alone", {"event_types": ["payment.*"]}),
    responses={200: _ENDPOINT, **problem_responses(409, body=True, examples={422: [_REFUSED]})},
)
DELETE = extend_schema(
    operation_id="webhook_endpoints_delete",
    summary="Take an endpoint away",
    description="Nothing is sent to it any more, and its secrets are forgotten.",
    tags=_TAGS,
    parameters=_KEY,
    responses={204: OpenApiResponse(description="It is gone"), **problem_responses(409, 422)},
)
ROTATE = extend_schema(
    operation_id="webhook_endpoints_rotate_secret",
    summary="A new secret",
    description=(
        "Until the overlap is over each delivery carries two signatures, by the new secret and by the former one. "
        "A still older one ends at once. With an overlap of 0 the former ends at once too: for one that has leaked."
    ),
    tags=_TAGS,
    parameters=_KEY,
    request=_sent(SecretRotationRequest, "An hour", {"overlap_seconds": 3600}),
    responses={
        200: _answer(NewEndpointShape, "The endpoint and its new secret", examples.NEW_ENDPOINT),
        **problem_responses(409, body=True, examples={409: [_SHOWN_ONCE]}),
    },
)
PING = extend_schema(
    operation_id="webhook_endpoints_ping",
    summary="Send a ping",
    tags=_TAGS,
    parameters=_KEY,
    request=EmptyRequest,
    responses={200: _DELIVERY, **problem_responses(409, body=True, examples={409: [_INACTIVE]})},
)
TEST = extend_schema(
    operation_id="webhook_endpoints_test",
    summary="Send an example of an event",
    description="To this endpoint alone, whatever it has asked for, with `data.test` true. It is no part of the feed.",
    tags=_TAGS,
    parameters=_KEY,
    request=_sent(TestEventRequest, "An issued invoice", {"type": "invoice.issued"}),
    responses={200: _DELIVERY, **problem_responses(409, body=True, examples={409: [_INACTIVE]})},
)
PAUSE = extend_schema(
    operation_id="webhook_endpoints_pause",
    summary="Let deliveries wait",
    description="While you repair your receiver; none is lost.",
    tags=_TAGS,
    parameters=_KEY,
    request=EmptyRequest,
    responses={200: _ENDPOINT, **problem_responses(409, body=True, examples={409: [_DISABLED]})},
)
RESUME = extend_schema(
    operation_id="webhook_endpoints_resume",
    summary="Deliver again",
    description=(
        "After a pause, all that waited is sent. After the endpoint was disabled, replay what it has missed: the next "
        "`previous_sequence` shows that there is a hole."
    ),
    tags=_TAGS,
    parameters=_KEY,
    request=EmptyRequest,
    responses={200: _ENDPOINT, **problem_responses(409, body=True)},
)
REPLAY = extend_schema(
    operation_id="webhook_endpoints_replay",
    summary="Send again",
    description=(
        "Exactly one of `after` (all that the endpoint asks for behind a sequence), `event_ids` and `failed_since`. "
        "What it never was sent is sent too, except with `failed_since`. The `webhook-id` stays the event's."
    ),
    tags=_TAGS,
    parameters=_KEY,
    request=_sent(ReplayRequest, "All since number 40", {"after": 40}),
    responses={
        200: _answer(ReplayShape, "How many", {"deliveries": 2, "continue_with": None}),
        **problem_responses(409, body=True, examples={409: [_DISABLED]}),
    },
)
LIST_DELIVERIES = extend_schema(
    operation_id="webhook_deliveries_list",
    summary="Read the delivery log",
    tags=_TAGS,
    parameters=[
        *list_parameters(DELIVERIES),
        OpenApiParameter("state", str, enum=DeliveryState.values, description="`dead` are the dead letters."),
        OpenApiParameter("type", str, description="`invoice.issued`, `invoice.*`, or several with commas."),
        OpenApiParameter("event", OpenApiTypes.UUID, description="The event's id."),
        OpenApiParameter("since", OpenApiTypes.DATETIME, description="Made then or later."),
    ],
    responses={200: page_of(DeliveryShape, "DeliveryPage", examples.DELIVERY), **problem_responses()},
)
READ_DELIVERY = extend_schema(
    operation_id="webhook_deliveries_read",
    summary="Read a delivery: what is sent, and every attempt with its answer",
    tags=_TAGS,
    responses={
        200: _answer(WholeDeliveryShape, "The delivery", examples.WHOLE_DELIVERY),
        **problem_responses(),
    },
)
RETRY = extend_schema(
    operation_id="webhook_deliveries_retry",
    summary="Send this one again, now",
    tags=_TAGS,
    parameters=_KEY,
    request=EmptyRequest,
    responses={200: _DELIVERY, **problem_responses(409, body=True, examples={409: [_DISABLED]})},
)
