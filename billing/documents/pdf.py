"""Paper to PDF: Django's template, xhtml2pdf, our own fonts. Nothing is fetched, and nothing is let pass."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.template import Context, Engine
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import ResourceAccessPolicy

from billing.documents.fonts import ROOT, drawable
from billing.documents.paper import paper_of
from billing.documents.qr import qr_image
from billing.documents.view import DocumentView

# An engine of its own: compiled once, with no tags but Django's, whatever the pages of the admin need.
TEMPLATE = Engine(dirs=[str(ROOT)]).get_template("invoice.html")
# Shorter than a worker's lease, so that no document is at work twice.
POLICY = ResourceAccessPolicy.server(ROOT, allow_remote=False, max_render_seconds=50)

LOGGER = logging.getLogger("xhtml2pdf")
LOGGER.propagate = False  # it may quote the invoice: what it says goes into the fault, not into the logs


class RenderingFault(Exception):
    """The renderer complained: a font that is not there, text that was cut, a resource that it may not read."""


def render_pdf(view: DocumentView) -> bytes:
    """The document as PDF, with all its fonts inside. Any complaint of the renderer is a ``RenderingFault``."""
    return pdf_of(html_of(view))


def html_of(view: DocumentView) -> str:
    """The template filled in, in characters that our font can draw."""
    context = Context({"paper": paper_of(view), "qr": qr_image(view.qr_url)}, use_l10n=False)
    return drawable(TEMPLATE.render(context))


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
    LOGGER.addHandler(handler)
    try:
        yield handler.messages
    finally:
        LOGGER.removeHandler(handler)
