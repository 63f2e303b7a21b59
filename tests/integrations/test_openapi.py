import pytest
from django.test import Client
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.fields import DecimalStringField, StrictCharField, StrictSerializer, StrictTextField
from integrations.openapi import (
    ALWAYS,
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENT_REPLAYED,
    IF_MATCH,
    LOCATION,
    WITH_BODY,
    list_parameters,
    problem_example,
    problem_responses,
)
from integrations.pagination import Keyset
from integrations.scopes import Scope

PROBLEM = "application/problem+json"
NAMES = Keyset(orderings={"id": "id", "created_at": "created_at"}, default="-id")


class ThingShape(StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    name = StrictCharField(max_length=5)
    notes = StrictTextField(required=False)
    price = DecimalStringField(max_digits=6, decimal_places=2)


class Things(APIView):
    required_scopes = {"GET": ("catalog:read",), "POST": ("catalog:write",)}

    @extend_schema(
        operation_id="things_list",
        parameters=list_parameters(NAMES),
        responses={200: ThingShape, **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        return Response()

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, IF_MATCH, ETAG, LOCATION],
        request=ThingShape,
        responses={
            201: ThingShape,
            **problem_responses(
                409, body=True, examples={409: [problem_example(409, "already_issued", "It was issued before.")]}
            ),
        },
    )
    def post(self, request: Request) -> Response:
        return Response()


@pytest.fixture(scope="module")
def schema():
    document = SchemaGenerator(patterns=[path("api/v1/things", Things.as_view())]).get_schema(public=True)
    return {**document, "paths": spelt_out(document, document["paths"])}


def spelt_out(document, part):
    """The paths with what they share written where it is referred to."""
    if isinstance(part, list):
        return [spelt_out(document, inner) for inner in part]
    if not isinstance(part, dict):
        return part
    kind, name = part.get("$ref", "#//").split("/")[-2:]
    if kind in {"parameters", "headers", "responses"}:
        return spelt_out(document, document["components"][kind][name])
    return {key: spelt_out(document, inner) for key, inner in part.items()}


def test_what_operations_share_is_written_once():
    document = SchemaGenerator(patterns=[path("api/v1/things", Things.as_view())]).get_schema(public=True)
    get, post = (document["paths"]["/api/v1/things"][method] for method in ("get", "post"))
    assert get["responses"]["401"] == post["responses"]["401"] == {"$ref": "#/components/responses/Problem401"}
    assert {"$ref": "#/components/parameters/X-Correlation-ID"} in get["parameters"]


def test_an_operation_names_its_scopes(schema):
    assert schema["paths"]["/api/v1/things"]["get"]["security"] == [
        {"apiToken": ["catalog:read"]},
        {"oauth2": ["catalog:read"]},
    ]
    assert schema["paths"]["/api/v1/things"]["post"]["security"] == [
        {"apiToken": ["catalog:write"]},
        {"oauth2": ["catalog:write"]},
    ]
    ways = schema["components"]["securitySchemes"]
    assert ways["apiToken"]["scheme"] == "bearer"
    flow = ways["oauth2"]["flows"]["clientCredentials"]
    assert (flow["tokenUrl"], {*flow["scopes"]}) == ("/oauth/token", {*Scope})


def test_every_refusal_is_a_problem(schema):
    responses = schema["paths"]["/api/v1/things"]["post"]["responses"]
    assert set(responses) == {"201", "409", *map(str, ALWAYS), *map(str, WITH_BODY)}
    for status, response in responses.items():
        if status != "201":
            assert list(response["content"]) == [PROBLEM]
            assert response["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "already_issued" in responses["409"]["content"][PROBLEM]["examples"]["AlreadyIssued"]["value"]["code"]


def test_a_list_has_no_refusals_of_a_body(schema):
    assert set(schema["paths"]["/api/v1/things"]["get"]["responses"]) == {"200", *map(str, ALWAYS)}


def test_every_answer_shows_its_headers(schema):
    responses = schema["paths"]["/api/v1/things"]["post"]["responses"]
    common = {"X-Request-ID", "X-Correlation-ID", "RateLimit", "RateLimit-Policy"}
    assert set(responses["201"]["headers"]) == common | {"ETag", "Location", "Idempotent-Replayed"}
    assert set(responses["401"]["headers"]) == common | {"WWW-Authenticate"}
    assert set(responses["429"]["headers"]) == common | {"Retry-After"}


def test_every_operation_takes_the_common_headers(schema):
    sent = {header["name"]: header for header in schema["paths"]["/api/v1/things"]["post"]["parameters"]}
    assert set(sent) == {"X-Correlation-ID", "X-On-Behalf-Of", "Accept-Language", "Idempotency-Key", "If-Match"}
    assert sent["Idempotency-Key"]["required"] is True
    assert sent["X-Correlation-ID"]["schema"]["pattern"] == "^[A-Za-z0-9._:-]{1,128}$"


def test_a_list_shows_its_parameters(schema):
    sent = {one["name"]: one["schema"] for one in schema["paths"]["/api/v1/things"]["get"]["parameters"]}
    assert sent["limit"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert set(sent["ordering"]["enum"]) == {"id", "-id", "created_at", "-created_at"}
    assert sent["ordering"]["default"] == "-id"
    assert sent["cursor"] == {"type": "string"}


def test_a_request_takes_no_unknown_names_and_says_how_values_are_written(schema):
    request = schema["components"]["schemas"]["ThingRequest"]
    assert request["additionalProperties"] is False
    assert set(request["properties"]) == {"name", "notes", "price"}
    assert request["properties"]["price"] == {"type": "string", "pattern": r"^-?[0-9]{1,4}(\.[0-9]{1,2})?$"}
    assert request["properties"]["name"]["pattern"] == r"^[^\u0000-\u001f\u007f-\u009f]*$"
    assert "additionalProperties" not in schema["components"]["schemas"]["Thing"]


def test_the_document_and_its_pages_are_served_from_here_alone():
    document = Client().get("/api/v1/schema")
    assert document.status_code == 200
    assert document.json()["openapi"] == "3.1.0"
    page = Client().get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "http" not in text.replace("http-equiv", "")
    assert "<script>" not in text
    assert "script-src" not in page["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    script = Client().get("/api/v1/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
