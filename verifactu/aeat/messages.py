"""What is said to the AEAT: SOAP 1.1 messages, document/literal, in UTF-8 (``SuministroLR.xsd``, ``ConsultaLR.xsd``).

A submission carries the records byte by byte as they were stored: what is sent is what was hashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias

from lxml import etree

from verifactu import literals
from verifactu.aeat.answers import PageKey
from verifactu.aeat.namespaces import INQUIRY, RECORDS, SOAP, SUBMISSION
from verifactu.registration import Party

MOST_RECORDS: Final = 1_000
"""In one message (Orden HAC/1177/2024 art. 16)."""

_RECORD_STARTS: Final = (b"<sum1:RegistroAlta ", b"<sum1:RegistroAnulacion ")
_SUBMISSION_END: Final = b"</sum:RegFactuSistemaFacturacion>"

Content: TypeAlias = "str | list[Node] | None"
Node: TypeAlias = "tuple[str, Content]"
"""An element of namespace ``RECORDS``: its name, and its text or children. ``None`` leaves the element out."""


def submission(
    *, issuer: Party, records: Sequence[bytes], incident: bool, representative: Party | None = None
) -> bytes:
    """The message that remits ``records`` of one issuer, oldest first (``RegFactuSistemaFacturacion``).

    ``incident`` says that they come late because of a failure (art. 16.4). ``representative`` is whose certificate
    sends them, when it is not the issuer's. Raises ValueError for more than 1,000 records, none, or what is not one.
    """
    envelope, body = _envelope({"sum": SUBMISSION})
    root = etree.SubElement(body, f"{{{SUBMISSION}}}RegFactuSistemaFacturacion")
    _write(etree.SubElement(root, f"{{{SUBMISSION}}}Cabecera"), [
        ("ObligadoEmision", _party(issuer)),
        ("Representante", _party(representative) if representative else None),
        ("RemisionVoluntaria", [("Incidencia", "S")] if incident else None),
    ])  # fmt: skip
    return _carrying(records, _bytes(envelope))


def document(*, issuer: Party, records: Sequence[bytes]) -> bytes:
    """``RegFactuSistemaFacturacion`` as a file, for whoever asks for records without the AEAT's service.

    Raises what ``submission`` raises.
    """
    root = etree.Element(f"{{{SUBMISSION}}}RegFactuSistemaFacturacion", nsmap={"sum": SUBMISSION, "sum1": RECORDS})
    _write(etree.SubElement(root, f"{{{SUBMISSION}}}Cabecera"), [("ObligadoEmision", _party(issuer))])
    return _carrying(records, _bytes(root))


def _carrying(records: Sequence[bytes], written: bytes) -> bytes:
    """What was ``written``, with the records in it, byte by byte."""
    if not 1 <= len(records) <= MOST_RECORDS:
        raise ValueError(f"a message carries 1 to {MOST_RECORDS} records, not {len(records)}")
    if not all(record.startswith(_RECORD_STARTS) for record in records):
        raise ValueError("a record must be sent as it was sealed: an element, without an XML declaration")
    before, end, after = written.rpartition(_SUBMISSION_END)
    wrapped = (b"<sum:RegistroFactura>" + record + b"</sum:RegistroFactura>" for record in records)
    return b"".join([before, *wrapped, end, after])


def inquiry(
    *,
    issuer: Party,
    year: int,
    month: int,
    number: str | None = None,
    first: date | None = None,
    last: date | None = None,
    after: PageKey | None = None,
    by_representative: bool = False,
) -> bytes:
    """The message that asks what the AEAT holds of an issuer (``ConsultaFactuSistemaFacturacion``).

    The answer has the last accepted record of each invoice issued in that month, 10,000 at most; ``after`` asks for
    the next page. ``number`` and the days ``first`` to ``last`` of issue narrow it. ``by_representative`` says that the
    certificate is not the issuer's.
    """
    envelope, body = _envelope({"con": INQUIRY})
    root = etree.SubElement(body, f"{{{INQUIRY}}}ConsultaFactuSistemaFacturacion")
    _write(etree.SubElement(root, f"{{{INQUIRY}}}Cabecera"), [
        ("IDVersion", "1.0"),
        ("ObligadoEmision", _party(issuer)),
        ("IndicadorRepresentante", "S" if by_representative else None),
    ])  # fmt: skip
    filters = etree.SubElement(root, f"{{{INQUIRY}}}FiltroConsulta")
    _write(filters, [("PeriodoImputacion", [("Ejercicio", f"{year:04}"), ("Periodo", f"{month:02}")])], INQUIRY)
    _write(filters, [
        ("NumSerieFactura", literals.text(number) if number else None),
        ("FechaExpedicionFactura", _days(first, last)),
        ("ClavePaginacion", _page_key(after)),
    ], INQUIRY)  # fmt: skip
    return _bytes(envelope)


def _party(party: Party) -> list[Node]:
    if party.nif is None:
        raise ValueError("in the header everybody has a NIF")
    return [("NombreRazon", literals.text(party.name)), ("NIF", literals.text(party.nif))]


def _days(first: date | None, last: date | None) -> list[Node] | None:
    if first is None and last is None:
        return None
    if first == last:  # a range of one day is refused: «desde» must be before «hasta» (code 1250)
        return [("FechaExpedicionFactura", _day(first))]
    return [("RangoFechaExpedicion", [("Desde", _day(first)), ("Hasta", _day(last))])]


def _day(day: date | None) -> str | None:
    return literals.day(day) if day else None


def _page_key(key: PageKey | None) -> list[Node] | None:
    if key is None:
        return None
    return [
        ("IDEmisorFactura", key.issuer_tax_id),
        ("NumSerieFactura", key.number),
        ("FechaExpedicionFactura", literals.day(key.issue_date)),
    ]


def _envelope(prefixes: dict[str, str]) -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP, "sum1": RECORDS, **prefixes})
    etree.SubElement(envelope, f"{{{SOAP}}}Header")
    return envelope, etree.SubElement(envelope, f"{{{SOAP}}}Body")


def _write(parent: etree._Element, nodes: list[Node], namespace: str = RECORDS) -> None:
    """Append ``nodes``, themselves of ``namespace``; what is inside them is always of ``RECORDS``."""
    for name, content in nodes:
        if content is None:
            continue
        element = etree.SubElement(parent, f"{{{namespace}}}{name}")
        if isinstance(content, str):
            element.text = content
        else:
            _write(element, content)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
