"""What only test sellers have: a clock of their own, and faults on request."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import override
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Fault, Unreadable
from core.modes import Mode
from integrations import clock
from integrations.acting import acting_seller
from integrations.authentication import TokenPrincipal, actor_of, principal_of
from integrations.fields import (
    StrictChoiceField,
    StrictInstantField,
    StrictIntegerField,
    StrictSerializer,
    StrictUUIDField,
)
from integrations.idempotency import run_idempotently
from integrations.models import Scenario, ScenarioKind
from integrations.openapi import OPTIONAL_IDEMPOTENCY_KEY, list_parameters, page_of, problem_responses
from integrations.pagination import Keyset
from integrations.parameters import check_parameters
from integrations.reading import body_of, read, read_and_judge, seller_of
from integrations.refusals import written_down
from integrations.scopes import Scope
from integrations.services.clocks import sandbox_only, set_clock
from integrations.services.scenarios import Wish, end_scenario, faults_of, running_of, start_scenario

LISTING = Keyset(orderings={"id": "id"}, default="id")
_ONE = "019ab1f0-0000-7000-8000-000000000001"


def _kinds_in_english() -> str:
    """What each scenario does, for the OpenAPI document, which is English wherever it is made."""
    with override(None):
        return "\n".join(f"- `{kind}`: {sentence}" for kind, sentence in ScenarioKind.choices)


class ClockRequest(StrictSerializer):
    """Where to set a test seller's clock."""

    seller = StrictUUIDField(required=False, help_text="May be left out when the token has one.")
    now = StrictInstantField(help_text="What it shall show now: not before what it shows, ten years ahead at most.")


class ClockShape(serializers.Serializer[Any]):
    """A test seller's clock."""

    seller = serializers.UUIDField()
    now = serializers.DateTimeField(help_text="What it shows; it runs on.")
    true_time = serializers.DateTimeField()
    ahead_seconds = serializers.IntegerField(help_text="0 while it was never set.")
    livemode = serializers.BooleanField()


class ScenarioRequest(StrictSerializer):
    """What is to go wrong, and how often (`times`) or how long (`seconds`): once when neither is said."""

    seller = StrictUUIDField(required=False, help_text="May be left out when the token has one.")
    scenario = StrictChoiceField(
        choices=ScenarioKind.values,
        help_text=_kinds_in_english(),
    )
    times = StrictIntegerField(required=False, help_text="1 to 1000.")
    seconds = StrictIntegerField(required=False, help_text="1 to 86400, of true time.")
    code = StrictIntegerField(required=False, help_text="The AEAT's, of `aeat_rejects` and `aeat_accepts_with_errors`.")
    delay_seconds = StrictIntegerField(required=False, help_text="Of `aeat_slow` (5; 30 at most), `slow` (3; 10).")


class ScenarioShape(serializers.Serializer[Any]):
    """A scenario that was asked for."""

    id = serializers.UUIDField()
    seller = serializers.UUIDField()
    scenario = serializers.ChoiceField(choices=ScenarioKind.values)
    remaining = serializers.IntegerField(allow_null=True, help_text="Times left; null where it lasts until `ends_at`.")
    ends_at = serializers.DateTimeField(allow_null=True)
    code = serializers.IntegerField(allow_null=True)
    delay_seconds = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    livemode = serializers.BooleanField()


_CLOCK = {
    "seller": _ONE,
    "now": "2026-12-31T22:59:30Z",
    "true_time": "2026-11-25T12:00:00Z",
    "ahead_seconds": 3149970,
    "livemode": False,
}
_SCENARIO = {
    "id": "019ab1f0-0000-7000-8000-00000000000a",
    "seller": _ONE,
    "scenario": "aeat_rejects",
    "remaining": 1,
    "ends_at": None,
    "code": 1239,
    "delay_seconds": None,
    "created_at": "2026-11-25T12:00:00Z",
    "created_by": "token:shop",
    "ended_at": None,
    "livemode": False,
}


def _answers(shape: type[serializers.Serializer[Any]], description: str, value: object) -> OpenApiResponse:
    return OpenApiResponse(shape, description=description, examples=[OpenApiExample(description, value=value)])


