"""The outgoing feed: everything that happened to one seller, in order, without a hole."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Fault
from integrations.acting import acting_seller
from integrations.api.event_filters import types_named
from integrations.api.webhooks.examples import EVENT
from integrations.authentication import principal_of
from integrations.events import envelope_at_least
from integrations.filtering import Filters, conditions
from integrations.models import Event
from integrations.openapi import list_parameters, page_of, problem_responses
from integrations.pagination import Keyset
from integrations.scopes import Scope
from integrations.versions import version_of


def _after(value: str) -> Q:
    if not re.fullmatch("[0-9]{1,18}", value):
        raise ValueError(value)
    return Q(sequence__gt=int(value))


def _type(value: str) -> Q:
    types = types_named(value)
    return Q() if types is None else Q(type__in=types)


FILTERS: Filters = {"after": _after, "type": _type}
LISTING = Keyset(orderings={"sequence": "sequence"}, default="sequence", filters=(*FILTERS, "seller"))


class EventDataShape(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="The event's id: the `webhook-id` of its deliveries.")
    sequence = serializers.IntegerField(help_text="Its place in the seller's feed.")
    previous_sequence = serializers.IntegerField(allow_null=True, help_text="Here one less; null for the first.")
    object = serializers.DictField(help_text="What it happened to, as the API shows it.")
    correlation_id = serializers.CharField(allow_blank=True)
    livemode = serializers.BooleanField()


class EventShape(serializers.Serializer[Any]):
    """An event, in the same shape as a webhook's body."""

    type = serializers.CharField(help_text="Ignore the types that you do not know: the list grows.")
    timestamp = serializers.DateTimeField()
    data = EventDataShape()  # type: ignore[assignment]  # declared fields are no attributes


class EventsView(APIView):
    replaced_in_v2 = ("GET",)  # its objects are shown as the version shows them
    required_scopes = {"GET": (Scope.EVENTS_READ,)}

    @extend_schema(
        operation_id="events_list",
        summary="Read the feed",
        description=(
            "Everything that happened to the seller, ascending by `sequence`, which has no holes and in which nothing "
            "turns up late: keep the last one that you have worked off, and ask for what is `after` it."
        ),
        tags=["Events"],
        parameters=[
            *list_parameters(LISTING),
            OpenApiParameter("after", {"type": "integer", "minimum": 0}, description="Behind this sequence."),
            OpenApiParameter("type", str, description="`invoice.issued`, `invoice.*`, or several with commas."),
            OpenApiParameter(
                "seller",
                OpenApiTypes.UUID,
                description="Each seller has a feed of its own: needed where the token acts for several.",
            ),
        ],
        responses={200: page_of(EventShape, "EventPage", EVENT), **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        asked, faults = conditions(request, FILTERS)
        seller = acting_seller(principal_of(request), request.query_params.get("seller"))
        if isinstance(seller, Fault):
            faults.append(Fault(seller.code, seller.message, parameter="seller"))
        events = Event.objects.filter(asked, sequence__isnull=False, seller__in=_known(seller))
        page = LISTING.page(events, request, faults)
        version = version_of(request.path)
        return page.response([_shown(event, version) for event in page.rows])


def _known(seller: uuid.UUID | Fault) -> list[uuid.UUID]:
    return [] if isinstance(seller, Fault) else [seller]


def _shown(event: Event, version: str) -> dict[str, object]:
    assert event.sequence is not None, "the feed has what is numbered"
    return envelope_at_least(event, version=version, previous_sequence=event.sequence - 1 or None)
