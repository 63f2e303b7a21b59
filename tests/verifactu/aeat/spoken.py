"""Answers as the AEAT gives them, written by hand after its schemas."""

from xml.sax.saxutils import escape

from tests.verifactu.oracles import schema, soap_content

BASE = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def optional(name: str, text: object) -> str:
    return "" if text is None else f"<{name}>{escape(str(text))}</{name}>"


def invoice(prefix: str, number: str, day: str, name: str = "IDFactura") -> str:
    return (
        f"<{prefix}:{name}><s:IDEmisorFactura>89890001K</s:IDEmisorFactura>"
        f"<s:NumSerieFactura>{escape(number)}</s:NumSerieFactura>"
        f"<s:FechaExpedicionFactura>{day}</s:FechaExpedicionFactura></{prefix}:{name}>"
    )


def line(
    number: str = "A-1",
    *,
    day: str = "23-11-2026",
    operation: str = "Alta",
    reference: str | None = None,
    state: str = "Correcto",
    code: int | None = None,
    description: str | None = None,
    duplicate: tuple[str, str, int | None, str | None] | None = None,
) -> str:
    """``RespuestaLinea``; ``duplicate`` is id, state, code, description."""
    again = ""
    if duplicate:
        again = (
            f"<r:RegistroDuplicado>{optional('s:IdPeticionRegistroDuplicado', duplicate[0])}"
            f"{optional('s:EstadoRegistroDuplicado', duplicate[1])}{optional('s:CodigoErrorRegistro', duplicate[2])}"
            f"{optional('s:DescripcionErrorRegistro', duplicate[3])}</r:RegistroDuplicado>"
        )
    return (
        f"<r:RespuestaLinea>{invoice('r', number, day)}"
        f"<r:Operacion><s:TipoOperacion>{operation}</s:TipoOperacion></r:Operacion>"
        f"{optional('r:RefExterna', reference)}{optional('r:EstadoRegistro', state)}"
        f"{optional('r:CodigoErrorRegistro', code)}{optional('r:DescripcionErrorRegistro', description)}{again}"
        "</r:RespuestaLinea>"
    )


def answer(
    *lines: str,
    csv: str | None = "A-CSV123",
    presented: str | None = "2026-11-23T13:00:10+01:00",
    wait: object = 60,
    state: str = "Correcto",
) -> bytes:
    """The answer to a submission."""
    presentation = ""
    if presented:
        presentation = (
            "<r:DatosPresentacion><s:NIFPresentador>89890001K</s:NIFPresentador>"
            f"<s:TimestampPresentacion>{presented}</s:TimestampPresentacion></r:DatosPresentacion>"
        )
    return envelope(
        f'<r:RespuestaRegFactuSistemaFacturacion xmlns:r="{BASE}/RespuestaSuministro.xsd" '
        f'xmlns:s="{BASE}/SuministroInformacion.xsd">{optional("r:CSV", csv)}{presentation}'
        "<r:Cabecera><s:ObligadoEmision><s:NombreRazon>Ana</s:NombreRazon><s:NIF>89890001K</s:NIF>"
        "</s:ObligadoEmision></r:Cabecera>"
        f"{optional('r:TiempoEsperaEnvio', wait)}{optional('r:EstadoEnvio', state)}{''.join(lines)}"
        "</r:RespuestaRegFactuSistemaFacturacion>"
    )


def registered(
    number: str = "A-1",
    *,
    state: str = "Correcto",
    code: int | None = None,
    description: str | None = None,
    fingerprint: str | None = "F" * 64,
    reference: str | None = None,
    generated: str | None = "2026-11-23T13:00:00+01:00",
    presented: str | None = "2026-11-23T13:00:10+01:00",
) -> str:
    """One invoice of an inquiry."""
    presentation = ""
    if presented:
        presentation = (
            "<c:DatosPresentacion><s:NIFPresentador>99999910G</s:NIFPresentador>"
            f"<s:TimestampPresentacion>{presented}</s:TimestampPresentacion><s:IdPeticion>77</s:IdPeticion>"
            "</c:DatosPresentacion>"
        )
    name = "c:RegistroRespuestaConsultaFactuSistemaFacturacion"
    return (
        f"<{name}>{invoice('c', number, '23-11-2026')}"
        f"<c:DatosRegistroFacturacion>{optional('c:RefExterna', reference)}<c:TipoFactura>F1</c:TipoFactura>"
        f"{optional('c:FechaHoraHusoGenRegistro', generated)}<c:TipoHuella>01</c:TipoHuella>"
        f"{optional('c:Huella', fingerprint)}</c:DatosRegistroFacturacion>{presentation}"
        "<c:EstadoRegistro><c:TimestampUltimaModificacion>2026-11-24T09:00:00+01:00</c:TimestampUltimaModificacion>"
        f"{optional('c:EstadoRegistro', state)}{optional('c:CodigoErrorRegistro', code)}"
        f"{optional('c:DescripcionErrorRegistro', description)}</c:EstadoRegistro></{name}>"
    )


def inquiry_answer(*records: str, more: str = "N", next_page: str | None = None) -> bytes:
    """The answer to an inquiry; ``next_page`` is the number that its next page begins after."""
    key = invoice("c", next_page, "23-11-2026", "ClavePaginacion") if next_page else ""
    return envelope(
        f'<c:RespuestaConsultaFactuSistemaFacturacion xmlns:c="{BASE}/RespuestaConsultaLR.xsd" '
        f'xmlns:s="{BASE}/SuministroInformacion.xsd">'
        "<c:Cabecera><s:IDVersion>1.0</s:IDVersion><s:ObligadoEmision><s:NombreRazon>Ana</s:NombreRazon>"
        "<s:NIF>89890001K</s:NIF></s:ObligadoEmision></c:Cabecera>"
        "<c:PeriodoImputacion><c:Ejercicio>2026</c:Ejercicio><c:Periodo>11</c:Periodo></c:PeriodoImputacion>"
        f"<c:IndicadorPaginacion>{more}</c:IndicadorPaginacion>"
        f"<c:ResultadoConsulta>{'ConDatos' if records else 'SinDatos'}</c:ResultadoConsulta>{''.join(records)}{key}"
        "</c:RespuestaConsultaFactuSistemaFacturacion>"
    )


def fault(text: str, *, whose: str = "env:Client") -> bytes:
    """A refusal of the whole message."""
    return envelope(
        f"<env:Fault><faultcode>{whose}</faultcode><faultstring>{escape(text)}</faultstring>"
        "<detail><callstack>WSExcepcion</callstack></detail></env:Fault>"
    )


def envelope(content: str) -> bytes:
    """A SOAP 1.1 message."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{SOAP}"><env:Header/>'
        f"<env:Body>{content}</env:Body></env:Envelope>"
    ).encode()


def valid(message: bytes, name: str) -> bytes:
    """``message``, once that schema of the AEAT's has found it right."""
    schema(name).assertValid(soap_content(message))
    return message
