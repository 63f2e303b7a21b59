"""A record read back from its XML: the inverse of ``verifactu/xml.py``.

What is hashed comes out twice: as values to judge, and as the literals that were written. Flags that are absent mean
no, as the schema has it. Pure: whoever verifies a chain, amends a record or plays the AEAT reads with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, TypeVar

from lxml import etree

from verifactu import literals
from verifactu.billing_system import BillingSystem
from verifactu.codes import (
    CorrectionMethod,
    Exemption,
    FiscalType,
    GeneratedBy,
    IdType,
    IssuedBy,
    PreviousRejection,
    Regime,
    Tax,
    TaxCategory,
)
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.registration import Annulment, Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.xml import NAMESPACE, Link, Stamp

REGISTRATION: Final = f"{{{NAMESPACE}}}RegistroAlta"
ANNULMENT: Final = f"{{{NAMESPACE}}}RegistroAnulacion"
_COUNTRY_OF_PREFIX: Final = {"EL": "GR", "XI": "GB"}

Listed = TypeVar("Listed", bound=StrEnum)


class Unreadable(ValueError):
    """An element of the record says what cannot be. ``element`` is the AEAT's name for it."""

    def __init__(self, element: str, content: str) -> None:
        super().__init__(f"{element} cannot be read: {content!r}")
        self.element = element


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A fiscal record: what it declares, the literals that its fingerprint protects, who made it, and its stamp."""

    content: Registration | Annulment
    written: RegistrationLiterals | AnnulmentLiterals
    system: BillingSystem
    stamp: Stamp

    def recomputed(self) -> str:
        """The fingerprint that its literals should have."""
        previous = self.stamp.previous.fingerprint if self.stamp.previous else ""
        return self.written.fingerprint(previous=previous, generated_at=self.stamp.generated_at)


def read_record(xml: bytes) -> Record:
    """Raises ``Unreadable`` for what ``xml.seal`` cannot have written; whether the schema allows it is not asked."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return read_element(etree.fromstring(xml, parser))
    except etree.XMLSyntaxError as error:
        raise Unreadable("RegistroFactura", str(error)) from error


def read_element(record: etree._Element) -> Record:
    """``RegistroAlta`` or ``RegistroAnulacion``, wherever it stands. Raises ``Unreadable``."""
    content: Registration | Annulment
    written: RegistrationLiterals | AnnulmentLiterals
    if record.tag == REGISTRATION:
        content, written = _registration(record)
    elif record.tag == ANNULMENT:
        content, written = _annulment(record)
    else:
        raise Unreadable("RegistroFactura", str(record.tag))
    return Record(content=content, written=written, system=_system(record), stamp=_stamp(record))


def _registration(record: etree._Element) -> tuple[Registration, RegistrationLiterals]:
    identified = _child(record, "IDFactura")
    written = RegistrationLiterals(
        issuer_tax_id=_text(identified, "IDEmisorFactura"),
        number=_text(identified, "NumSerieFactura"),
        issue_date=_text(identified, "FechaExpedicionFactura"),
        fiscal_type=_text(record, "TipoFactura"),
        tax_total=_text(record, "CuotaTotal"),
        gross_total=_text(record, "ImporteTotal"),
    )
    registration = Registration(
        issuer=Party(_text(record, "NombreRazonEmisor"), written.issuer_tax_id),
        number=written.number,
        issue_date=_day(identified, "FechaExpedicionFactura"),
        external_reference=_text(record, "RefExterna"),
        amendment=_flag(record, "Subsanacion"),
        previous_rejection=_optional(PreviousRejection, record, "RechazoPrevio"),
        fiscal_type=_listed(FiscalType, record, "TipoFactura"),
        correction_method=_optional(CorrectionMethod, record, "TipoRectificativa"),
        corrected=_references(record, "FacturasRectificadas"),
        replaced=_references(record, "FacturasSustituidas"),
        corrected_amounts=_corrected(record.find(_tag("ImporteRectificacion"))),
        operation_date=_day(record, "FechaOperacion") if _text(record, "FechaOperacion") else None,
        description=_text(record, "DescripcionOperacion"),
        simplified_art_7273=_flag(record, "FacturaSimplificadaArt7273"),
        no_recipient_art_61d=_flag(record, "FacturaSinIdentifDestinatarioArt61d"),
        issued_by=_optional(IssuedBy, record, "EmitidaPorTerceroODestinatario"),
        third_party=_optional_party(record, "Tercero"),
        recipients=tuple(_party(one) for one in record.iterfind(f"{_tag('Destinatarios')}/{_tag('IDDestinatario')}")),
        coupon=_flag(record, "Cupon"),
        breakdowns=tuple(_breakdown(one) for one in record.iterfind(f"{_tag('Desglose')}/{_tag('DetalleDesglose')}")),
        tax_total=_amount(record, "CuotaTotal"),
        gross_total=_amount(record, "ImporteTotal"),
        invoicing_agreement=_text(record, "NumRegistroAcuerdoFacturacion"),
        system_agreement=_text(record, "IdAcuerdoSistemaInformatico"),
    )
    return registration, written


