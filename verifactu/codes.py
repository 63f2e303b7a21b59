"""The AEAT's lists: English names, the AEAT's literals as values (``SuministroInformacion.xsd``, lists L1 to L17).

Each member's comment is the AEAT's own name for it, so that both languages can be found by a search.
"""

from enum import StrEnum


class FiscalType(StrEnum):
    """``TipoFactura``, L2."""

    FULL = "F1"  # factura completa (RD 1619/2012 arts. 6, 7.2 and 7.3)
    SIMPLIFIED = "F2"  # factura simplificada, or full without recipient (art. 6.1.d)
    REPLACEMENT = "F3"  # factura en sustitución de simplificadas declaradas
    CORRECTIVE_LAW = "R1"  # rectificativa: LIVA art. 80.Uno, Dos, Seis and error in law
    CORRECTIVE_INSOLVENCY = "R2"  # rectificativa: LIVA art. 80.Tres
    CORRECTIVE_BAD_DEBT = "R3"  # rectificativa: LIVA art. 80.Cuatro
    CORRECTIVE_OTHER = "R4"  # rectificativa: the rest
    CORRECTIVE_SIMPLIFIED = "R5"  # rectificativa of simplified invoices

    @property
    def is_corrective(self) -> bool:
        """Whether it is a «rectificativa»."""
        return self.value.startswith("R")

    @property
    def names_no_recipient(self) -> bool:
        """Whether ``Destinatarios`` is forbidden; it is mandatory in all the others."""
        return self in {FiscalType.SIMPLIFIED, FiscalType.CORRECTIVE_SIMPLIFIED}


class CorrectionMethod(StrEnum):
    """``TipoRectificativa``, L3."""

    SUBSTITUTION = "S"  # por sustitución
    DIFFERENCES = "I"  # por diferencias


class IssuedBy(StrEnum):
    """``EmitidaPorTerceroODestinatario``, L6: who issued it materially, when not the issuer (RD 1619/2012 art. 5)."""

    RECIPIENT = "D"
    THIRD_PARTY = "T"


class GeneratedBy(StrEnum):
    """``GeneradoPor``, L16: who generated an annulment."""

    ISSUER = "E"
    RECIPIENT = "D"
    THIRD_PARTY = "T"


class PreviousRejection(StrEnum):
    """``RechazoPrevio``, L17: what became of the record that this one amends."""

    NONE = "N"
    AMENDMENT_REJECTED = "S"  # the AEAT has the invoice, and rejected its amendment
    NOT_REGISTERED = "X"  # the AEAT does not have the invoice


class IdType(StrEnum):
    """``IDType``, L7: what a foreign identification is."""

    VAT_ID = "02"  # NIF-IVA
    PASSPORT = "03"  # pasaporte
    NATIONAL_ID = "04"  # documento oficial del país o territorio de residencia
    RESIDENCE_CERTIFICATE = "05"  # certificado de residencia
    OTHER = "06"  # otro documento probatorio
    NOT_REGISTERED = "07"  # no censado: a Spanish natural person's NIF that the census does not know


class Tax(StrEnum):
    """``Impuesto``, L1. There is no 04."""

    IVA = "01"
    IPSI = "02"
    IGIC = "03"
    OTHER = "05"


class Regime(StrEnum):
    """``ClaveRegimen``, L8A (IVA) and L8B (IGIC): from 17 on the meaning depends on the tax, hence the bare names."""

    GENERAL = "01"  # régimen general
    EXPORT = "02"  # exportación
    USED_GOODS = "03"  # bienes usados, objetos de arte, antigüedades y objetos de colección (REBU)
    INVESTMENT_GOLD = "04"  # oro de inversión
    TRAVEL_AGENCIES = "05"  # agencias de viajes
    ENTITY_GROUP = "06"  # grupo de entidades, nivel avanzado
    CASH_CRITERION = "07"  # criterio de caja
    OTHER_TERRITORY = (
        "08"  # operaciones sujetas al IPSI o al IGIC (of an IVA invoice), al IPSI o al IVA (of an IGIC one)
    )
    TRAVEL_MEDIATION = "09"  # agencias de viaje como mediadoras en nombre y por cuenta ajena (RD 1619/2012 DA 4ª)
    THIRD_PARTY_COLLECTION = "10"  # cobros por cuenta de terceros de honorarios profesionales y similares
    PREMISES_RENTAL = "11"  # arrendamiento de local de negocio
    PENDING_PUBLIC_WORKS = "14"  # IVA pendiente de devengo en certificaciones de obra pública
    PENDING_SUCCESSIVE = "15"  # IVA pendiente de devengo en operaciones de tracto sucesivo
    R17 = "17"  # IVA: OSS e IOSS · IGIC: comerciante minorista
    R18 = "18"  # IVA: recargo de equivalencia · IGIC: pequeño empresario o profesional
    R19 = "19"  # IVA: REAGYP · IGIC: operaciones interiores exentas, art. 25 Ley 19/1994
    R20 = "20"  # IVA: régimen simplificado · IGIC: operaciones sujetas al IPSI
    R21 = "21"  # IGIC: régimen simplificado


REGIMES_OF_TAX: dict[Tax, frozenset[Regime]] = {
    Tax.IVA: frozenset(Regime) - {Regime.R21},
    Tax.IGIC: frozenset(Regime),
    Tax.IPSI: frozenset(
        {Regime.GENERAL, Regime.OTHER_TERRITORY, Regime.PREMISES_RENTAL, Regime.R18, Regime.R19, Regime.R20}
    ),
    Tax.OTHER: frozenset(),
}
"""Which regimes a tax may be declared under (Validaciones y errores 1.2.2, lists L8A, L8B and section 15.6)."""


class TaxCategory(StrEnum):
    """``CalificacionOperacion``, L9."""

    TAXED = "S1"  # sujeta y no exenta, sin inversión del sujeto pasivo
    REVERSE_CHARGE = "S2"  # sujeta y no exenta, con inversión del sujeto pasivo
    NOT_SUBJECT = "N1"  # no sujeta (LIVA arts. 7, 14 and others)
    NOT_SUBJECT_BY_PLACE = "N2"  # no sujeta por reglas de localización


class Exemption(StrEnum):
    """``OperacionExenta``, L10: the article of the LIVA (Ley 37/1992) that exempts."""

    ART_20 = "E1"
    ART_21 = "E2"
    ART_22 = "E3"
    ART_23_24 = "E4"
    ART_25 = "E5"
    OTHER = "E6"
    IGIC_7 = "E7"  # IGIC only
    IGIC_8 = "E8"  # IGIC only
