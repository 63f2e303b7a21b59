"""The special mentions of RD 1619/2012 art. 6.1.j to p; the law's own words must be there."""

from dataclasses import dataclass

import pytest

from billing.taxes import CATEGORIES, EXEMPTIONS, REGIMES, TAXES, mentions_for


@dataclass(frozen=True)
class Piece:
    tax: str = "IVA"
    tax_category: str = "S1"
    exemption_code: str = ""
    regime_code: str = "01"


def spanish(*pieces: Piece, buyer_tax_id_kind: str = "", self_billed: bool = False) -> list[str]:
    found = mentions_for(pieces, buyer_tax_id_kind=buyer_tax_id_kind, self_billed=self_billed)
    return [mention.es.lower() for mention in found]


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (Piece(tax_category="S2"), "inversión del sujeto pasivo"),
        (Piece(regime_code="05"), "régimen especial de las agencias de viajes"),
        (Piece(regime_code="03"), "régimen especial de los bienes usados"),
        (Piece(regime_code="07"), "régimen especial del criterio de caja"),
    ],
)
def test_the_law_prescribes_the_words(piece, words):
    assert spanish(piece) == [words]


def test_the_buyers_own_invoicing_is_said_first():
    assert spanish(Piece(tax_category="S2"), self_billed=True) == [
        "facturación por el destinatario",
        "inversión del sujeto pasivo",
    ]


def test_an_ordinary_invoice_says_nothing():
    assert spanish(Piece(), Piece(tax="IGIC"), Piece(regime_code="18")) == []


def test_a_service_to_a_business_of_the_union_reverses_the_charge():
    assert spanish(Piece(tax_category="N2"), buyer_tax_id_kind="eu_vat") == [
        "inversión del sujeto pasivo (artículo 196 de la directiva 2006/112/ce)"
    ]
    assert spanish(Piece(tax_category="N2"), buyer_tax_id_kind="foreign") == [
        "operación no sujeta por las reglas de localización"
    ]
    assert spanish(Piece(tax="IGIC", tax_category="N2"), buyer_tax_id_kind="eu_vat") == [
        "operación no sujeta por las reglas de localización"
    ]


@pytest.mark.parametrize(
    ("code", "article"), [("E1", "20"), ("E2", "21"), ("E3", "22"), ("E4", "23 y 24"), ("E5", "25")]
)
def test_an_exemption_from_iva_names_its_article(code, article):
    (mention,) = spanish(Piece(tax_category="E", exemption_code=code))
    assert "exenta" in mention
    assert f"{article} de la ley 37/1992" in mention


def test_each_thing_is_said_once():
    exempt = Piece(tax_category="E", exemption_code="E1")
    assert len(spanish(exempt, exempt, Piece(tax_category="E", exemption_code="E1", regime_code="07"))) == 2


@pytest.mark.parametrize("tax", TAXES)
def test_whatever_is_not_simply_taxed_says_so_in_both_languages(tax):
    exempt = [Piece(tax, "E", code) for code in EXEMPTIONS if tax == "IGIC" or code not in {"E7", "E8"}]
    others = [Piece(tax, category) for category in CATEGORIES if category not in {"S1", "E"}]
    for piece in [*exempt, *others]:
        (mention,) = mentions_for([piece])
        assert mention.es
        assert mention.en
        assert mention.es != mention.en


def test_no_regime_breaks_the_mentions():
    pieces = [Piece(tax=tax, regime_code=code) for tax, regimes in REGIMES.items() for code in regimes]
    assert len(mentions_for(pieces)) == 3
