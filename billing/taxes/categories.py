"""The taxes and what can become of an operation under them: taxed, reversed, not subject, exempt."""

from typing import NamedTuple


class Label(NamedTuple):
    """A text in the two languages of the house."""

    es: str
    en: str


IVA, IGIC, IPSI, OTHER = "IVA", "IGIC", "IPSI", "OTHER"

TAXES = {  # AEAT list L1
    IVA: Label("IVA · Impuesto sobre el Valor Añadido", "IVA · value added tax"),
    IGIC: Label("IGIC · Impuesto General Indirecto Canario", "IGIC · Canary Islands general indirect tax"),
    IPSI: Label("IPSI · Impuesto de Ceuta y Melilla", "IPSI · tax of Ceuta and Melilla"),
    OTHER: Label("Otro impuesto", "another tax"),
}

TAXED, REVERSE_CHARGE, NOT_SUBJECT, NOT_LOCATED, EXEMPT = "S1", "S2", "N1", "N2", "E"

CATEGORIES = {  # AEAT list L9; E stands for any cause of exemption
    TAXED: Label("Sujeta y no exenta", "taxed"),
    REVERSE_CHARGE: Label("Sujeta y no exenta, con inversión del sujeto pasivo", "taxed, reverse charge"),
    NOT_SUBJECT: Label("No sujeta (artículos 7, 14 y otros)", "not subject (articles 7, 14 and others)"),
    NOT_LOCATED: Label("No sujeta por reglas de localización", "not subject by the place of supply"),
    EXEMPT: Label("Exenta", "exempt"),
}

EXEMPTIONS = {  # AEAT list L10; under IGIC the causes are that law's own
    "E1": Label("Exenta por el artículo 20", "exempt, article 20"),
    "E2": Label("Exenta por el artículo 21: exportaciones", "exempt, article 21: exports"),
    "E3": Label("Exenta por el artículo 22: asimiladas a exportaciones", "exempt, article 22: like exports"),
    "E4": Label("Exenta por los artículos 23 y 24: regímenes aduaneros", "exempt, articles 23 and 24: customs"),
    "E5": Label(
        "Exenta por el artículo 25: entregas intracomunitarias", "exempt, article 25: intra-Community supplies"
    ),
    "E6": Label("Exenta por otras causas", "exempt for another reason"),
    "E7": Label("IGIC: pequeño empresario o profesional", "IGIC: small business"),
    "E8": Label("IGIC: exenta por otras causas", "IGIC: exempt for another reason"),
}
ONLY_IGIC = frozenset({"E7", "E8"})

_ORDINARY_TAX = {"mainland": IVA, "canary": IGIC, "ceuta": IPSI, "melilla": IPSI}


def ordinary_tax(territory: str) -> str:
    """The tax of a seller established there, where the line names none (LIVA art. 3, Ley 20/1991, Ley 8/1991)."""
    return _ORDINARY_TAX[territory]
