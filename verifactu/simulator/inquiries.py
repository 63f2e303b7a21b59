"""The answer to an inquiry (``RespuestaConsultaLR.xsd``): of each invoice the last accepted record, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime
from typing import Final

from lxml import etree

from verifactu.reading import read_record
from verifactu.registration import OtherId, Party, Registration
from verifactu.simulator.answers import describe
from verifactu.simulator.judging import system_id
from verifactu.simulator.schemas import INQUIRY, INQUIRY_ANSWER, RECORDS
from verifactu.simulator.soap import SoapFault, text
from verifactu.simulator.store import Accepted, Key, Store

MOST_RECORDS: Final = 10_000

# What is told of a record, in the schema's order.
_TOLD: Final = (
    *("NombreRazonEmisor", "RefExterna", "Subsanacion", "RechazoPrevio", "SinRegistroPrevio", "GeneradoPor"),
    *("Generador", "TipoFactura", "TipoRectificativa", "FacturasRectificadas", "FacturasSustituidas"),
    *("ImporteRectificacion", "FechaOperacion", "DescripcionOperacion", "FacturaSimplificadaArt7273"),
    *("FacturaSinIdentifDestinatarioArt61d", "Macrodato", "EmitidaPorTerceroODestinatario", "Tercero"),
    *("Destinatarios", "Cupon", "Desglose", "CuotaTotal", "ImporteTotal", "Encadenamiento", "SistemaInformatico"),
    *("FechaHoraHusoGenRegistro", "NumRegistroAcuerdoFacturacion", "IdAcuerdoSistemaInformatico", "TipoHuella"),
    "Huella",
)
# Those of them whose children are of the answer's namespace too.
_LISTS: Final = frozenset({"FacturasRectificadas", "FacturasSustituidas", "Destinatarios", "Encadenamiento"})
_TOLD_ON_DEMAND: Final = {
    "NombreRazonEmisor": "MostrarNombreRazonEmisor",
    "SistemaInformatico": "MostrarSistemaInformatico",
}


def inquiry_answer(inquiry: etree._Element, store: Store, *, page_size: int) -> etree._Element:
    """Raises ``SoapFault`` for filters that contradict each other."""
    filters = inquiry[1]
    period = filters.find(f"{{{INQUIRY}}}PeriodoImputacion")
    assert period is not None, "the schema demands a period"
    year, month = text(period, "Ejercicio"), text(period, "Periodo")
    asked = [_whose(inquiry[0]), *_filters(filters)]
    found = [one for one in store.month(int(year), int(month)) if all(holds(one) for holds in asked)]
    page, more = found[:page_size], len(found) > page_size

    answer = etree.Element(
        _tag("RespuestaConsultaFactuSistemaFacturacion"), nsmap={"tikLRRC": INQUIRY_ANSWER, "tik": RECORDS}
    )
    _add(answer, "Cabecera").extend(deepcopy(child) for child in inquiry[0])
    told = _add(answer, "PeriodoImputacion")
    _add(told, "Ejercicio", year)
    _add(told, "Periodo", month)
    _add(answer, "IndicadorPaginacion", "S" if more else "N")
    _add(answer, "ResultadoConsulta", "ConDatos" if page else "SinDatos")
    on_demand = {name for name, flag in _TOLD_ON_DEMAND.items() if _on_demand(inquiry, flag)}
    for one in page:
        _write(_add(answer, "RegistroRespuestaConsultaFactuSistemaFacturacion"), one, on_demand)
    if more:
        _write_key(_add(answer, "ClavePaginacion"), page[-1].key)
    return answer


def _whose(header: etree._Element) -> Callable[[Accepted], bool]:
    """The issuer asks for its own invoices, or a recipient for those addressed to it."""
    issuer, recipient = text(header, "ObligadoEmision", "NIF"), text(header, "Destinatario", "NIF")
    if recipient:
        return lambda one: any(party.tax_id == recipient for party in _recipients(one))
    return lambda one: one.key.issuer == issuer


def _filters(filters: etree._Element) -> Iterator[Callable[[Accepted], bool]]:
    if number := _text(filters, "NumSerieFactura"):
        yield lambda one: one.key.number == number
    if (counterparty := _find(filters, "Contraparte")) is not None:
        wanted = text(counterparty, "NIF") or text(counterparty, "IDOtro", "ID")
        yield lambda one: any(_id_of(party) == wanted for party in _recipients(one))
    if (days := _find(filters, "FechaExpedicionFactura")) is not None:
        first, last = _span(days)
        yield lambda one: first <= one.key.issue_date <= last
    if (system := _find(filters, "SistemaInformatico")) is not None:
        producer = text(system, "NIF") or text(system, "IDOtro", "ID")
        installation = "|".join((producer, text(system, "IdSistemaInformatico"), text(system, "NumeroInstalacion")))
        yield lambda one: system_id(read_record(one.xml).system) == installation
    if reference := _text(filters, "RefExterna"):
        yield lambda one: read_record(one.xml).content.external_reference == reference
    if (after := _find(filters, "ClavePaginacion")) is not None:
        key = text(after, "IDEmisorFactura"), _day(after, "FechaExpedicionFactura"), text(after, "NumSerieFactura")
        yield lambda one: (one.key.issuer, one.key.issue_date, one.key.number) > key


def _span(days: etree._Element) -> tuple[date, date]:
    if text(days, "FechaExpedicionFactura"):
        day = _day(days, "FechaExpedicionFactura")
        return day, day
    span = days[0]
    first = _day(span, "Desde") if text(span, "Desde") else date.min
    last = _day(span, "Hasta") if text(span, "Hasta") else date.max
    if first >= last:
        raise SoapFault(1250)  # a range of one day too (observed)
    return first, last


def _day(parent: etree._Element, name: str) -> date:
    try:
        return datetime.strptime(text(parent, name), "%d-%m-%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise SoapFault(4106, about=name) from error


def _recipients(one: Accepted) -> tuple[Party, ...]:
    content = read_record(one.xml).content
    return content.recipients if isinstance(content, Registration) else ()


def _id_of(party: Party) -> str:
    return party.tax_id.id if isinstance(party.tax_id, OtherId) else party.tax_id


def _on_demand(inquiry: etree._Element, flag: str) -> bool:
    return inquiry.findtext(f"{{{INQUIRY}}}DatosAdicionalesRespuesta/{{{INQUIRY}}}{flag}") == "S"


def _write(parent: etree._Element, one: Accepted, on_demand: set[str]) -> None:
    _write_key(_add(parent, "IDFactura"), one.key)
    record, told = etree.fromstring(one.xml), _add(parent, "DatosRegistroFacturacion")
    for name in _TOLD:
        element = record.find(f"{{{RECORDS}}}{name}")
        if element is None or (name in _TOLD_ON_DEMAND and name not in on_demand):
            continue
        copied = _copy(told, element)
        if name in _LISTS:
            for child in element:
                _copy(copied, child).extend(deepcopy(grandchild) for grandchild in child)
        else:
            copied.extend(deepcopy(child) for child in element)
    if one.representative:
        _add(told, "NifRepresentante", one.representative)
    if one.incident:
        _add(told, "Incidencia", "S")
    presented = _add(parent, "DatosPresentacion")
    _add_inner(presented, "NIFPresentador", one.presenter)
    _add_inner(presented, "TimestampPresentacion", one.at.isoformat(timespec="seconds"))
    _add_inner(presented, "IdPeticion", one.request_id)
    _write_state(_add(parent, "EstadoRegistro"), one)


def _copy(parent: etree._Element, element: etree._Element) -> etree._Element:
    """The element by the answer's own name, without what it contains."""
    return _add(parent, etree.QName(element).localname, element.text if len(element) == 0 else None)


