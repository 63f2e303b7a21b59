"""JSON Merge Patch (RFC 7396)."""

from __future__ import annotations

from collections.abc import Mapping


def merged(target: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """``target`` with the changes of ``patch``: objects merge, all else is replaced.

    A null stays where it is instead of removing the member: the shapes that judge the result read it as left out, and
    an unknown name must not slip through with it.
    """
    return {**target, **{name: _changed(target.get(name), change) for name, change in patch.items()}}


def _changed(present: object, change: object) -> object:
    if not isinstance(change, Mapping):
        return change
    return merged(present if isinstance(present, Mapping) else {}, change)
