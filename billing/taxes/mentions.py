"""What the invoice must say about its taxes (RD 1619/2012 art. 6.1.j to p). The Spanish words are the law's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from billing.taxes.categories import IVA, NOT_LOCATED, NOT_SUBJECT, REVERSE_CHARGE, Label

SELF_BILLED = Label("Facturación por el destinatario", "Self-billing")  # l
_REVERSED = Label("Inversión del sujeto pasivo", "Reverse charge")  # m
# m again: a service to a business elsewhere in the Union, taxed there (LIVA art. 69).
_REVERSED_IN_THE_UNION = Label(
    "Inversión del sujeto pasivo (artículo 196 de la Directiva 2006/112/CE)",
    "Reverse charge (article 196 of Directive 2006/112/EC)",
)
_CATEGORIES = {
    REVERSE_CHARGE: _REVERSED,
    NOT_SUBJECT: Label("Operación no sujeta", "Outside the scope of the tax"),
    NOT_LOCATED: Label(
        "Operación no sujeta por las reglas de localización", "Outside the scope of the tax by the place of supply"
    ),
}
_REGIMES = {
    "03": Label("Régimen especial de los bienes usados", "Margin scheme: second-hand goods"),  # o
    "05": Label("Régimen especial de las agencias de viajes", "Margin scheme: travel agents"),  # n
    "07": Label("Régimen especial del criterio de caja", "Cash accounting"),  # p
}
_EXEMPT_FROM_IVA = {  # j
    "E1": Label(
        "Operación exenta: artículo 20 de la Ley 37/1992, del IVA",
        "Exempt: article 20 of the Spanish VAT Act (Ley 37/1992)",
    ),
    "E2": Label(
        "Exportación exenta: artículo 21 de la Ley 37/1992, del IVA",
        "Exempt export: article 21 of the Spanish VAT Act (Ley 37/1992)",
    ),
    "E3": Label(
        "Operación asimilada a una exportación, exenta: artículo 22 de la Ley 37/1992, del IVA",
        "Exempt like an export: article 22 of the Spanish VAT Act (Ley 37/1992)",
    ),
    "E4": Label(
        "Operación exenta: artículos 23 y 24 de la Ley 37/1992, del IVA",
        "Exempt: articles 23 and 24 of the Spanish VAT Act (Ley 37/1992)",
    ),
    "E5": Label(
        "Entrega intracomunitaria exenta: artículo 25 de la Ley 37/1992, del IVA",
        "Exempt intra-Community supply: article 138 of Directive 2006/112/EC",
    ),
    "E6": Label("Operación exenta del IVA", "Exempt from VAT"),
}
# Elsewhere the causes differ from source to source; that the operation is exempt is what art. 6.1.j asks to say.
_EXEMPT_ELSEWHERE = {
    "IGIC": Label("Operación exenta del IGIC", "Exempt from IGIC"),
    "IPSI": Label("Operación exenta del IPSI", "Exempt from IPSI"),
    "OTHER": Label("Operación exenta", "Exempt"),
}


class Taxed(Protocol):
    """A tax subtotal, calculated or stored."""

    @property
    def tax(self) -> str: ...
    @property
    def tax_category(self) -> str: ...
    @property
    def exemption_code(self) -> str: ...
    @property
    def regime_code(self) -> str: ...


def mentions_for(subtotals: Iterable[Taxed], *, buyer_tax_id_kind: str = "", self_billed: bool = False) -> list[Label]:
    """The special mentions of an invoice, each once, in the order of its subtotals.

    ``buyer_tax_id_kind`` is ``eu_vat`` for a business elsewhere in the Union. Of the three names of the margin scheme
    (letter o) the key 03 tells only the first; one that sells art or antiques says so in its notes.
    """
    found = [SELF_BILLED] if self_billed else []
    for subtotal in subtotals:
        found += _mentions(subtotal, to_the_union=buyer_tax_id_kind == "eu_vat")
    return list(dict.fromkeys(found))


def _mentions(subtotal: Taxed, *, to_the_union: bool) -> Iterator[Label]:
    if subtotal.exemption_code:
        yield _exemption(subtotal.tax, subtotal.exemption_code)
    elif to_the_union and subtotal.tax == IVA and subtotal.tax_category == NOT_LOCATED:
        yield _REVERSED_IN_THE_UNION
    elif category := _CATEGORIES.get(subtotal.tax_category):
        yield category
    if regime := _REGIMES.get(subtotal.regime_code):
        yield regime


def _exemption(tax: str, code: str) -> Label:
    if tax == IVA:
        return _EXEMPT_FROM_IVA[code]
    if code == "E7":
        return Label(
            "Operación exenta del IGIC: régimen especial del pequeño empresario o profesional",
            "Exempt from IGIC: small business regime",
        )
    return _EXEMPT_ELSEWHERE[tax]
