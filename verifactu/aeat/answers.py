"""What the AEAT answers (``RespuestaSuministro.xsd``, ``RespuestaConsultaLR.xsd``), as values.

Tolerant of form (prefixes, blanks, what newer schemas may add), strict about meaning: a state that we do not know is
no state, and the whole answer is unreadable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from core.errors import gettext_noop
from verifactu.aeat.errors import Unreadable
from verifactu.aeat.reading import Element, open_envelope

FIRST_WAIT: Final = 60
"""Seconds between two messages until the AEAT says otherwise (Orden HAC/1177/2024 art. 16.2)."""

Kind: TypeAlias = Literal["registration", "annulment"]


class State(StrEnum):
    """``EstadoEnvio``: of a whole message. Only its lines say what became of each record."""

    ACCEPTED = "accepted"  # Correcto
    PARTIALLY_ACCEPTED = "partially_accepted"  # ParcialmenteCorrecto: some rejected, or accepted with errors
    REJECTED = "rejected"  # Incorrecto


class Outcome(StrEnum):
    """``EstadoRegistro``: of one record. What is accepted with errors is stored; what is rejected is not."""

    ACCEPTED = "accepted"  # Correcto
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"  # AceptadoConErrores
    REJECTED = "rejected"  # Incorrecto


class RegisteredState(StrEnum):
    """Of an invoice that the AEAT holds: ``EstadoRegistroDuplicado``, and ``EstadoRegistro`` of an inquiry."""

    ACCEPTED = "accepted"  # Correcta, Correcto
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"  # AceptadaConErrores, AceptadoConErrores
    ANNULLED = "annulled"  # Anulada, Anulado


@dataclass(frozen=True, slots=True)
class Duplicate:
    """What the AEAT already holds, when it rejects a record as a duplicate (code 3000)."""

    request_id: str
    state: RegisteredState
    code: int | None
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What became of one record. Texts that the AEAT leaves out are empty."""

    issuer_tax_id: str
    number: str
    issue_date: date
    kind: Kind
    reference: str
    outcome: Outcome
    code: int | None
    description: str
    duplicate: Duplicate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a submission. ``receipt_code`` (CSV), ``presented_at`` and ``presenter_tax_id`` are missing when
    every record was rejected."""

    receipt_code: str
    state: State
    wait_seconds: int
    presented_at: datetime | None
    presenter_tax_id: str
    lines: tuple[LineAnswer, ...]


@dataclass(frozen=True, slots=True)
class PageKey:
    """Where the next page of an inquiry begins (``ClavePaginacion``)."""

    issuer_tax_id: str
    number: str
    issue_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An invoice that the AEAT holds, by the last record it accepted of it."""

    issuer_tax_id: str
    number: str
    issue_date: date
    fingerprint: str
    state: RegisteredState
    code: int | None
    description: str
    reference: str
    generated_at: datetime | None
    modified_at: datetime | None
    request_id: str
    presented_at: datetime | None
    presenter_tax_id: str


@dataclass(frozen=True, slots=True)
class InquiryAnswer:
    """One page of what the AEAT holds; ``next_page`` is ``None`` on the last."""

    records: tuple[Registered, ...]
    next_page: PageKey | None


_STATES: Final = {
    "Correcto": State.ACCEPTED,
    "ParcialmenteCorrecto": State.PARTIALLY_ACCEPTED,
    "Incorrecto": State.REJECTED,
}
_OUTCOMES: Final = {
    "Correcto": Outcome.ACCEPTED,
    "AceptadoConErrores": Outcome.ACCEPTED_WITH_ERRORS,
    "Incorrecto": Outcome.REJECTED,
}
# Duplicates are feminine («la factura»), inquiries were too until the schema of 2026 («el registro»).
_REGISTERED_STATES: Final = {
    "Correcta": RegisteredState.ACCEPTED,
    "Correcto": RegisteredState.ACCEPTED,
    "AceptadaConErrores": RegisteredState.ACCEPTED_WITH_ERRORS,
    "AceptadoConErrores": RegisteredState.ACCEPTED_WITH_ERRORS,
    "Anulada": RegisteredState.ANNULLED,
    "Anulado": RegisteredState.ANNULLED,
}
_KINDS: Final[dict[str, Kind]] = {"Alta": "registration", "Anulacion": "annulment"}