def _write_state(parent: etree._Element, one: Accepted) -> None:
    _add(parent, "TimestampUltimaModificacion", one.at.isoformat(timespec="seconds"))
    accepted = "Correcto" if one.code is None else "AceptadoConErrores"
    _add(parent, "EstadoRegistro", "Anulado" if one.is_annulment else accepted)
    if one.code is not None:
        _add(parent, "CodigoErrorRegistro", str(one.code))
        _add(parent, "DescripcionErrorRegistro", describe(one.code)[:500])


def _write_key(parent: etree._Element, key: Key) -> None:
    _add_inner(parent, "IDEmisorFactura", key.issuer)
    _add_inner(parent, "NumSerieFactura", key.number)
    _add_inner(parent, "FechaExpedicionFactura", f"{key.issue_date:%d-%m-%Y}")


def _find(filters: etree._Element, name: str) -> etree._Element | None:
    return filters.find(f"{{{INQUIRY}}}{name}")


def _text(filters: etree._Element, name: str) -> str:
    return (filters.findtext(f"{{{INQUIRY}}}{name}") or "").strip()


def _add(parent: etree._Element, name: str, content: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, _tag(name))
    element.text = content
    return element


def _add_inner(parent: etree._Element, name: str, content: str) -> None:
    etree.SubElement(parent, f"{{{RECORDS}}}{name}").text = content


def _tag(name: str) -> str:
    return f"{{{INQUIRY_ANSWER}}}{name}"
