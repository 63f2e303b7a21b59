"""A record as the AEAT's schema wants it (``SuministroInformacion.xsd``, namespace of version 1.0).

A record is written in two steps, so that little is left to do while its chain is locked: first everything that is known
beforehand, then what only the chain knows. The functions read like the schema, element by element, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from lxml import etree

from verifactu import literals
from verifactu.billing_system import BillingSystem
from verifactu.codes import IdType
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.registration import Annulment, Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration

NAMESPACE: Final = (
    "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
    "SuministroInformacion.xsd"
)
LONGEST_DESCRIPTION: Final = 500

Content: TypeAlias = "str | list[Node] | None"
Node: TypeAlias = "tuple[str, Content]"
"""An element: its name, and its text or children. ``None`` leaves the element out; an empty text is filled later."""


@dataclass(frozen=True, slots=True)
class Link:
    """The record before this one in its chain (``RegistroAnterior``)."""

    issuer_tax_id: str
    number: str
    issue_date: date
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What only the chain knows. ``previous`` is ``None`` for its first record; ``several_taxpayers`` tells whether
    this installation serves more than one at this moment."""

    previous: Link | None
    several_taxpayers: bool
    generated_at: str
    fingerprint: str


def registration_record(
    registration: Registration, written: RegistrationLiterals, system: BillingSystem
) -> etree._Element:
    """``RegistroAlta`` but for its stamp. ``written`` are the literals that will be hashed."""
    return _record("RegistroAlta", [
        ("IDVersion", "1.0"),
        ("IDFactura", [
            ("IDEmisorFactura", written.issuer_tax_id),
            ("NumSerieFactura", written.number),
            ("FechaExpedicionFactura", written.issue_date),
        ]),
        ("RefExterna", _optional(registration.external_reference)),
        ("NombreRazonEmisor", literals.text(registration.issuer.name)),
        ("Subsanacion", _flag(registration.amendment)),
        ("RechazoPrevio", registration.previous_rejection),
        ("TipoFactura", written.fiscal_type),
        *_correction(registration),
        ("FechaOperacion", _operation_date(registration)),
        ("DescripcionOperacion", literals.text(literals.text(registration.description)[:LONGEST_DESCRIPTION])),
        ("FacturaSimplificadaArt7273", _flag(registration.simplified_art_7273)),
        ("FacturaSinIdentifDestinatarioArt61d", _flag(registration.no_recipient_art_61d)),
        ("Macrodato", _flag(registration.is_large)),
        ("EmitidaPorTerceroODestinatario", registration.issued_by),
        ("Tercero", _optional_party(registration.third_party)),
        ("Destinatarios", [("IDDestinatario", _party(party)) for party in registration.recipients] or None),
        ("Cupon", _flag(registration.coupon)),
        ("Desglose", [("DetalleDesglose", _breakdown(line)) for line in registration.breakdowns]),
        ("CuotaTotal", written.tax_total),
        ("ImporteTotal", written.gross_total),
        *_system_and_generation(system),
        ("NumRegistroAcuerdoFacturacion", _optional(registration.invoicing_agreement)),
        ("IdAcuerdoSistemaInformatico", _optional(registration.system_agreement)),
        *_fingerprint(),
    ])  # fmt: skip


def annulment_record(annulment: Annulment, written: AnnulmentLiterals, system: BillingSystem) -> etree._Element:
    """``RegistroAnulacion`` but for its stamp. ``written`` are the literals that will be hashed."""
    return _record("RegistroAnulacion", [
        ("IDVersion", "1.0"),
        ("IDFactura", [
            ("IDEmisorFacturaAnulada", written.issuer_tax_id),
            ("NumSerieFacturaAnulada", written.number),
            ("FechaExpedicionFacturaAnulada", written.issue_date),
        ]),
        ("RefExterna", _optional(annulment.external_reference)),
        ("SinRegistroPrevio", _flag(annulment.without_previous_record)),
        ("RechazoPrevio", _flag(annulment.previously_rejected)),
        ("GeneradoPor", annulment.generated_by),
        ("Generador", _optional_party(annulment.generator)),
        *_system_and_generation(system),
        *_fingerprint(),
    ])  # fmt: skip


def seal(record: etree._Element, stamp: Stamp) -> bytes:
    """The finished record in UTF-8, without an XML declaration, so that it can be put into a message byte by byte."""
    sealed = deepcopy(record)
    _write(_place(sealed, "Encadenamiento"), _chaining(stamp.previous))
    _place(sealed, "SistemaInformatico", "IndicadorMultiplesOT").text = "S" if stamp.several_taxpayers else "N"
    _place(sealed, "FechaHoraHusoGenRegistro").text = stamp.generated_at
    _place(sealed, "Huella").text = stamp.fingerprint
    return etree.tostring(sealed, encoding="UTF-8", xml_declaration=False)


