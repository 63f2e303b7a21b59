"""Names of countries as they are written in an address."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# Where Spanish businesses sell most; any other is written in English, which every post office reads.
_SPANISH = {
    "AD": "Andorra", "AE": "Emiratos Árabes Unidos", "AR": "Argentina", "AT": "Austria", "AU": "Australia",
    "BE": "Bélgica", "BG": "Bulgaria", "BR": "Brasil", "CA": "Canadá", "CH": "Suiza", "CL": "Chile", "CN": "China",
    "CO": "Colombia", "CR": "Costa Rica", "CU": "Cuba", "CY": "Chipre", "CZ": "Chequia", "DE": "Alemania",
    "DK": "Dinamarca", "DO": "República Dominicana", "EC": "Ecuador", "EE": "Estonia", "ES": "España",
    "FI": "Finlandia", "FR": "Francia", "GB": "Reino Unido", "GI": "Gibraltar", "GR": "Grecia", "GT": "Guatemala",
    "HR": "Croacia", "HU": "Hungría", "IE": "Irlanda", "IL": "Israel", "IN": "India", "IT": "Italia", "JP": "Japón",
    "KR": "Corea del Sur", "LT": "Lituania", "LU": "Luxemburgo", "LV": "Letonia", "MA": "Marruecos", "MC": "Mónaco",
    "MT": "Malta", "MX": "México", "NL": "Países Bajos", "NO": "Noruega", "NZ": "Nueva Zelanda", "PA": "Panamá",
    "PE": "Perú", "PL": "Polonia", "PT": "Portugal", "RO": "Rumanía", "RU": "Rusia", "SA": "Arabia Saudí",
    "SE": "Suecia", "SG": "Singapur", "SI": "Eslovenia", "SK": "Eslovaquia", "TR": "Turquía", "UA": "Ucrania",
    "US": "Estados Unidos", "UY": "Uruguay", "VE": "Venezuela", "XI": "Irlanda del Norte", "ZA": "Sudáfrica",
}  # fmt: skip


@cache
def _english() -> dict[str, str]:
    """ISO 3166-1 names, from the time zone database's own table."""
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = (line.partition("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {code: name for code, _, name in rows} | {"GB": "United Kingdom", "XI": "Northern Ireland"}


def country_name(code: str, language: str) -> str:
    """``FR`` is Francia or France; an unknown code stays as it is."""
    names = _english() if language == "en" else _english() | _SPANISH
    return names.get(code, code)