class ClockView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,), "PUT": (Scope.INVOICES_WRITE,)}

    @extend_schema(
        operation_id="sandbox_clock_read",
        summary="What time it is for a test seller",
        tags=["Sandbox"],
        parameters=[OpenApiParameter("seller", str, description="May be left out when the token has one.")],
        responses={200: _answers(ClockShape, "The clock", _CLOCK), **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, "seller")
        principal = sandbox_principal(request)
        seller = acting_seller(principal, request.query_params.get("seller"))
        if isinstance(seller, uuid.UUID):
            return Response(_represent_clock(seller))
        raise Unreadable(seller.code, seller.message, faults=[replace(seller, pointer=None, parameter="seller")])

    @extend_schema(
        operation_id="sandbox_clock_set",
        summary="Set a test seller's clock",
        description="It runs on from there and never goes back. Invoices, their records, payments and rates follow it.",
        tags=["Sandbox"],
        request=ClockRequest,
        examples=[OpenApiExample("New Year", value={"now": "2026-12-31T23:59:30+01:00"}, request_only=True)],
        responses={200: _answers(ClockShape, "The clock", _CLOCK), **problem_responses(409, body=True)},
    )
    def put(self, request: Request) -> HttpResponse:
        check_parameters(request)
        sandbox_principal(request)
        seller_id = seller_of(request, ClockRequest)
        to = read(ClockRequest, body_of(request))["now"]
        with written_down(request, "clock.set", seller_id=seller_id, subject="clock", subject_id=seller_id):
            set_clock(seller_id=seller_id, to=to, by=actor_of(request), now=timezone.now())
        return Response(_represent_clock(seller_id))


class ScenariosView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,), "POST": (Scope.INVOICES_WRITE,)}

    @extend_schema(
        operation_id="sandbox_scenarios_list",
        summary="What may still go wrong",
        description="Oldest first, in the order in which they are used up; those that are over are not listed.",
        tags=["Sandbox"],
        parameters=list_parameters(LISTING),
        responses={200: page_of(ScenarioShape, "ScenarioPage", _SCENARIO), **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        running = running_of(sandbox_principal(request).seller_ids, now=timezone.now())
        page = LISTING.page(running, request)
        return page.response([_represent_scenario(scenario) for scenario in page.rows])

    @extend_schema(
        operation_id="sandbox_scenarios_start",
        summary="Let something go wrong",
        description="For one test seller; nobody else sees anything of it.",
        tags=["Sandbox"],
        request=ScenarioRequest,
        parameters=[OPTIONAL_IDEMPOTENCY_KEY],
        examples=[
            OpenApiExample("The next record is rejected", value={"scenario": "aeat_rejects"}, request_only=True),
            OpenApiExample("A minute of trouble", value={"scenario": "aeat_down", "seconds": 60}, request_only=True),
        ],
        responses={201: _answers(ScenarioShape, "The scenario", _SCENARIO), **problem_responses(409, body=True)},
    )
    def post(self, request: Request) -> HttpResponse:
        check_parameters(request)
        principal = sandbox_principal(request)
        seller_id = seller_of(request, ScenarioRequest)

        def work() -> Response:
            said = read_and_judge(ScenarioRequest, body_of(request), _faults_in)
            made = start_scenario(seller_id=seller_id, wish=_wish(said), by=actor_of(request), now=timezone.now())
            return Response(_represent_scenario(made), status=201)

        with written_down(request, "scenario.started", seller_id=seller_id, subject="scenario"):
            return run_idempotently(request, seller_id=seller_id, mode=principal.mode, required=False, work=work)


def _wish(said: Mapping[str, Any]) -> Wish:
    return Wish(kind=said["scenario"], **{name: said[name] for name in said if name not in {"scenario", "seller"}})


def _faults_in(said: Mapping[str, Any]) -> list[Fault]:
    """Of what was said of a scenario; where its kind cannot be read, that is said already."""
    found = faults_of(_wish({"scenario": "", **said}))
    return [fault for fault in found if fault.code != "scenario_unknown"]


class ScenarioView(APIView):
    required_scopes = {"DELETE": (Scope.INVOICES_WRITE,)}

    @extend_schema(
        operation_id="sandbox_scenarios_end",
        summary="Let nothing of the kind go wrong any more",
        tags=["Sandbox"],
        responses={204: None, **problem_responses()},
    )
    def delete(self, request: Request, scenario_id: uuid.UUID) -> Response:
        check_parameters(request)
        seller_ids = principal_of(request).seller_ids  # those of a live token have none
        end_scenario(scenario_id=scenario_id, seller_ids=seller_ids, by=actor_of(request), now=timezone.now())
        return Response(status=204)


def sandbox_principal(request: Request) -> TokenPrincipal:
    """The caller, if it acts in test mode. Raises Forbidden ``sandbox_only``."""
    principal = principal_of(request)
    if principal.mode != Mode.TEST:
        raise sandbox_only()
    return principal


def _represent_clock(seller_id: uuid.UUID) -> dict[str, object]:
    ahead, true_time = clock.fresh_offset_of(seller_id), timezone.now()
    return {
        "seller": str(seller_id),
        "now": _instant(true_time + ahead),
        "true_time": _instant(true_time),
        "ahead_seconds": round(ahead.total_seconds()),
        "livemode": False,
    }


def _represent_scenario(scenario: Scenario) -> dict[str, object]:
    return {
        "id": str(scenario.pk),
        "seller": str(scenario.seller_id),
        "scenario": scenario.kind,
        "remaining": scenario.remaining,
        "ends_at": _instant(scenario.ends_at),
        "code": scenario.code,
        "delay_seconds": scenario.delay_seconds,
        "created_at": _instant(scenario.created_at),
        "created_by": scenario.created_by,
        "ended_at": _instant(scenario.ended_at),
        "livemode": False,
    }


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