def read_answer(body: bytes) -> Answer:
    """What became of a submission. Raises SoapFault if the AEAT refused it whole, Unreadable if this is no answer."""
    answer = open_envelope(body, "RespuestaRegFactuSistemaFacturacion")
    presentation = answer.child("DatosPresentacion")
    return Answer(
        receipt_code=answer.text("CSV"),
        state=answer.one_of("EstadoEnvio", _STATES),
        wait_seconds=_wait(answer.text("TiempoEsperaEnvio")),
        presented_at=presentation.instant("TimestampPresentacion"),
        presenter_tax_id=presentation.text("NIFPresentador"),
        lines=tuple(_line(line) for line in answer.children("RespuestaLinea")),
    )


def read_inquiry(body: bytes) -> InquiryAnswer:
    """A page of what the AEAT holds. Raises SoapFault and Unreadable as ``read_answer`` does."""
    answer = open_envelope(body, "RespuestaConsultaFactuSistemaFacturacion")
    records = answer.children("RegistroRespuestaConsultaFactuSistemaFacturacion")
    is_last = answer.one_of("IndicadorPaginacion", {"S": False, "N": True})
    return InquiryAnswer(
        records=tuple(_registered(record) for record in records),
        next_page=None if is_last else PageKey(*_invoice(answer.required("ClavePaginacion"))),
    )


def _wait(text: str) -> int:
    """An illegible wait is no reason to throw away what became of the records."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("9999") else FIRST_WAIT


def _line(line: Element) -> LineAnswer:
    issuer_tax_id, number, issue_date = _invoice(line.required("IDFactura"))
    duplicate = line.child("RegistroDuplicado")
    return LineAnswer(
        issuer_tax_id=issuer_tax_id,
        number=number,
        issue_date=issue_date,
        kind=line.required("Operacion").one_of("TipoOperacion", _KINDS),
        reference=line.text("RefExterna"),
        outcome=line.one_of("EstadoRegistro", _OUTCOMES),
        code=line.number("CodigoErrorRegistro"),
        description=line.text("DescripcionErrorRegistro"),
        duplicate=_duplicate(duplicate) if duplicate else None,
    )


def _duplicate(duplicate: Element) -> Duplicate:
    return Duplicate(
        request_id=duplicate.text("IdPeticionRegistroDuplicado"),
        state=duplicate.one_of("EstadoRegistroDuplicado", _REGISTERED_STATES),
        code=duplicate.number("CodigoErrorRegistro"),
        description=duplicate.text("DescripcionErrorRegistro"),
    )


def _registered(record: Element) -> Registered:
    issuer_tax_id, number, issue_date = _invoice(record.required("IDFactura"))
    data, presentation = record.required("DatosRegistroFacturacion"), record.child("DatosPresentacion")
    state = record.required("EstadoRegistro")
    return Registered(
        issuer_tax_id=issuer_tax_id,
        number=number,
        issue_date=issue_date,
        fingerprint=data.text("Huella"),
        state=state.one_of("EstadoRegistro", _REGISTERED_STATES),
        code=state.number("CodigoErrorRegistro"),
        description=state.text("DescripcionErrorRegistro"),
        reference=data.text("RefExterna"),
        generated_at=data.instant("FechaHoraHusoGenRegistro"),
        modified_at=state.instant("TimestampUltimaModificacion"),
        request_id=presentation.text("IdPeticion"),
        presented_at=presentation.instant("TimestampPresentacion"),
        presenter_tax_id=presentation.text("NIFPresentador"),
    )


def _invoice(named: Element) -> tuple[str, str, date]:
    number, issue_date = named.text("NumSerieFactura"), named.day("FechaExpedicionFactura")
    if not number or issue_date is None:
        raise Unreadable(gettext_noop("The AEAT's answer does not name the invoice it is about."))
    return named.text("IDEmisorFactura"), number, issue_date
