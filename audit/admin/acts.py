"""The buttons at the head of a page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Act:
    """A button: a link to a page that asks, or a form that acts at once (``posts``)."""

    label: str | Promise
    url: str
    tone: str = "plain"
    posts: bool = False
