"""Every answer that a test sees is held against the OpenAPI document of its version: operation, status, type, and body
with every field that is not described refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.contract.breaking import _resolved as resolved

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "openapi"
VERSIONS = ("v1", "v2")
UNDESCRIBED = {"OPTIONS", "HEAD"}
Document = dict[str, Any]


class Undescribed(AssertionError):
    """The document does not say that this could be answered."""


@cache
def document_of(version: str) -> Document:
    return json.loads((FOLDER / f"{version}.json").read_text())


def check_answer(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Raise ``Undescribed`` with what is wrong. Paths that the documents do not have are nobody's promise; but whoever
    answers there with success should be described."""
    version, _, _ = path.removeprefix("/api/").partition("/")
    if version not in VERSIONS or method in UNDESCRIBED or re.fullmatch(r"/api/v\d+/(schema|docs)(\?.*)?", path):
        return
    template = template_of(version, path.partition("?")[0].rstrip("/"))
    operation = document_of(version)["paths"].get(template, {}).get(method.lower())
    here = f"{method} {path}: {status}"
    if operation is None:
        if status < 400:
            raise Undescribed(f"{here}: no such operation in docs/openapi/{version}.json")
        return
    if str(status) not in operation["responses"]:
        raise Undescribed(f"{here}: not one of {[*operation['responses']]}")
    content = resolved(document_of(version), operation["responses"][str(status)]).get("content", {})
    media_type = content_type.partition(";")[0]
    if not content:
        if body:
            raise Undescribed(f"{here}: a body where none is described")
        return
    if media_type not in content:
        raise Undescribed(f"{here}: {media_type} is not one of {[*content]}")
    if media_type.endswith("json"):
        validator = _validator(version, template, method.lower(), str(status), media_type)
        faults = [f"{fault.instance_path}: {fault.message}" for fault in validator.iter_errors(json.loads(body))]
        if faults:
            raise Undescribed(f"{here}: {'; '.join(faults)[:2000]}")


def template_of(version: str, path: str) -> str:
    """``/api/v1/invoices/{invoice_id}`` for any invoice's; a word that stands there itself comes first."""
    return next((name for name, pattern in _templates(version) if pattern.fullmatch(path)), "")


@cache
def _templates(version: str) -> list[tuple[str, re.Pattern[str]]]:
    paths = sorted(document_of(version)["paths"], key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))) for path in paths]


@cache
def _validator(version: str, template: str, method: str, status: str, media_type: str) -> Any:
    document = document_of(version)
    response = resolved(document, document["paths"][template][method]["responses"][status])
    schema = {**response["content"][media_type]["schema"], "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(closed(schema), validate_formats=True)


def closed(part: Any) -> Any:
    """The schema with every object shut: what it does not name must not be there. Objects whose names are free say what
    their values are, and stay as they are."""
    if isinstance(part, list):
        return [closed(inner) for inner in part]
    if not isinstance(part, Mapping):
        return part
    shut = {name: closed(inner) if name not in {"examples", "enum"} else inner for name, inner in part.items()}
    if isinstance(part.get("properties"), Mapping) and "additionalProperties" not in part:
        shut["unevaluatedProperties"] = False
    return shut
