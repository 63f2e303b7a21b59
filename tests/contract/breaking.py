"""What would break somebody: two OpenAPI documents compared, the older one being what was promised.

What is sent to us may only be allowed more than before, and what we answer may only say more, never anything of another
kind. New operations, fields, statuses and enum values are no breaks: whoever reads answers must live with words that
they do not know (docs/migrating-to-v2.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Document = Mapping[str, Any]
Schema = Mapping[str, Any]
Direction = Literal["sent", "answered"]

METHODS = ("get", "put", "post", "patch", "delete")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def breaks(old: Document, new: Document) -> list[str]:
    """A sentence for each thing that worked with ``old`` and would not with ``new``."""
    return sorted(set(_Comparison(old, new).paths()))


@dataclass(frozen=True)
class _Comparison:
    old: Document
    new: Document

    def paths(self) -> Iterator[str]:
        for path, operations in self.old["paths"].items():
            for method in METHODS:
                if method not in operations:
                    continue
                place = f"{method.upper()} {path}"
                if method not in self.new["paths"].get(path, {}):
                    yield f"{place} is gone"
                else:
                    yield from self.operation(place, operations[method], self.new["paths"][path][method])

    def operation(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{place} has another operationId, which generated clients are named by"
        for scope in sorted(_scopes(new) - _scopes(old)):
            yield f"{place} needs the scope {scope}"
        yield from self.parameters(place, old, new)
        yield from self.request_body(place, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield f"{place} answers {status} no more"
            else:
                yield from self.response(f"{place} {status}", response, new["responses"][status])

    def parameters(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = self._parameters(self.old, old), self._parameters(self.new, new)
        for key, parameter in before.items():
            here = f"{place} {' '.join(key)}"
            if key not in after:
                yield f"{here} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{here} is required"
            if parameter["schema"].get("default") != after[key]["schema"].get("default"):
                yield f"{here} has another default"
            yield from self.schema(here, parameter["schema"], after[key]["schema"], "sent")
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{place} {' '.join(key)} is required"

    def request_body(self, place: str, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if new and new.get("required") and not (old and old.get("required")):
            yield f"{place} needs a body"
        if old:
            yield from self.content(place, old["content"], (new or {"content": {}})["content"], "sent")

    def response(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = _resolved(self.old, old), _resolved(self.new, new)
        for header in before.get("headers", {}):
            if header not in after.get("headers", {}):
                yield f"{place} has no header {header}"
        yield from self.content(place, before.get("content", {}), after.get("content", {}), "answered")

    def content(self, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
        for media_type, media in old.items():
            if media_type not in new:
                yield f"{place} is {media_type} no more"
            else:
                schema = new[media_type].get("schema", {})
                yield from self.schema(f"{place} {media_type}", media.get("schema", {}), schema, direction)

    def schema(
        self, place: str, old: Schema, new: Schema, direction: Direction, seen: frozenset[Any] = frozenset()
    ) -> Iterator[str]:
        """Every way of being the one must be a way of being the other: of what is sent, the old ones of the new; of
        what is answered, the new ones of the old."""
        pair = (old.get("$ref"), new.get("$ref"), direction)
        if all(pair) and pair in seen:
            return
        seen |= {pair}
        before, after = _alternatives(self.old, old), _alternatives(self.new, new)
        narrow, wide = (before, after) if direction == "sent" else (after, before)
        for one in narrow:
            tries = [
                list(self.alternative(place, *((one, other) if direction == "sent" else (other, one)), direction, seen))
                for other in wide
                if one.get("type") == other.get("type") or not one.get("type") or not other.get("type")
            ]
            if not tries:
                verb = "takes no" if direction == "sent" else "may be"
                yield f"{place} {verb} {one.get('type', 'anything')}" + (" any more" if direction == "sent" else "")
            else:
                yield from min(tries, key=len)

    def alternative(
        self, place: str, old: Schema, new: Schema, direction: Direction, seen: frozenset[Any]
    ) -> Iterator[str]:
        yield from _values(place, old, new, direction)
        yield from _limits(place, old, new, direction)
        yield from self.properties(place, old, new, direction, seen)
        if "items" in old:
            yield from self.schema(f"{place}[]", old["items"], new.get("items", {}), direction, seen)
        yield from self.others(place, old, new, direction, seen)

    def properties(
        self, place: str, old: Schema, new: Schema, direction: Direction, seen: frozenset[Any]
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{place}.{name} is gone"
            else:
                yield from self.schema(f"{place}.{name}", schema, after[name], direction, seen)
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        if direction == "sent":
            yield from (f"{place}.{name} is required" for name in sorted(now - was))
        else:
            yield from (f"{place}.{name} may be left out" for name in sorted((was - now) & set(after)))

    def others(self, place: str, old: Schema, new: Schema, direction: Direction, seen: frozenset[Any]) -> Iterator[str]:
        """Fields that have no names of their own."""
        was, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from self.schema(f"{place}.*", was, now, direction, seen)
        elif direction == "sent" and was is not False and now is not was:
            yield f"{place} takes no other fields any more"
        elif direction == "answered" and isinstance(was, Mapping) and now is not was:
            yield f"{place} has other fields of any kind"

    def _parameters(self, document: Document, operation: Schema) -> dict[tuple[str, str], Schema]:
        parameters = (_resolved(document, parameter) for parameter in operation.get("parameters", ()))
        return {(parameter["in"], parameter["name"]): parameter for parameter in parameters}


def _values(place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
    """Words, and how text is written."""
    was, now = old.get("enum"), new.get("enum")
    if was is not None and now is not None:
        yield from (f"{place} has no {value!r} any more" for value in was if value not in now)
    for name in ("enum", "const", "format", "pattern", "propertyNames", "uniqueItems"):
        before, after = old.get(name), new.get(name)
        if before == after or (name == "enum" and before is not None and after is not None):
            continue
        if (after if direction == "sent" else before) is not None:  # what falls away here only lets more in
            yield f"{place} has another {name}"


def _limits(place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
    narrow, wide = (new, old) if direction == "sent" else (old, new)
    for name in (*LOWER, *UPPER):
        if name not in narrow:
            continue
        strict, loose = narrow[name], wide.get(name)
        is_held = loose is not None and (loose >= strict if name in LOWER else loose <= strict)
        if not is_held and not (name in LOWER and strict == 0):
            yield f"{place} has another {name}"


def _scopes(operation: Schema) -> set[str]:
    """What a token needs; of several ways in, what any of them needs."""
    return {scope for way in operation.get("security", ()) for scopes in way.values() for scope in scopes}


def _resolved(document: Document, part: Schema) -> Schema:
    while "$ref" in part:
        target: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = {**target, **{name: value for name, value in part.items() if name != "$ref"}}
    return part


def _alternatives(document: Document, schema: Schema) -> list[Schema]:
    """The ways of being it, each of one type: references followed, ``allOf`` put together, ``oneOf`` and ``anyOf`` laid
    side by side."""
    schema = dict(_resolved(document, schema))
    for part in schema.pop("allOf", ()):
        schema = {**_resolved(document, part), **schema}
    ways: Sequence[Schema] = [*schema.pop("oneOf", ()), *schema.pop("anyOf", ())]
    if ways:
        return [one for way in ways for one in _alternatives(document, {**schema, **_resolved(document, way)})]
    types = schema.get("type")
    if isinstance(types, list):
        return [_of_type(schema, kind) for kind in types]
    return [schema]


def _of_type(schema: Schema, kind: str) -> Schema:
    words = (
        {"enum": [word for word in schema["enum"] if (word is None) == (kind == "null")]} if "enum" in schema else {}
    )
    return {**schema, "type": kind, **words} if kind != "null" else {"type": "null"}
