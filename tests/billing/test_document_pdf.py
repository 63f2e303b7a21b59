"""The PDF, read back: its text, its fonts, its metadata, and its pictures as a scanner sees them."""

import io
from dataclasses import replace
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from billing.documents import DocumentView, RenderingFault, render_pdf
from billing.documents.pdf import pdf_of
from tests.billing.papers import BUYER, QR_URL, SELLER, a_draft_view, a_line, a_view, many_lines

MM_PER_INCH = 25.4


def reader_of(view: DocumentView) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(render_pdf(view)))


def pages_of(view: DocumentView) -> list[str]:
    return [page.extract_text() for page in reader_of(view).pages]


def words_of(text: str) -> str:
    """The text with its lines joined, as a person reads it."""
    return " ".join(text.split())


def picture_of(pdf: bytes, *, page: int = 0, dpi: int = 150) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image.Image = document[page].render(scale=dpi / 72).to_pil()
    return picture.convert("L")


def test_the_page_tells_it_all():
    """RD 1619/2012 art. 6, the QR's texts of Orden HAC/1177/2024 arts. 20–21, and the register of CCom art. 24.1."""
    view = a_view(a_line("Silla de oficina"), mentions=("Inversión del sujeto pasivo",), notes="Uno.\nDos.")
    text = words_of(pages_of(view)[0])

    for expected in (
        "QR tributario:",
        "Factura verificable en la sede electrónica de la AEAT",
        "VERI*FACTU",
        "Taller Ribera Diseño Industrial, S.L.",
        "NIF 89890001K",
        "Cerámicas Núñez e Hijos, S.A.",
        "Factura A-2026-00001",
        "23/11/2026",
        "Silla de oficina",
        "121,00 €",
        "Inversión del sujeto pasivo",
        "ES91 2100 0418 4502 0005 1332",
        "Uno. Dos.",
        "Registro Mercantil de Madrid",
        "Página 1 de 1",
    ):
        assert expected in text


def test_the_english_one_is_english():
    text = words_of(pages_of(a_view(language="en"))[0])

    assert "Invoice A-2026-00001" in text
    assert "€121.00" in text
    assert "Page 1 of 1" in text
    assert "QR tributario:" in text


@pytest.mark.parametrize("view", [a_view(*many_lines(40), is_test=True), a_draft_view()], ids=["test", "draft"])
def test_every_font_is_inside(view):
    pages: list[Any] = list(reader_of(view).pages)
    fonts = [font for page in pages for font in page["/Resources"]["/Font"].values()]

    assert fonts
    for font in fonts:
        assert "+IBMPlexSans" in font["/BaseFont"]
        assert "/FontFile2" in font["/FontDescriptor"]


def test_the_metadata_lead_back_to_the_request():
    reader = reader_of(a_view(correlation_id="corr-7f3a"))

    assert reader.metadata is not None
    assert reader.metadata.keywords == "corr-7f3a"
    assert reader.metadata.title == reader.metadata.subject == "Factura A-2026-00001"
    assert reader.metadata.author == "Taller Ribera Diseño Industrial, S.L."
    assert str(reader.root_object["/Lang"]) == "es"


def test_a_scanner_reads_the_records_address_from_the_print():
    codes = zxingcpp.read_barcodes(picture_of(render_pdf(a_view())))

    assert [code.text for code in codes] == [QR_URL]
    assert codes[0].ec_level == "M"


@pytest.mark.parametrize("url", [QR_URL, QR_URL.replace("A-2026-00001", "X" * 60), QR_URL[:40]], ids=len)
def test_the_printed_symbol_measures_30_to_40_mm_in_a_quiet_zone(url):
    """Orden HAC/1177/2024 art. 21: the symbol itself, whatever its version; at least 2 mm of white around it."""
    dpi = 300
    picture = picture_of(render_pdf(a_view(qr_url=url)), dpi=dpi)
    corners = zxingcpp.read_barcodes(picture)[0].position
    left, top, right = corners.top_left.x, corners.top_left.y, corners.top_right.x
    quiet = round(2 * dpi / MM_PER_INCH)

    assert 33 < (right - left) / dpi * MM_PER_INCH < 35
    assert 33 < (corners.bottom_left.y - top) / dpi * MM_PER_INCH < 35
    for box in (
        (left - quiet, top - quiet, right + quiet, top - 3),
        (left - quiet, corners.bottom_left.y + 3, right + quiet, corners.bottom_left.y + quiet),
        (left - quiet, top, left - 3, corners.bottom_left.y),
        (right + 3, top, right + quiet, corners.bottom_left.y),
    ):
        assert picture.crop(box).getextrema() == (255, 255)


