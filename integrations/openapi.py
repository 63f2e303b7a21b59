"""What every operation of the machine's door has in common, for its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import (
    Direction,
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema_serializer,
    inline_serializer,
)
from rest_framework import serializers

from integrations.fields import TextOnlyField
from integrations.oauth import TOKEN_PATH
from integrations.pagination import DEFAULT_LIMIT, MAX_LIMIT, Keyset
from integrations.permissions import scopes_of
from integrations.problems import CONTENT_TYPE, MAX_ERRORS, TITLES
from integrations.scopes import Scope
from integrations.versions import CURRENT, as_version, version_of

_AnySerializer = serializers.Serializer[Any]

ALWAYS = (400, 401, 403, 404, 405, 406, 429, 500, 503)
"""The refusals that any operation may answer with."""
WITH_BODY = (413, 415, 422)
"""Those that need a body to be refused."""


def _header(name: str, description: str, *, response: bool | list[int] = False, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(
        name, more.pop("type", str), OpenApiParameter.HEADER, description=description, response=response, **more
    )


COMMON_HEADERS = [
    _header(
        "X-Correlation-ID",
        "Your id for the business process; kept on everything that this call makes.",
        pattern="^[A-Za-z0-9._:-]{1,128}$",
    ),
    _header(
        "X-On-Behalf-Of",
        "The person for whom you act, as the audit log shall name them: 200 characters, percent-encoded UTF-8.",
    ),
    _header("Accept-Language", "Language of the problems' texts: es, which is the default, or en."),
    _header("X-Request-ID", "Our id of this call.", response=True),
    _header("X-Correlation-ID", "Your id of the process, or the one we made.", response=True),
    _header("RateLimit-Policy", 'Calls a minute: `"default";q=600;w=60`.', response=True),
    _header("RateLimit", 'Calls left, and seconds until the next minute: `"default";r=583;t=41`.', response=True),
    _header("WWW-Authenticate", "How to authenticate.", response=[401]),
    _header("Retry-After", "Seconds to wait.", response=[429, 503], type=int),
]

KEY_PATTERN = r'^("([!#-\[\]-~]|\\["\\])+"|[!#-+\--:<-~]+)$'
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key",
    "One per intent, quoted or bare: a repeat receives the first answer again, for 30 days.",
    required=True,
    pattern=KEY_PATTERN,
    examples=[OpenApiExample("A key", value="8e03978e-40d5-43e8-bc93-6894a57f9324")],
)
OPTIONAL_IDEMPOTENCY_KEY = _header(
    "Idempotency-Key", "One per intent, quoted or bare; without it a repeat is a call of its own.", pattern=KEY_PATTERN
)
IDEMPOTENT_REPLAYED = _header(
    "Idempotent-Replayed", "Present when this is the first answer again.", response=[200, 201, 202], enum=["true"]
)
IF_MATCH = _header("If-Match", "The ETag that your decision is based on; 412 when it is stale.")
IF_NONE_MATCH = _header("If-None-Match", "The ETag that you have; 304 when it is still the present one.")
_SHOWN = [200, 201, 202, 304]
REPLACED_IN_V2 = [
    _header("Deprecation", "Since when a later version answers otherwise: `@<unix>` (RFC 9745).", response=_SHOWN),
    _header("Sunset", "The last day of this version, as an HTTP date (RFC 8594).", response=_SHOWN),
    _header("Link", "Where it is in the version that follows, and what to change.", response=_SHOWN),
]
ETAG = _header("ETag", "The tag of this state.", response=[200, 201])
LOCATION = _header("Location", "Where the new resource is.", response=[201, 202])


class MachineSchema(AutoSchema):
    """Every operation with the headers that all have in common."""

    def get_override_parameters(self) -> list[OpenApiParameter | _AnySerializer | type[_AnySerializer]]:
        replaced = self.method in getattr(self.view, "replaced_in_v2", ()) and version_of(self.path) != CURRENT
        return [*COMMON_HEADERS, *(REPLACED_IN_V2 if replaced else ())]

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """The library offers the empty string as an alternative of its own; our patterns take it already, and what
        fits two of ``oneOf`` is refused."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]  # typed in part
        if isinstance(field, TextOnlyField) and "oneOf" in schema:
            alternatives = schema.pop("oneOf")
            schema.update({"anyOf": alternatives} if "format" in alternatives[0] else alternatives[0])

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> Any:
        """A shape with the fields of the version that is described; those of which it is the last are marked."""
        shape = force_instance(serializer)
        here, only_in = version_of(self.path), getattr(shape, "only_in", {})
        if only_in:  # a copy: the operation keeps its shape for the next document
            shape, fields = copy(shape), shape.fields
            shape.fields = {name: field for name, field in fields.items() if only_in.get(name, here) == here}
        schema = super()._map_basic_serializer(shape, direction)  # type: ignore[no-untyped-call]  # typed in part
        if here != CURRENT:
            for name in set(only_in) & set(schema.get("properties", ())):
                schema["properties"][name]["deprecated"] = True
        return schema

    def _get_examples(self, serializer: Any, direction: Direction, *args: Any, **kwargs: Any) -> Any:
        """Examples are written as the first version shows them; others are rendered, as real answers are."""
        examples = super()._get_examples(serializer, direction, *args, **kwargs)  # type: ignore[no-untyped-call]  # typed in part
        shape = force_instance(serializer) if serializer is not None else None
        for example in examples.values() if direction == "response" else ():
            example["value"] = _rendered(example["value"], shape, version_of(self.path))
        return examples

    def get_serializer_name(self, serializer: _AnySerializer, direction: Direction) -> str:
        """The name of the thing; the document itself says which are requests."""
        del direction  # the library's signature
        return type(serializer).__name__.removesuffix("Request").removesuffix("Shape")


