"""One document, rendered by us and by a bare xhtml2pdf call on the same HTML; prints the seconds of both, in turn."""

from __future__ import annotations

import io
import sys
import time

import django
from xhtml2pdf import pisa

django.setup()

from billing.documents import document_view, render_pdf  # noqa: E402 - Django comes first
from billing.documents.fonts import ROOT  # noqa: E402 - Django comes first
from billing.documents.pdf import html_of  # noqa: E402 - Django comes first
from billing.models import Invoice  # noqa: E402 - Django comes first


def main(invoice_id: str, rounds: int) -> None:
    """Each round prints ours and the bare call's; the invoice is read before, since both need it."""
    view = document_view(Invoice.objects.get(id=invoice_id))
    html, path = html_of(view), str(ROOT / "invoice.html")  # the path leads to the fonts
    for _ in range(rounds):
        begin = time.perf_counter()
        render_pdf(view)
        between = time.perf_counter()
        pisa.CreatePDF(html, dest=io.BytesIO(), path=path)
        print(between - begin, time.perf_counter() - between)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
