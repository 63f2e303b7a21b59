"""Paper to PDF: Django's template, xhtml2pdf, our own fonts. Nothing is fetched, and nothing is let pass."""

from __future__ import annotations

import io
import logging
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.template import Context, Engine
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus.tables import CellStyle
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import ResourceAccessPolicy

from billing.documents.paper import paper_of
from billing.documents.qr import qr_image
from billing.documents.view import DocumentView

ROOT = settings.BASE_DIR / "templates" / "documents"
# An engine of its own: compiled once, with no tags but Django's, whatever the pages of the admin need.
TEMPLATE = Engine(dirs=[str(ROOT)]).get_template("invoice.html")
# Shorter than a worker's lease, so that no document is at work twice.
POLICY = ResourceAccessPolicy.server(ROOT, allow_remote=False, max_render_seconds=50)

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


class RenderingFault(Exception):
    """The renderer complained: a font that is not there, text that was cut, a resource that it may not read."""


def render_pdf(view: DocumentView) -> bytes:
    """The document as PDF, with all its fonts inside. Any complaint of the renderer is a ``RenderingFault``."""
    return pdf_of(html_of(view))


def html_of(view: DocumentView) -> str:
    """The template filled in, in characters that our font can draw."""
    context = Context({"paper": paper_of(view), "qr": qr_image(view.qr_url)}, use_l10n=False)
    return drawable(TEMPLATE.render(context))


def drawable(text: str) -> str:
    """``text`` without what our fonts lack: emoji and scripts other than Latin, Greek and Cyrillic become �."""
    return unicodedata.normalize("NFC", text).translate(_DRAWABLE)


def pdf_of(html: str) -> bytes:
    """Our HTML as PDF."""
    output = io.BytesIO()
    with _complaints() as complaints:
        result = pisa.CreatePDF(html, dest=output, path=str(ROOT / "invoice.html"), resource_policy=POLICY)
    if result.err or result.warn or complaints:
        raise RenderingFault("; ".join(complaints) or str(result.log))
    return output.getvalue()


class _Complaints(logging.Handler):
    """Collects what the renderer complains of in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.messages.append(record.getMessage())


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """xhtml2pdf counts some of its warnings and logs all of them."""
    handler = _Complaints()
    logger = logging.getLogger("xhtml2pdf")
    logger.addHandler(handler)
    try:
        yield handler.messages
    finally:
        logger.removeHandler(handler)
