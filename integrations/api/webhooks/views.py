"""Endpoints and their delivery log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Fault
from integrations.api.webhooks import operations
from integrations.api.webhooks.filters import DELIVERIES, DELIVERY_FILTERS, ENDPOINT_FILTERS, ENDPOINTS
from integrations.api.webhooks.representation import (
    represent_delivery,
    represent_delivery_wholly,
    represent_endpoint,
    represent_endpoints,
)
from integrations.api.webhooks.requests import (
    EndpointChangeRequest,
    EndpointRequest,
    ReplayRequest,
    SecretRotationRequest,
    TestEventRequest,
)
from integrations.authentication import actor_of, principal_of
from integrations.fields import EmptyRequest
from integrations.filtering import conditions
from integrations.idempotency import run_idempotently
from integrations.models import WebhookDelivery, WebhookEndpoint
from integrations.parameters import check_parameters
from integrations.parsers import MergePatchParser, StrictJSONParser
from integrations.reading import body_of, read, read_and_judge, seller_of
from integrations.refusals import written_down
from integrations.scopes import Scope
from integrations.services import endpoints, replaying, trying
from integrations.services.receivers import faults_in
from integrations.versions import address
from integrations.webhook_queries import deliveries_of, delivery_of, visible_endpoint, visible_endpoints

_MANAGE = (Scope.WEBHOOKS_MANAGE,)


class EndpointsView(APIView):
    required_scopes = {"GET": _MANAGE, "POST": _MANAGE}

    @operations.LIST
    def get(self, request: Request) -> Response:
        asked, faults = conditions(request, ENDPOINT_FILTERS)
        page = ENDPOINTS.page(visible_endpoints(principal_of(request).seller_ids).filter(asked), request, faults)
        return page.response(represent_endpoints(page.rows, now=timezone.now()))

    @operations.CREATE
    def post(self, request: Request) -> HttpResponse:
        check_parameters(request)
        seller_id, mode = seller_of(request, EndpointRequest), principal_of(request).mode
        with written_down(request, "endpoint.created", seller_id=seller_id, subject="webhook_endpoint"):
            return run_idempotently(
                request,
                seller_id=seller_id,
                mode=mode,
                required=False,
                carries_secret=True,
                work=partial(_create, request, seller_id),
            )


def _create(request: Request, seller_id: uuid.UUID) -> Response:
    said, now = read_and_judge(EndpointRequest, body_of(request), _judged(request)), timezone.now()
    said.pop("seller", None)
    mode, by = principal_of(request).mode, actor_of(request)
    endpoint, secret = endpoints.create_endpoint(seller_id=seller_id, mode=mode, by=by, now=now, **said)
    location = address(request.path, f"/webhook-endpoints/{endpoint.pk}")
    return Response(
        {**represent_endpoint(endpoint, now=now), "secret": secret}, status=201, headers={"Location": location}
    )


def _judged(request: Request) -> Callable[[Mapping[str, Any]], Iterable[Fault]]:
    return partial(faults_in, mode=principal_of(request).mode)


class EndpointView(APIView):
    parser_classes = [StrictJSONParser, MergePatchParser]
    required_scopes = {"GET": _MANAGE, "PATCH": _MANAGE, "DELETE": _MANAGE}

    @operations.READ
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        check_parameters(request)
        return _shown(_visible(request, endpoint_id))

    @operations.CHANGE
    def patch(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def change() -> Response:
            changes = read_and_judge(EndpointChangeRequest, body_of(request), _judged(request))
            return _shown(endpoints.update_endpoint(endpoint_id=endpoint_id, changes=changes, by=actor_of(request)))

        return _act(request, "endpoint.changed", endpoint_id, change)

    @operations.DELETE
    def delete(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def delete() -> Response:
            endpoints.delete_endpoint(endpoint_id=endpoint_id, by=actor_of(request), now=timezone.now())
            return Response(status=204)

        return _act(request, "endpoint.deleted", endpoint_id, delete)


class RotateSecretView(APIView):
    required_scopes = {"POST": _MANAGE}

    @operations.ROTATE
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def rotate() -> Response:
            overlap = timedelta(seconds=read(SecretRotationRequest, body_of(request))["overlap_seconds"])
            by, now = actor_of(request), timezone.now()
            secret = endpoints.rotate_secret(endpoint_id=endpoint_id, overlap=overlap, by=by, now=now)
            return Response({**represent_endpoint(_visible(request, endpoint_id), now=now), "secret": secret})

        return _act(request, "endpoint.secret_rotated", endpoint_id, rotate, carries_secret=True)


class PingView(APIView):
    required_scopes = {"POST": _MANAGE}

    @operations.PING
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def send() -> Response:
            read(EmptyRequest, body_of(request))
            return _sent(trying.ping(endpoint_id=endpoint_id, by=actor_of(request), now=timezone.now()))

        return _act(request, "endpoint.pinged", endpoint_id, send)


class TestEventView(APIView):
    __test__ = False  # for pytest, which goes by names
    required_scopes = {"POST": _MANAGE}

    @operations.TEST
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def send() -> Response:
            type_ = read(TestEventRequest, body_of(request))["type"]
            by, now = actor_of(request), timezone.now()
            return _sent(trying.send_test_event(endpoint_id=endpoint_id, type=type_, by=by, now=now))

        return _act(request, "endpoint.tested", endpoint_id, send)


class PauseView(APIView):
    required_scopes = {"POST": _MANAGE}

    @operations.PAUSE
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def pause() -> Response:
            read(EmptyRequest, body_of(request))
            return _shown(endpoints.pause_endpoint(endpoint_id=endpoint_id, by=actor_of(request), now=timezone.now()))

        return _act(request, "endpoint.paused", endpoint_id, pause)


class ResumeView(APIView):
    required_scopes = {"POST": _MANAGE}

    @operations.RESUME
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def resume() -> Response:
            read(EmptyRequest, body_of(request))
            return _shown(endpoints.resume_endpoint(endpoint_id=endpoint_id, by=actor_of(request), now=timezone.now()))

        return _act(request, "endpoint.resumed", endpoint_id, resume)


class ReplayView(APIView):
    required_scopes = {"POST": _MANAGE}

    @operations.REPLAY
    def post(self, request: Request, endpoint_id: uuid.UUID) -> HttpResponse:
        def replay() -> Response:
            asked = read(ReplayRequest, body_of(request))
            done = replaying.replay(endpoint_id=endpoint_id, by=actor_of(request), now=timezone.now(), **asked)
            return Response({"deliveries": done.deliveries, "continue_with": done.continue_with})

        return _act(request, "endpoint.replayed", endpoint_id, replay)


class DeliveriesView(APIView):
    required_scopes = {"GET": _MANAGE}

    @operations.LIST_DELIVERIES
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        endpoint = _visible(request, endpoint_id)
        asked, faults = conditions(request, DELIVERY_FILTERS)
        page = DELIVERIES.page(deliveries_of(endpoint).filter(asked), request, faults)
        return page.response([represent_delivery(delivery, endpoint) for delivery in page.rows])


class DeliveryView(APIView):
    required_scopes = {"GET": _MANAGE}

    @operations.READ_DELIVERY
    def get(self, request: Request, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
        check_parameters(request)
        endpoint = _visible(request, endpoint_id)
        return Response(represent_delivery_wholly(delivery_of(endpoint, delivery_id), endpoint))


class RetryView(APIView):
    required_scopes = {"POST": _MANAGE}

    @operations.RETRY
    def post(self, request: Request, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> HttpResponse:
        delivery_of(_visible(request, endpoint_id), delivery_id)

        def retry() -> Response:
            read(EmptyRequest, body_of(request))
            by, now = actor_of(request), timezone.now()
            return _sent(replaying.retry_delivery(delivery_id=delivery_id, by=by, now=now))

        return _act(request, "endpoint.delivery_retried", endpoint_id, retry)


def _visible(request: Request, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    return visible_endpoint(endpoint_id, seller_ids=principal_of(request).seller_ids)


def _act(
    request: Request, action: str, endpoint_id: uuid.UUID, work: Callable[[], Response], *, carries_secret: bool = False
) -> HttpResponse:
    """Do ``work`` in one transaction, if the endpoint is one of the caller's; a refusal is written down."""
    check_parameters(request)
    seller_id, mode = _visible(request, endpoint_id).seller_id, principal_of(request).mode
    with written_down(request, action, seller_id=seller_id, subject="webhook_endpoint", subject_id=endpoint_id):
        return run_idempotently(
            request, seller_id=seller_id, mode=mode, required=False, carries_secret=carries_secret, work=work
        )


def _shown(endpoint: WebhookEndpoint) -> Response:
    return Response(represent_endpoint(endpoint, now=timezone.now()))


def _sent(delivery: WebhookDelivery) -> Response:
    return Response(represent_delivery(delivery, delivery.endpoint))
