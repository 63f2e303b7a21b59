"""Entity tags: whether the caller's copy is still the one we have (RFC 9110 §8.8.3, §13)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.http import parse_etags
from rest_framework.request import Request

from core.errors import Fault, Stale, Unreadable, gettext_noop


def etag_of(representation: Mapping[str, object]) -> str:
    """The strong tag of an object as the API shows it: it changes when anything shown changes."""
    text = json.dumps(representation, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_if_match(request: Request, etag: str) -> None:
    """Refuse with ``Stale`` (412) when ``If-Match`` names another state. To be asked with the row locked, and after
    whatever is a 409."""
    header: str | None = request.META.get("HTTP_IF_MATCH")
    if header is None:
        return
    wanted = parse_etags(header)
    if not wanted:  # never as if it were absent: the caller did mean to be protected
        message = gettext_noop("If-Match takes entity tags in double quotes, or *.")
        raise Unreadable("if_match_invalid", message, faults=[Fault("if_match_invalid", message, header="If-Match")])
    if "*" not in wanted and etag not in wanted:
        message = gettext_noop("It changed since you read it: read it again, and decide again.")
        fault = Fault("stale", message, header="If-Match")
        raise Stale("stale", message, faults=[fault], headers={"ETag": etag})


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether the caller already has this state (``If-None-Match``), so that 304 without a body will do."""
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in known or etag in {tag.removeprefix("W/") for tag in known}
