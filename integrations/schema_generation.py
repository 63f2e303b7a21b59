"""The OpenAPI document of each version: the same operations, at its own paths, with what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from integrations.event_types import EVENT_TYPES
from integrations.versions import VERSIONS, within


class VersionGenerator(SchemaGenerator):
    """``manage.py spectacular --api-version v2``; without it, the first version's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # typed in part
        self.api_version = self.api_version or VERSIONS[0]

    def _initialise_endpoints(self) -> None:
        super()._initialise_endpoints()  # type: ignore[no-untyped-call]  # typed in part
        ours = f"/api/{self.api_version}/"
        self.endpoints = [endpoint for endpoint in self.endpoints or () if endpoint[0].startswith(ours)]

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        document: dict[str, Any] = super().get_schema(request, public)  # type: ignore[no-untyped-call]  # typed in part
        document["info"]["version"] = self.api_version.removeprefix("v")
        return document


def keep_examples_within(result: dict[str, Any], generator: VersionGenerator, **_context: object) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: the links of every example lead to the version that is described."""
    for example in _examples(result):
        example["value"] = _linked(example["value"], generator.api_version)
    return result


def _examples(part: object) -> Iterator[dict[str, Any]]:
    if isinstance(part, Mapping):
        for name, inner in part.items():
            if name == "examples" and isinstance(inner, Mapping):
                yield from (one for one in inner.values() if isinstance(one, dict) and "value" in one)
            else:
                yield from _examples(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _examples(inner)


def _linked(value: Any, version: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _linked(inner, version) for name, inner in value.items()}
    if isinstance(value, list):
        return [_linked(inner, version) for inner in value]
    return within(value, version) if isinstance(value, str) and value.startswith("/api/") else value


def link_what_was_made(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: what a creation answers leads to all that can be done with it (OpenAPI
    links). ``/invoices/{invoice_id}`` answers an Invoice, so the id of any Invoice that was made goes there; and what
    is made at ``/webhook-endpoints`` is found at ``/webhook-endpoints/{endpoint_id}``."""
    places = {shape: parameter for shape, parameter in map(_where_it_is, result["paths"].items()) if shape}
    at = {path.rpartition("/")[0]: _where_it_is((path, one))[1] for path, one in result["paths"].items()}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            made = operation["responses"].get("201")
            parameter = (places.get(_shape_of(made)) or at.get(path)) if made else None
            if made and parameter:
                made["links"] = {
                    name: {"operationId": name, "parameters": {parameter: "$response.body#/id"}}
                    for name in _operations_on(result, parameter)
                }
    return result


def _where_it_is(place: tuple[str, dict[str, Any]]) -> tuple[str, str]:
    """The shape of what is read at ``…/{thing_id}``, and the parameter's name."""
    path, operations = place
    if "get" not in operations or not path.endswith("}"):
        return "", ""
    return _shape_of(operations["get"]["responses"]["200"]), path.rpartition("{")[2].removesuffix("}")


def _shape_of(response: Mapping[str, Any]) -> str:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _operations_on(result: dict[str, Any], parameter: str) -> list[str]:
    return [
        operation["operationId"]
        for path, operations in result["paths"].items()
        if path.count("{") == 1 and f"{{{parameter}}}" in path
        for operation in operations.values()
    ]


def describe_webhooks(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: what we send, each type of event as a webhook (OpenAPI 3.1) with the three
    headers of Standard Webhooks."""
    if "Event" in result["components"]["schemas"]:
        for name, (description, example) in _WEBHOOK_HEADERS.items():
            parameter = {"in": "header", "name": name, "required": True, "description": description}
            result["components"]["parameters"][name] = {
                **parameter,
                "schema": {"type": "string", "examples": [example]},
            }
        result["webhooks"] = {name: {"post": _webhook(name)} for name in sorted(EVENT_TYPES)}
    return result


_WEBHOOK_HEADERS = {
    "webhook-id": ("The event's id, the same at every attempt.", "019ab1f2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
    "webhook-timestamp": ("When it was signed, in Unix time: refuse what is older than five minutes.", "1796083200"),
    "webhook-signature": (
        "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; one for each valid secret, with spaces between.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}


def _webhook(type: str) -> dict[str, Any]:
    return {
        "summary": type,
        "tags": ["Webhooks"],
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in _WEBHOOK_HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
        },
        "responses": {
            "2XX": {"description": "It was received. The body is kept for the delivery log, 64 KiB of it."},
            "410": {"description": "Nothing shall come here any more: the endpoint is disabled at once."},
            "default": {"description": "It is sent again, and is a dead letter in the end."},
        },
    }
