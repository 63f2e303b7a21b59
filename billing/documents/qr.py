"""The fiscal QR code as a picture (Orden HAC/1177/2024 art. 21: ISO/IEC 18004, error correction level M)."""

import segno

# Dots for each module: 250 to 340 dpi at the printed size.
SCALE = 8


def qr_image(url: str) -> str:
    """A data URI of the bare symbol, or nothing without a ``url``.

    Without a border, so that the symbol is exactly as large as the template prints it (30 to 40 mm); the quiet zone is
    the template's white space.
    """
    if not url:
        return ""
    return segno.make_qr(url, error="m", boost_error=False).png_data_uri(scale=SCALE, border=0)
