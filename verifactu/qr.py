"""The address in the fiscal QR code (Orden HAC/1177/2024 arts. 20 and 21; AEAT specification 0.5.0)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from core.modes import Mode
from verifactu.fingerprint import RegistrationLiterals

_HOSTS: Final = {Mode.LIVE: "www2.agenciatributaria.gob.es", Mode.TEST: "prewww2.aeat.es"}


def verification_url(registered: RegistrationLiterals, *, mode: Mode) -> str:
    """Where the buyer asks the AEAT for this invoice: the literals of its record, never the amount net of withholding.

    A test invoice leads to the AEAT's test host, so that it cannot be taken for a real one.
    """
    query = {
        "nif": registered.issuer_tax_id,
        "numserie": registered.number,
        "fecha": registered.issue_date,
        "importe": registered.gross_total,
    }
    return f"https://{_HOSTS[mode]}/wlpl/TIKE-CONT/ValidarQR?{urlencode(query, quote_via=quote, safe='')}"