def _annulment(record: etree._Element) -> tuple[Annulment, AnnulmentLiterals]:
    identified = _child(record, "IDFactura")
    written = AnnulmentLiterals(
        issuer_tax_id=_text(identified, "IDEmisorFacturaAnulada"),
        number=_text(identified, "NumSerieFacturaAnulada"),
        issue_date=_text(identified, "FechaExpedicionFacturaAnulada"),
    )
    annulment = Annulment(
        issuer_tax_id=written.issuer_tax_id,
        number=written.number,
        issue_date=_day(identified, "FechaExpedicionFacturaAnulada"),
        external_reference=_text(record, "RefExterna"),
        without_previous_record=_flag(record, "SinRegistroPrevio"),
        previously_rejected=_flag(record, "RechazoPrevio"),
        generated_by=_optional(GeneratedBy, record, "GeneradoPor"),
        generator=_optional_party(record, "Generador"),
    )
    return annulment, written


def _system(record: etree._Element) -> BillingSystem:
    system = _child(record, "SistemaInformatico")
    return BillingSystem(
        producer=_party(system),
        name=_text(system, "NombreSistemaInformatico"),
        id=_text(system, "IdSistemaInformatico"),
        version=_text(system, "Version"),
        installation_number=_text(system, "NumeroInstalacion"),
    )


def _stamp(record: etree._Element) -> Stamp:
    before = record.find(f"{_tag('Encadenamiento')}/{_tag('RegistroAnterior')}")
    return Stamp(
        previous=None if before is None else _link(before),
        several_taxpayers=_flag(_child(record, "SistemaInformatico"), "IndicadorMultiplesOT"),
        generated_at=_text(record, "FechaHoraHusoGenRegistro"),
        fingerprint=_text(record, "Huella"),
    )


def _link(before: etree._Element) -> Link:
    reference = _reference(before)
    return Link(reference.issuer_tax_id, reference.number, reference.issue_date, _text(before, "Huella"))


def _references(record: etree._Element, name: str) -> tuple[Reference, ...]:
    return tuple(_reference(one) for one in record.iterfind(f"{_tag(name)}/*"))


def _reference(element: etree._Element) -> Reference:
    issuer, number = _text(element, "IDEmisorFactura"), _text(element, "NumSerieFactura")
    return Reference(issuer, number, _day(element, "FechaExpedicionFactura"))


def _corrected(element: etree._Element | None) -> CorrectedAmounts | None:
    if element is None:
        return None
    base, tax = _amount(element, "BaseRectificada"), _amount(element, "CuotaRectificada")
    return CorrectedAmounts(base, tax, _optional_amount(element, "CuotaRecargoRectificado"))


def _party(element: etree._Element) -> Party:
    other = element.find(_tag("IDOtro"))
    name = _text(element, "NombreRazon")
    return Party(name, _text(element, "NIF") if other is None else _other_id(other))


def _optional_party(record: etree._Element, name: str) -> Party | None:
    found = record.find(_tag(name))
    return None if found is None else _party(found)


def _other_id(element: etree._Element) -> OtherId:
    """A VAT id is written without its country, but begins with it."""
    id_type, value, country = _listed(IdType, element, "IDType"), _text(element, "ID"), _text(element, "CodigoPais")
    if id_type is IdType.VAT_ID and not country:
        country = _COUNTRY_OF_PREFIX.get(value[:2], value[:2])
    return OtherId(country, id_type, value)


def _breakdown(line: etree._Element) -> Breakdown:
    return Breakdown(
        tax=_optional(Tax, line, "Impuesto") or Tax.IVA,
        regime_code=_optional(Regime, line, "ClaveRegimen"),
        tax_category=_optional(TaxCategory, line, "CalificacionOperacion"),
        exemption_code=_optional(Exemption, line, "OperacionExenta"),
        tax_rate=_optional_amount(line, "TipoImpositivo"),
        taxable_amount=_amount(line, "BaseImponibleOimporteNoSujeto"),
        taxable_amount_at_cost=_optional_amount(line, "BaseImponibleACoste"),
        tax_amount=_optional_amount(line, "CuotaRepercutida"),
        surcharge_rate=_optional_amount(line, "TipoRecargoEquivalencia"),
        surcharge_amount=_optional_amount(line, "CuotaRecargoEquivalencia"),
    )


def _child(parent: etree._Element, name: str) -> etree._Element:
    found = parent.find(_tag(name))
    if found is None:
        raise Unreadable(name, "")
    return found


def _text(parent: etree._Element, name: str) -> str:
    """Trimmed as the AEAT trims; empty when absent."""
    return literals.text(parent.findtext(_tag(name)) or "")


def _flag(parent: etree._Element, name: str) -> bool:
    return _text(parent, name) == "S"


def _day(parent: etree._Element, name: str) -> date:
    text = _text(parent, name)
    try:
        return datetime.strptime(text, "%d-%m-%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise Unreadable(name, text) from error


def _amount(parent: etree._Element, name: str) -> Decimal:
    text = _text(parent, name)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Unreadable(name, text) from error


def _optional_amount(parent: etree._Element, name: str) -> Decimal | None:
    return _amount(parent, name) if _text(parent, name) else None


def _listed(values: type[Listed], parent: etree._Element, name: str) -> Listed:
    text = _text(parent, name)
    try:
        return values(text)
    except ValueError as error:
        raise Unreadable(name, text) from error


def _optional(values: type[Listed], parent: etree._Element, name: str) -> Listed | None:
    return _listed(values, parent, name) if _text(parent, name) else None


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
