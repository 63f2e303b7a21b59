"""The invoice on paper: from the row to values, from values to words, from words to PDF."""

from billing.documents.building import document_view
from billing.documents.pdf import RenderingFault, render_pdf
from billing.documents.view import DocumentView

__all__ = ["DocumentView", "RenderingFault", "document_view", "render_pdf"]
