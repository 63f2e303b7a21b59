"""Reading JSON strictly: what two programs could read differently is refused instead of guessed (RFC 8259, I-JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from core.errors import Unreadable, gettext_noop
from integrations.errors import UnsupportedMediaType
from integrations.problems import body_too_large

MAX_DEPTH = 32

_HEADER_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)  # NUL, or a surrogate that may stand alone


class JSONFloat(str):
    """A JSON number with a fraction or an exponent, kept as its text: it never becomes a binary float on the way to
    money, the fields can still tell it from a string, and the request's fingerprint needs it as it was written."""

    __slots__ = ()


class StrictJSONParser(BaseParser):
    """An object in UTF-8 of at most 5 MB and 32 levels, without repeated names, NaN, NUL or lone surrogates."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        del parser_context  # the framework's signature
        _refuse_other_charsets(media_type or "")
        return parse_object(_read(stream))


class MergePatchParser(StrictJSONParser):
    """The same under the name that RFC 7396 gives it, for PATCH."""

    media_type = "application/merge-patch+json"


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that ``body`` holds; ``Unreadable`` (400) where it holds anything else."""
    text = _decoded(body)
    value = _loaded(text)
    if not isinstance(value, dict):
        raise Unreadable("body_not_an_object", gettext_noop("The body must be a JSON object."))
    _refuse_depth(value)
    if _SUSPECT_ESCAPE.search(text):
        _refuse_unstorable(value)
    return value


def _read(stream: IO[bytes]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise body_too_large()
    return body


def _refuse_other_charsets(media_type: str) -> None:
    charset = _HEADER_CHARSET.search(media_type)
    if charset and charset[1].lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("unsupported_media_type", gettext_noop("Send application/json in UTF-8."))


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = gettext_noop("The body is not UTF-8: byte %(at)s.")
        raise Unreadable("body_not_utf8", message, params={"at": error.start}) from error


def _loaded(text: str) -> object:
    try:
        return json.loads(
            text, parse_float=JSONFloat, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats
        )
    except json.JSONDecodeError as error:
        message = gettext_noop("The body is not JSON: line %(line)s, column %(column)s.")
        raise Unreadable("body_not_json", message, params={"line": error.lineno, "column": error.colno}) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise Unreadable("number_too_long", gettext_noop("A number has too many digits.")) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # add gives None on purpose
        raise Unreadable("duplicate_name", gettext_noop("The name %(name)s appears twice."), params={"name": name})
    return result


def _refuse_constant(name: str) -> None:
    raise Unreadable("body_not_json", gettext_noop("%(name)s is not JSON."), params={"name": name})


def _too_deep() -> Unreadable:
    message = gettext_noop("The body is nested deeper than %(limit)s levels.")
    return Unreadable("body_too_deep", message, params={"limit": MAX_DEPTH})


def _refuse_depth(value: object) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for container in level for child in _children(container) if isinstance(child, dict | list)]
        if not level:
            return
    raise _too_deep()


def _children(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _refuse_unstorable(value: dict[str, Any]) -> None:
    """PostgreSQL stores neither U+0000 nor half a surrogate pair."""
    text = json.dumps(value, ensure_ascii=False)
    if r"\u0000" in text.replace(r"\\", ""):
        raise Unreadable("character_not_allowed", gettext_noop("The character U+0000 is not allowed."))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unreadable("character_not_allowed", gettext_noop("A surrogate stands alone.")) from error
