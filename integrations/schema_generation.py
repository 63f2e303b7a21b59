"""The OpenAPI document of each version: the same operations, at its own paths, with what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from integrations.versions import VERSIONS, within


class VersionGenerator(SchemaGenerator):  # type: ignore[misc]  # typed in part
    """``manage.py spectacular --api-version v2``; without it, the first version's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.api_version = self.api_version or VERSIONS[0]

    def _initialise_endpoints(self) -> None:
        super()._initialise_endpoints()
        ours = f"/api/{self.api_version}/"
        self.endpoints = [endpoint for endpoint in self.endpoints if endpoint[0].startswith(ours)]

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        document: dict[str, Any] = super().get_schema(request=request, public=public)
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