def _correction(registration: Registration) -> list[Node]:
    return [
        ("TipoRectificativa", registration.correction_method),
        ("FacturasRectificadas", _references("IDFacturaRectificada", registration.corrected)),
        ("FacturasSustituidas", _references("IDFacturaSustituida", registration.replaced)),
        ("ImporteRectificacion", _corrected(registration.corrected_amounts)),
    ]


def _references(name: str, references: Iterable[Reference]) -> list[Node] | None:
    return [(name, _reference(reference)) for reference in references] or None


def _reference(reference: Reference | Link) -> list[Node]:
    return [
        ("IDEmisorFactura", literals.text(reference.issuer_tax_id)),
        ("NumSerieFactura", literals.text(reference.number)),
        ("FechaExpedicionFactura", literals.day(reference.issue_date)),
    ]


def _corrected(amounts: CorrectedAmounts | None) -> list[Node] | None:
    if amounts is None:
        return None
    return [
        ("BaseRectificada", literals.amount(amounts.taxable_amount)),
        ("CuotaRectificada", literals.amount(amounts.tax_amount)),
        ("CuotaRecargoRectificado", _amount(amounts.surcharge_amount)),
    ]


def _operation_date(registration: Registration) -> str | None:
    """Sent only when it differs from the issue date (AEAT's data dictionary)."""
    operation_date = registration.operation_date
    return None if operation_date in {None, registration.issue_date} else literals.day(registration.accrual_date)


def _party(party: Party) -> list[Node]:
    return [("NombreRazon", literals.text(party.name)), *_identification(party.tax_id)]


def _optional_party(party: Party | None) -> list[Node] | None:
    return None if party is None else _party(party)


def _identification(tax_id: str | OtherId) -> list[Node]:
    if isinstance(tax_id, str):
        return [("NIF", literals.text(tax_id))]
    country = None if tax_id.id_type is IdType.VAT_ID else tax_id.country
    return [("IDOtro", [("CodigoPais", country), ("IDType", tax_id.id_type), ("ID", literals.text(tax_id.id))])]


def _breakdown(line: Breakdown) -> list[Node]:
    return [
        ("Impuesto", line.tax),
        ("ClaveRegimen", line.regime_code),
        ("CalificacionOperacion", line.tax_category),
        ("OperacionExenta", line.exemption_code),
        ("TipoImpositivo", _amount(line.tax_rate)),
        ("BaseImponibleOimporteNoSujeto", literals.amount(line.taxable_amount)),
        ("BaseImponibleACoste", _amount(line.taxable_amount_at_cost)),
        ("CuotaRepercutida", _amount(line.tax_amount)),
        ("TipoRecargoEquivalencia", _amount(line.surcharge_rate)),
        ("CuotaRecargoEquivalencia", _amount(line.surcharge_amount)),
    ]


def _system_and_generation(system: BillingSystem) -> list[Node]:
    return [
        ("Encadenamiento", []),
        ("SistemaInformatico", [
            *_party(system.producer),
            ("NombreSistemaInformatico", system.name),
            ("IdSistemaInformatico", system.id),
            ("Version", system.version),
            ("NumeroInstalacion", system.installation_number),
            ("TipoUsoPosibleSoloVerifactu", "S"),
            ("TipoUsoPosibleMultiOT", "S"),
            ("IndicadorMultiplesOT", ""),
        ]),
        ("FechaHoraHusoGenRegistro", ""),
    ]  # fmt: skip


def _fingerprint() -> list[Node]:
    return [("TipoHuella", "01"), ("Huella", "")]


def _chaining(previous: Link | None) -> list[Node]:
    if previous is None:
        return [("PrimerRegistro", "S")]
    return [("RegistroAnterior", [*_reference(previous), ("Huella", previous.fingerprint)])]


def _optional(value: str) -> str | None:
    return literals.text(value) or None


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else literals.amount(value)


def _flag(value: bool) -> str | None:
    """«S», or nothing: an absent flag means no."""
    return "S" if value else None


def _record(name: str, children: list[Node]) -> etree._Element:
    record = etree.Element(_tag(name), nsmap={"sum1": NAMESPACE})
    _write(record, children)
    return record


def _write(parent: etree._Element, nodes: list[Node]) -> None:
    for name, content in nodes:
        if content is None:
            continue
        element = etree.SubElement(parent, _tag(name))
        if isinstance(content, str):
            element.text = content
        else:
            _write(element, content)


def _place(record: etree._Element, *path: str) -> etree._Element:
    return next(record.iterfind("/".join(_tag(name) for name in path)))


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
