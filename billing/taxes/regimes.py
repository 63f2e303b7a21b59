"""The keys of special regimes (AEAT lists L8A and L8B), and what each allows of a single line.

What a regime asks of the whole invoice (its type, date or recipients) is ``verifactu.rules``' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing.taxes.categories import EXEMPTIONS, IGIC, IPSI, IVA, Label

EXEMPTED = frozenset(EXEMPTIONS)
ANYTHING = EXEMPTED | {"S1", "S2", "N1", "N2"}
EXPORTS = frozenset({"E2", "E3"})


@dataclass(frozen=True, slots=True)
class Regime:
    """A key. ``allows`` holds categories (S1, S2, N1, N2) and causes of exemption; ``rate`` is the only one, if any."""

    code: str
    label: Label
    allows: frozenset[str] = ANYTHING
    rate: Decimal | None = None


def _table(*regimes: Regime) -> dict[str, Regime]:
    return {regime.code: regime for regime in regimes}


_GENERAL = Label("Régimen general", "general regime")
_ELSEWHERE = Label("Operación sujeta al impuesto de otro territorio", "subject to another territory's tax")
_LEASES = Label("Arrendamiento de local de negocio", "lease of business premises")

_COMMON = _table(
    Regime("01", _GENERAL, ANYTHING - EXPORTS),  # AEAT 1199
    Regime("02", Label("Exportación", "export"), EXEMPTED),  # 1286
    Regime(
        "03",
        Label("Bienes usados, objetos de arte, antigüedades y colección", "second-hand goods, art and antiques"),
        EXEMPTED | {"S1"},  # 1200
    ),
    Regime("04", Label("Oro de inversión", "investment gold"), EXEMPTED | {"S2"}),  # 1201
    Regime("05", Label("Agencias de viajes", "travel agencies")),
    Regime("06", Label("Grupo de entidades, nivel avanzado", "group of entities, advanced level")),
    Regime("07", Label("Criterio de caja", "cash accounting"), frozenset({"S1", "E1", "E6", "E7", "E8"})),  # 1203
    Regime("08", _ELSEWHERE, frozenset({"N2"})),  # 1252
    Regime("09", Label("Mediación de agencias de viajes", "travel agencies' mediation")),
    Regime("10", Label("Cobros por cuenta de terceros", "collections for third parties"), frozenset({"N1"})),  # 1205
    Regime("11", _LEASES),
    Regime("14", Label("IVA pendiente: certificaciones de obra pública", "tax pending: public works")),
    Regime("15", Label("IVA pendiente: tracto sucesivo", "tax pending: continuous supplies")),
)

REGIMES = {
    IVA: {
        **_COMMON,
        **_table(
            Regime("11", _LEASES, frozenset({"S1"}), Decimal(21)),  # 1206
            Regime("17", Label("Ventanilla única (OSS e IOSS)", "one-stop shop (OSS and IOSS)")),
            Regime("18", Label("Recargo de equivalencia", "equivalence surcharge")),
            Regime("19", Label("Agricultura, ganadería y pesca", "farming, livestock and fishing")),
            Regime("20", Label("Régimen simplificado", "simplified regime")),
        ),
    },
    IGIC: {
        **_COMMON,
        **_table(
            Regime("17", Label("Comerciante minorista", "retailer")),
            Regime("18", Label("Pequeño empresario o profesional", "small business")),
            Regime("19", Label("Exenta por el artículo 25 de la Ley 19/1994", "exempt by article 25 of Ley 19/1994")),
            Regime("20", Label("Operación sujeta al IPSI", "subject to IPSI"), frozenset({"N2"})),  # 1293
            Regime("21", Label("Régimen simplificado", "simplified regime")),
        ),
    },
    IPSI: _table(
        Regime("01", _GENERAL),
        Regime("08", _ELSEWHERE, frozenset({"N2"})),  # 1252
        Regime("11", _LEASES),
        Regime("18", Label("Recargo de equivalencia", "equivalence surcharge")),
        Regime("19", Label("Agricultura, ganadería y pesca", "farming, livestock and fishing")),
        Regime("20", Label("Régimen simplificado", "simplified regime")),
    ),
}
"""By tax. OTHER has no regimes (AEAT 1260)."""


def default_regime(tax: str, exemption_code: str) -> str:
    """The key of a line that names none: exports have their own, and another tax has none."""
    if tax not in REGIMES:
        return ""
    return "02" if exemption_code in EXPORTS and "02" in REGIMES[tax] else "01"
