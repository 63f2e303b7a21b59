"""Which tax ids and countries are well formed."""

from __future__ import annotations

import re
from typing import Final

from stdnum.es import nif

from core.countries import country_codes

_EU_VAT_IDS: Final = {
    "AT": r"[0-9A-Z]{9}",
    "BE": r"\d{10}",
    "BG": r"\d{9,10}",
    "CY": r"[0-9A-Z]{9}",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "FI": r"\d{8}",
    "FR": r"[0-9A-Z]{11}",
    "GB": r"[0-9A-Z]{5}|[0-9A-Z]{9}|[0-9A-Z]{12}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"[0-9A-Z]{8,9}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[0-9A-Z]{12}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"[1-9]\d{1,9}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"[0-9A-Z]{5}|[0-9A-Z]{9}|[0-9A-Z]{12}",
}
"""The structures that the AEAT publishes (Validaciones 1.2.2, note 1); whether a VAT id is alive only VIES knows."""

_ISO_CODES_THE_AEAT_LACKS: Final = frozenset({"AX", "BL", "EH", "GF", "GP", "MF", "MQ", "SJ", "XI"})
_CODES_OF_ITS_OWN: Final = frozenset({"QU", "XB", "XG", "XN", "XU"})


def is_nif(value: str) -> bool:
    """Whether it is a NIF as the AEAT writes it: nine characters, right control, a number other than nought."""
    return nif.compact(value) == value and nif.is_valid(value) and any(c in "123456789" for c in value[1:-1])


def is_natural_persons_nif(value: str) -> bool:
    """Whether it is a DNI, a NIE, or a NIF beginning with K, L or M."""
    return is_nif(value) and value[0] in "0123456789XYZKLM"


def is_vat_id(value: str) -> bool:
    """Whether it has the structure of its country's VAT ids."""
    structure = _EU_VAT_IDS.get(value[:2])
    return structure is not None and re.fullmatch(structure, value[2:], re.ASCII) is not None


def is_country(value: str) -> bool:
    """Whether it is on the AEAT's list (``CountryType2``), which is not quite ISO 3166-1."""
    return value in country_codes() - _ISO_CODES_THE_AEAT_LACKS or value in _CODES_OF_ITS_OWN
