"""The register of buyers: list, add, look, change."""

from __future__ import annotations

import uuid
from functools import partial

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clients.api import operations
from clients.api.filters import FILTERS, LISTING
from clients.api.requests import ClientContentRequest, ClientRequest, client_data
from clients.models import Client
from clients.representation import represent_client
from clients.services import ClientData, create_client, revise_client, visible_client, visible_clients
from integrations.authentication import actor_of, principal_of
from integrations.clock import now_of
from integrations.etags import check_if_match, etag_of, is_unchanged
from integrations.filtering import conditions
from integrations.idempotency import run_idempotently
from integrations.merging import merged
from integrations.parameters import check_parameters
from integrations.parsers import MergePatchParser, StrictJSONParser
from integrations.reading import body_of, read, seller_of
from integrations.refusals import written_down
from integrations.scopes import Scope
from integrations.versions import address


class ClientsView(APIView):
    required_scopes = {"GET": (Scope.CLIENTS_READ,), "POST": (Scope.CLIENTS_WRITE,)}

    @operations.LIST
    def get(self, request: Request) -> Response:
        asked, faults = conditions(request, FILTERS)
        clients = visible_clients(principal_of(request).seller_ids).filter(asked)
        page = LISTING.page(clients, request, faults)
        return page.response([represent_client(client) for client in page.rows])

    @operations.CREATE
    def post(self, request: Request) -> HttpResponse:
        check_parameters(request)
        seller_id, mode = seller_of(request, ClientRequest), principal_of(request).mode
        work = partial(_create, request, seller_id)
        with written_down(request, "client.created", seller_id=seller_id, subject="client"):
            return run_idempotently(request, seller_id=seller_id, mode=mode, required=False, work=work)


def _create(request: Request, seller_id: uuid.UUID) -> Response:
    client = create_client(
        seller_id=seller_id,
        mode=principal_of(request).mode,
        data=client_data(read(ClientRequest, body_of(request))),
        by=actor_of(request),
        now=now_of(seller_id, principal_of(request).mode),
    )
    return _answer(client, status=201, Location=address(request.path, f"/clients/{client.id}"))


class ClientView(APIView):
    parser_classes = [StrictJSONParser, MergePatchParser]
    required_scopes = {"GET": (Scope.CLIENTS_READ,), "PATCH": (Scope.CLIENTS_WRITE,)}

    @operations.READ
    def get(self, request: Request, client_id: uuid.UUID) -> Response:
        check_parameters(request)
        client = visible_client(client_id, seller_ids=principal_of(request).seller_ids)
        etag = etag_of(represent_client(client))
        return Response(status=304, headers={"ETag": etag}) if is_unchanged(request, etag) else _answer(client)

    @operations.CHANGE
    def patch(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        check_parameters(request)
        principal = principal_of(request)
        seller_id = visible_client(client_id, seller_ids=principal.seller_ids).seller_id
        work = partial(_change, request, client_id, seller_id)
        with written_down(request, "client.changed", seller_id=seller_id, subject="client", subject_id=client_id):
            return run_idempotently(request, seller_id=seller_id, mode=principal.mode, required=False, work=work)


def _change(request: Request, client_id: uuid.UUID, seller_id: uuid.UUID) -> Response:
    now = now_of(seller_id, principal_of(request).mode)
    client = revise_client(client_id=client_id, revise=partial(_revision, request), by=actor_of(request), now=now)
    return _answer(client)


def _revision(request: Request, present: Client) -> ClientData:
    """The buyer as it would be with the caller's changes, judged as a whole."""
    check_if_match(request, etag_of(represent_client(present)))
    return client_data(read(ClientContentRequest, merged(_request_of(present), body_of(request))))


def _request_of(client: Client) -> dict[str, object]:
    """The request that would make this client."""
    said = {name: getattr(client, name) for name in ("external_id", "name", "tax_id", "country", "email", "language")}
    said["tax_id_kind"] = client.tax_id_kind or None
    return {**said, "address": {name: getattr(client, name) for name in ("street", "postal_code", "city", "province")}}


def _answer(client: Client, *, status: int = 200, **headers: str) -> Response:
    shown = represent_client(client)
    return Response(shown, status=status, headers={"ETag": etag_of(shown), **headers})
