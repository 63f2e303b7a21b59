"""Our lists are the AEAT's, neither more nor less."""

from enum import StrEnum

import pytest

from core.countries import country_codes
from tests.verifactu.oracles import enumeration
from verifactu import codes
from verifactu.rules.identifiers import is_country


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (codes.FiscalType, "ClaveTipoFacturaType"),
        (codes.CorrectionMethod, "ClaveTipoRectificativaType"),
        (codes.IssuedBy, "TercerosODestinatarioType"),
        (codes.GeneratedBy, "GeneradoPorType"),
        (codes.PreviousRejection, "RechazoPrevioType"),
        (codes.IdType, "PersonaFisicaJuridicaIDTypeType"),
        (codes.Tax, "ImpuestoType"),
        (codes.Regime, "IdOperacionesTrascendenciaTributariaType"),
        (codes.TaxCategory, "CalificacionOperacionType"),
        (codes.Exemption, "OperacionExentaType"),
    ],
)
def test_an_enum_holds_exactly_the_schemas_values(ours: type[StrEnum], theirs: str) -> None:
    assert {member.value for member in ours} == enumeration(theirs)


def test_every_tax_knows_its_regimes() -> None:
    assert set(codes.REGIMES_OF_TAX) == set(codes.Tax)


def test_countries_are_exactly_the_schemas() -> None:
    candidates = country_codes() | enumeration("CountryType2")

    assert {code for code in candidates if is_country(code)} == enumeration("CountryType2")
