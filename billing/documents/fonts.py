"""Our faces, which go into every document, and what they can draw."""

from __future__ import annotations

import unicodedata

from django.conf import settings
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus.tables import CellStyle

ROOT = settings.BASE_DIR / "templates" / "documents"

# The names under which xhtml2pdf files the faces of the stylesheet's «Plex».
REGULAR, BOLD = "plex_00", "plex_10"
pdfmetrics.registerFont(TTFont(REGULAR, ROOT / "fonts" / "IBMPlexSans-Regular.ttf"))
pdfmetrics.registerFont(TTFont(BOLD, ROOT / "fonts" / "IBMPlexSans-SemiBold.ttf"))
# ReportLab begins every page and every table cell in a base font, which a PDF may not name without embedding it.
pdfmetrics.registerFontFamily("plex", normal=REGULAR, bold=BOLD, baseFontFor="both")
CellStyle.fontname = REGULAR


class _Drawable(dict[int, str]):
    """What our faces draw, as a table for ``str.translate``, filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        self[code] = _drawn(chr(code))
        return self[code]


def _drawn(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:  # controls
        return "\n" if character == "\n" else " "
    if category == "Cf":  # joiners and marks of direction: seen by nobody
        return ""
    known = all(ord(character) in pdfmetrics.getFont(face).face.charToGlyph for face in (REGULAR, BOLD))
    return character if known else "" if category == "Mn" else "\N{REPLACEMENT CHARACTER}"


_DRAWABLE = _Drawable()


def drawable(text: str) -> str:
    """``text`` without what our fonts lack: emoji and scripts other than Latin, Greek and Cyrillic become �."""
    return unicodedata.normalize("NFC", text).translate(_DRAWABLE)
