"""States as small coloured words."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString


class Tone(StrEnum):
    """What a state means for who looks at it; the stylesheet knows the colours."""

    CALM = "calm"
    ACTIVE = "active"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


def badge(text: str | Promise, tone: Tone = Tone.CALM) -> SafeString:
    """``text`` as a badge."""
    return format_html('<span class="co-badge co-{}">{}</span>', tone.value, text)
