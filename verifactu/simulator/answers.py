"""The answer to a submission (``RespuestaSuministro.xsd``), element by element in the schema's order."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from verifactu.aeat.catalogue import text_of
from verifactu.reading import ANNULMENT
from verifactu.simulator.schemas import RECORDS, SUBMISSION_ANSWER
from verifactu.simulator.soap import text
from verifactu.simulator.store import Accepted

_KEY: Final = ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura")
_DETAILS: Final = {1287: "NumSerieFactura", 2004: "240 segundos."}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one record. ``code`` is an error or a warning; ``duplicate`` what is held in its place."""

    record: etree._Element
    accepted: bool
    code: int | None = None
    duplicate: Accepted | None = None

    @property
    def state(self) -> str:
        """``EstadoRegistro``."""
        if not self.accepted:
            return "Incorrecto"
        return "Correcto" if self.code is None else "AceptadoConErrores"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Given when anything was accepted."""

    message: int
    presenter: str
    at: datetime

    @property
    def code(self) -> str:
        """``CSV``: sixteen characters, the same for the same message."""
        digest = hashlib.sha256(f"{self.message} {self.at.isoformat()}".encode()).digest()
        return f"A-{b32encode(digest).decode()[:14]}"


def submission_answer(
    header: etree._Element, lines: Sequence[Line], *, receipt: Receipt, wait_seconds: int, leave_out: int = 0
) -> etree._Element:
    """``leave_out`` drops that many lines from the end, as a broken day would."""
    answer = etree.Element(
        _tag("RespuestaRegFactuSistemaFacturacion"), nsmap={"tikR": SUBMISSION_ANSWER, "tik": RECORDS}
    )
    if any(line.accepted for line in lines):
        _add(answer, "CSV", receipt.code)
        presented = _add(answer, "DatosPresentacion")
        _add_inner(presented, "NIFPresentador", receipt.presenter)
        _add_inner(presented, "TimestampPresentacion", receipt.at.isoformat(timespec="seconds"))
    _add(answer, "Cabecera").extend(deepcopy(child) for child in header)
    _add(answer, "TiempoEsperaEnvio", str(wait_seconds))
    _add(answer, "EstadoEnvio", _state_of_all(lines))
    for line in lines[: len(lines) - leave_out] if leave_out else lines:
        _write(_add(answer, "RespuestaLinea"), line)
    return answer


def describe(code: int) -> str:
    """The AEAT's text for a code, with what it fills in."""
    words = text_of(code) or "Error."
    detail = _DETAILS.get(code, "")
    return words.replace("%s", detail) if "%s" in words else f"{words} {detail}".strip()


def identification(record: etree._Element) -> tuple[str, str, str]:
    """Issuer, number and day as written, trimmed; of an annulment those of the invoice that it annuls."""
    suffix = "Anulada" if record.tag == ANNULMENT else ""
    issuer, number, day = (text(record, "IDFactura", f"{name}{suffix}") for name in _KEY)
    return issuer, number, day


def _write(parent: etree._Element, line: Line) -> None:
    identified = _add(parent, "IDFactura")
    for name, value in zip(_KEY, identification(line.record), strict=True):
        _add_inner(identified, name, value)
    operation = _add(parent, "Operacion")
    _add_inner(operation, "TipoOperacion", "Anulacion" if line.record.tag == ANNULMENT else "Alta")
    for name in ("Subsanacion", "RechazoPrevio", "SinRegistroPrevio"):
        if value := text(line.record, name):
            _add_inner(operation, name, value)
    if reference := text(line.record, "RefExterna"):
        _add(parent, "RefExterna", reference)
    _add(parent, "EstadoRegistro", line.state)
    if line.code is not None:
        _add(parent, "CodigoErrorRegistro", str(line.code))
        _add(parent, "DescripcionErrorRegistro", describe(line.code)[:1500])
    if line.duplicate:
        _write_duplicate(_add(parent, "RegistroDuplicado"), line.duplicate)


def _write_duplicate(parent: etree._Element, held: Accepted) -> None:
    _add_inner(parent, "IdPeticionRegistroDuplicado", held.request_id)
    accepted = "Correcta" if held.code is None else "AceptadaConErrores"
    _add_inner(parent, "EstadoRegistroDuplicado", "Anulada" if held.is_annulment else accepted)
    if held.code is not None:
        _add_inner(parent, "CodigoErrorRegistro", str(held.code))
        _add_inner(parent, "DescripcionErrorRegistro", describe(held.code)[:500])


def _state_of_all(lines: Sequence[Line]) -> str:
    """``EstadoEnvio``: one warning makes it «partly right» (Descripción del servicio web 1.0.3, section 3, L18)."""
    states = {line.state for line in lines}
    if states == {"Correcto"}:
        return "Correcto"
    return "Incorrecto" if states == {"Incorrecto"} else "ParcialmenteCorrecto"


def _add(parent: etree._Element, name: str, content: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, _tag(name))
    element.text = content
    return element


def _add_inner(parent: etree._Element, name: str, content: str) -> None:
    etree.SubElement(parent, f"{{{RECORDS}}}{name}").text = content


def _tag(name: str) -> str:
    return f"{{{SUBMISSION_ANSWER}}}{name}"
