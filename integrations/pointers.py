"""JSON Pointers in their URI-fragment form (RFC 6901 §6), as RFC 9457 wants them."""

from __future__ import annotations

from urllib.parse import quote

_KEPT = "~!$&'()*+,;=:@"  # what a fragment may hold unescaped (RFC 3986 §3.5), besides letters and digits


def pointer(*path: str | int) -> str:
    """``pointer("lines", 1, "tax_rate")`` is ``#/lines/1/tax_rate``; without a path, the whole body: ``#``."""
    return "#" + "".join(f"/{_escaped(str(part))}" for part in path)


def _escaped(part: str) -> str:
    return quote(part.replace("~", "~0").replace("/", "~1"), safe=_KEPT)
