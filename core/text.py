"""Text as people search it."""

import unicodedata


def searchable(text: str) -> str:
    """``text`` without accents, case or doubled blanks: «Peña  & Hijos» and «pena & hijos» are one."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())
