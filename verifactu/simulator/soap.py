"""SOAP 1.1 around what is asked and answered, and the faults that refuse a whole message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import Final

from lxml import etree

from verifactu import literals
from verifactu.aeat.catalogue import text_of
from verifactu.simulator.schemas import INQUIRY, RECORDS, SUBMISSION, schema_of

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MOST_RECORDS: Final = 1000
_one_at_a_time: Final = Lock()  # a schema has one log of errors
_SUBMISSION: Final = f"{{{SUBMISSION}}}RegFactuSistemaFacturacion"
_INQUIRY: Final = f"{{{INQUIRY}}}ConsultaFactuSistemaFacturacion"


class SoapFault(Exception):
    """Nothing of the message was processed. ``ours`` says whose trouble it is: the server's, or else the sender's."""

    def __init__(self, code: int, *, about: str = "", ours: bool = False) -> None:
        super().__init__(f"Codigo[{code}].{text_of(code)}{f': {about}' if about else ''}")
        self.code, self.ours = code, ours

    def body(self) -> bytes:
        """The answer that says so."""
        fault = etree.Element(f"{{{SOAP}}}Fault", nsmap={"env": SOAP})
        etree.SubElement(fault, "faultcode").text = "env:Server" if self.ours else "env:Client"
        etree.SubElement(fault, "faultstring").text = str(self)
        return envelope(fault)


@dataclass(frozen=True, slots=True)
class Message:
    """What was asked: a valid ``RegFactuSistemaFacturacion`` or ``ConsultaFactuSistemaFacturacion``."""

    content: etree._Element

    @property
    def is_inquiry(self) -> bool:
        return self.content.tag == _INQUIRY

    @property
    def header(self) -> etree._Element:
        """``Cabecera``."""
        return self.content[0]


def envelope(content: etree._Element) -> bytes:
    """``content`` as an answer of the AEAT."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"env": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Header")
    etree.SubElement(root, f"{{{SOAP}}}Body").append(content)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def open_envelope(body: bytes) -> Message:
    """Raises ``SoapFault`` for what the AEAT does not even look at."""
    content = _content(body)
    if content.tag not in {_SUBMISSION, _INQUIRY}:
        raise SoapFault(4102, about=etree.QName(content).localname)
    if content.tag == _SUBMISSION:
        _refuse_too_many(content)
    schema = schema_of(INQUIRY if content.tag == _INQUIRY else SUBMISSION)
    with _one_at_a_time:
        if not schema.validate(content):
            raise _invalid(schema.error_log)
    return Message(content)


def issuer_in(body: bytes) -> str:
    """The NIF for which a message is sent, however wrong the rest of it; empty if it cannot be found."""
    found = re.search(rb"ObligadoEmision>.*?<[\w:]*NIF>\s*(\w+)", body, re.DOTALL)
    return found[1].decode("ascii", "replace") if found else ""


def is_inquiry(body: bytes) -> bool:
    """Whether it asks, instead of bringing something; however wrong the rest of it."""
    return b"ConsultaFactuSistemaFacturacion" in body


def text(parent: etree._Element, *path: str) -> str:
    """An element of the records' namespace, trimmed; empty when absent."""
    return literals.text(parent.findtext("/".join(f"{{{RECORDS}}}{name}" for name in path)) or "")


def _content(body: bytes) -> etree._Element:
    if not body.strip():
        raise SoapFault(4138)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SoapFault(4119) from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SoapFault(4103, about=str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SoapFault(4103, about="DOCTYPE")
    content = root.find(f"{{{SOAP}}}Body/*")
    if content is None:
        raise SoapFault(4138)
    return content


def _refuse_too_many(content: etree._Element) -> None:
    if len(content.findall(f"{{{SUBMISSION}}}RegistroFactura")) > MOST_RECORDS:
        raise SoapFault(4114)
    for block in ("Destinatarios", "FacturasRectificadas", "FacturasSustituidas"):
        if any(len(found) > MOST_RECORDS for found in content.iter(f"{{{RECORDS}}}{block}")):
            raise SoapFault(4113, about=block)


def _invalid(log: etree._ListErrorLog) -> SoapFault:
    first = log[0]
    element = re.search(r"\}(\w+)'", first.message)
    name = element[1] if element else ""
    return SoapFault(4106 if name.startswith("Fecha") and "pattern" in first.message else 4102, about=name)