def _rendered(value: Any, shape: Any, version: str) -> Any:
    if kind := getattr(shape, "kind", ""):
        return as_version(value, kind, version)
    results = getattr(shape, "fields", {}).get("results")
    if results is None:
        return value
    return {**value, "results": [_rendered(one, results.child, version) for one in value["results"]]}


def share_common_parts(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: headers and refusals that operations have in common are written once, and
    referred to."""
    for operation in (operation for path in result["paths"].values() for operation in path.values()):
        operation["parameters"] = [
            _shared(result, "parameters", part["name"], part) if part["in"] == "header" else part
            for part in operation["parameters"]
        ]
        for status, response in operation["responses"].items():
            for name, header in response.get("headers", {}).items():
                response["headers"][name] = _shared(result, "headers", name, header)
            if int(status) >= 400:
                operation["responses"][status] = _shared(result, "responses", f"Problem{status}", response)
    return result


def _shared(result: dict[str, Any], kind: str, name: str, part: dict[str, Any]) -> dict[str, Any]:
    """A reference to the part, which is kept under its name; another one of that name stays where it is."""
    if result["components"].setdefault(kind, {}).setdefault(name, part) != part:
        return part
    return {"$ref": f"#/components/{kind}/{name}"}


def list_parameters(keyset: Keyset) -> list[OpenApiParameter]:
    """The query parameters of a list."""
    orderings = [f"{sign}{name}" for name in keyset.orderings for sign in ("", "-")]
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return [
        OpenApiParameter("limit", limit, description="Rows on a page."),
        OpenApiParameter("cursor", str, description="Opaque: from `next` or `previous` of another page."),
        OpenApiParameter(
            "ordering", str, enum=orderings, default=keyset.default, description="`-` in front for descending."
        ),
    ]


def page_of(shape: type[_AnySerializer], name: str, example: object) -> OpenApiResponse:
    """A page of a list, in its envelope."""
    fields = {
        "results": shape(many=True),
        "next": serializers.URLField(allow_null=True, help_text="The next page; null on the last."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before; null on the first."),
    }
    value = {"results": [example], "next": None, "previous": None}
    page = inline_serializer(name, fields)
    return OpenApiResponse(page, description="A page", examples=[OpenApiExample("A page", value=value)])


# --- Problems --------------------------------------------------------------------------------------------------------


@extend_schema_serializer(component_name="Fault")
class ErrorShape(serializers.Serializer[Any]):
    """One fault; exactly one of `pointer`, `parameter` and `header` says where, or none when it concerns all."""

    pointer = serializers.CharField(required=False, help_text="JSON Pointer into the body (RFC 6901), as a fragment.")
    parameter = serializers.CharField(required=False, help_text="Query parameter.")
    header = serializers.CharField(required=False, help_text="Request header.")
    code = serializers.CharField(help_text="Stable; switch on it.")
    detail = serializers.CharField(help_text="For people, in the language asked for.")


@extend_schema_serializer(component_name="Difference")
class DifferenceShape(serializers.Serializer[Any]):
    """One place where two requests differ."""

    pointer = serializers.CharField(help_text="JSON Pointer into the body (RFC 6901), as a fragment.")
    was = serializers.JSONField(help_text="Null where it was left out.")
    now = serializers.JSONField(help_text="Null where it is left out.")


@extend_schema_serializer(component_name="Problem")
class ProblemShape(serializers.Serializer[Any]):
    """Problem details (RFC 9457). Some codes have members of their own, which come last here."""

    type = serializers.URLField(help_text="Identifies and explains the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="For people, in the language asked for.")
    code = serializers.CharField(help_text="Stable; switch on it.")
    request_id = serializers.CharField()
    correlation_id = serializers.CharField()
    errors = serializers.ListField(  # type: ignore[assignment]  # declared fields are no attributes
        child=ErrorShape(), max_length=MAX_ERRORS, help_text="Every fault at once."
    )
    errors_truncated = serializers.BooleanField(required=False)
    invoice = serializers.UUIDField(required=False, help_text="The invoice that stands in the way.")
    display_number = serializers.CharField(required=False)
    corrections = serializers.CharField(required=False, help_text="Where it is corrected instead.")
    replaced_by = serializers.UUIDField(required=False, help_text="The full invoice in its place.")
    differences = DifferenceShape(many=True, required=False, help_text="From what the source event said before.")
    advice = serializers.DictField(required=False, help_text="What to do instead: see `corrections/advise`.")
    first_used_at = serializers.DateTimeField(required=False, help_text="When the key was used.")
    required_scopes = serializers.ListField(child=serializers.CharField(), required=False)
    held_scopes = serializers.ListField(child=serializers.CharField(), required=False)
    seller = serializers.UUIDField(required=False, help_text="The seller that is fresh (`already_fresh`).")
    state = serializers.CharField(required=False, help_text="Why nothing is issued here now (`fenced`).")


def problem_responses(
    *statuses: int, examples: Mapping[int, Sequence[OpenApiExample]] | None = None, body: bool = False
) -> dict[tuple[int, str], OpenApiResponse]:
    """The refusals of an operation: those that any has, those of a ``body``, and its own ``statuses``."""
    examples = examples or {}
    every = sorted({*ALWAYS, *(WITH_BODY if body else ()), *statuses})
    return {
        (status, CONTENT_TYPE): OpenApiResponse(
            ProblemShape, description=TITLES[status], examples=list(examples.get(status, ()))
        )
        for status in every
    }


def problem_example(
    status: int, code: str, detail: str, *, errors: Sequence[Mapping[str, str]] = (), **members: object
) -> OpenApiExample:
    """A problem as it would be answered."""
    value = {
        "type": f"https://billing.example.es/problems/{code}",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "req_019ab1f2c3d47e5f8a9b0c1d2e3f4a5b",
        "correlation_id": "order-1001",
        "errors": list(errors),
        **members,
    }
    return OpenApiExample(code, value=value, media_type=CONTENT_TYPE, response_only=True, status_codes=[str(status)])


# --- How drf-spectacular shows our own classes -----------------------------------------------------------------------


class TokenScheme(OpenApiAuthenticationExtension):
    """Two ways in, with the scopes that the operation needs (OpenAPI 3.1 §4.8.30)."""

    target_class = "integrations.authentication.TokenAuthentication"
    name = ["apiToken", "oauth2"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        del auto_schema  # the library's signature
        scopes = {scope.value: scope.value for scope in Scope}
        return [
            {"type": "http", "scheme": "bearer", "description": "`corr_test_…` or `corr_live_…`"},
            {
                "type": "oauth2",
                "description": "An access token for an hour, against the id and secret of a client of the token.",
                "flows": {"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": scopes}},
            },
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        scopes = list(scopes_of(auto_schema.view, auto_schema.method) or ())
        ways = self.name if getattr(auto_schema.view, "takes_access_tokens", True) else self.name[:1]
        return [{way: scopes} for way in ways]


class TextExtension(OpenApiSerializerFieldExtension):
    """Text with the pattern that the field itself checks."""

    target_class = "integrations.fields.TextOnlyField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        del auto_schema  # the library's signature
        field = self.target
        limits = {"minLength": field.min_length or (0 if field.allow_blank else 1), "maxLength": field.max_length}
        schema = {"type": "string", **{name: limit for name, limit in limits.items() if limit}}
        if isinstance(field, serializers.EmailField):
            schema["format"] = "email"
        # What we store may have been typed elsewhere: only what is sent to us must fit.
        return schema | {"pattern": field.pattern} if direction == "request" else schema


class DecimalStringExtension(OpenApiSerializerFieldExtension):
    """A decimal string."""

    target_class = "integrations.fields.DecimalStringField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        del auto_schema, direction  # the library's signature
        return {"type": "string", "pattern": self.target.pattern}


class StrictSerializerExtension(OpenApiSerializerExtension):
    """An object that takes no unknown names."""

    target_class = "integrations.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001 - the library's documented way
        return schema | {"additionalProperties": False} if direction == "request" else schema