def test_the_qr_code_comes_before_the_content_and_on_the_first_page_only():
    pdf = render_pdf(a_view(*many_lines(60)))
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    codes = zxingcpp.read_barcodes(picture_of(pdf))

    assert codes[0].position.bottom_left.y < 0.3 * picture_of(pdf).height
    assert pages[0].index("QR tributario:") < pages[0].index("VERI*FACTU") < pages[0].index("Taller Ribera\n")
    assert not any("QR" in page for page in pages[1:])
    assert all(not zxingcpp.read_barcodes(picture_of(pdf, page=page)) for page in range(1, len(pages)))


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_test_is_marked_on_every_page(language):
    view = a_view(*many_lines(26), is_test=True, language=language)
    marked, plain = render_pdf(view), render_pdf(replace(view, is_test=False))
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(marked)).pages]

    assert len(pages) == 2
    for number, text in enumerate(pages):
        across, paper = (picture_of(pdf, page=number, dpi=36).histogram() for pdf in (marked, plain))
        assert "SIN VALIDEZ" in text
        assert paper[255] - across[255] > 0.03 * sum(paper)  # the mark across the page is no white


def test_a_live_invoice_bears_no_mark():
    assert "SIN VALIDEZ" not in "".join(pages_of(a_view()))


def test_a_draft_has_neither_number_nor_qr_code():
    view = a_draft_view()
    text = pages_of(view)[0]

    assert "BORRADOR" in text
    assert "QR" not in text
    assert "VERI*FACTU" not in text
    assert "A-2026" not in text
    assert not zxingcpp.read_barcodes(picture_of(render_pdf(view)))


def test_a_long_invoice_repeats_its_headers_and_counts_its_pages():
    pages = pages_of(a_view(*many_lines(120)))

    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert "Concepto" in page
        assert "Importe" in page
        assert f"Página {number} de {len(pages)}" in words_of(page)
        assert number == 1 or "Factura A-2026-00001" in page
    assert [page.count("Base imponible") for page in pages] == [0] * (len(pages) - 1) + [1]


@pytest.mark.parametrize("count", range(14, 26))
def test_the_totals_never_stand_alone_on_a_page(count):
    """Wherever the page ends, the last line goes with them."""
    last = pages_of(a_view(*many_lines(count)))[-1]

    assert "Total factura" in last
    assert f"{count} " in last[last.index("Concepto") : last.index("Total factura")]


def test_a_draft_without_lines_can_be_looked_at():
    assert "0,00 €" in pages_of(replace(a_draft_view(), lines=(), taxes=()))[0]


def test_the_longest_words_stay_on_the_page():
    """Every text as long as its column lets it be, without a blank to break it at."""
    seller = replace(
        SELLER, name="W" * 120, trade_name="M" * 120, street="W" * 200, city="W" * 100, province="M" * 100,
        email=f"{'w' * 240}@example.es", website=f"https://{'w' * 180}.es", registry_details="W" * 250,
    )  # fmt: skip
    buyer = replace(BUYER, name="W" * 120, street="W" * 200, city="W" * 100, country="DE")
    view = a_view(
        a_line("W" * 500, product_code="W" * 60), seller=seller, buyer=buyer, number="W" * 60, fiscal_type="F3",
        purchase_order="W" * 100, buyer_reference="W" * 100, payment_terms="W" * 250, notes="W" * 2000, is_test=True,
    )  # fmt: skip
    pdf = render_pdf(view)
    margin = round(15 / MM_PER_INCH * 72)

    with pypdfium2.PdfDocument(pdf) as document:
        pages = range(len(document))
    for page in pages:
        picture = picture_of(pdf, page=page, dpi=72)
        for box in ((0, 0, margin, picture.height), (picture.width - margin, 0, picture.width, picture.height)):
            assert picture.crop(box).getextrema() == (255, 255)


def test_what_looks_like_markup_is_text():
    text = words_of(pages_of(a_view(a_line("<b>&amp; <pdf:nextpage> <script>x</script> {{ paper }}")))[0])

    assert "<b>&amp; <pdf:nextpage> <script>x</script> {{ paper }}" in text


def test_what_no_font_draws_is_shown_as_missing():
    text = words_of(pages_of(a_view(a_line("Té 北京 😀 e\u0301\u200d\x07Ωμέγα Жук fin")))[0])

    assert "Té �� � é Ωμέγα Жук fin" in text  # never a word that is silently shorter


@settings(max_examples=15)
@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=3))
def test_no_text_breaks_the_paper(texts):
    lines = [a_line(text) for text in texts]

    assert render_pdf(a_view(*lines, notes="\n".join(texts))).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "fragment",
    [
        '<img src="/etc/hostname">',
        '<img src="../../manage.py">',
        '<img src="http://127.0.0.1:9/x.png">',
        '<p style="font-family: Nowhere">x</p>',
        "<p>北</p>",
    ],
)
def test_any_complaint_of_the_renderer_is_a_fault_and_no_log(fragment, capfd):
    with pytest.raises(RenderingFault):
        pdf_of(f"<html><body>{fragment}</body></html>")
    assert capfd.readouterr().err == ""
