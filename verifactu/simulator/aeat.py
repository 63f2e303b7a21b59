"""The AEAT without its web server: what it makes of a message, and what it then holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lxml import etree

from verifactu.reading import Record
from verifactu.registration import Annulment
from verifactu.rules.identifiers import is_nif
from verifactu.simulator.answers import Line, Receipt, identification, submission_answer
from verifactu.simulator.authority import Holder
from verifactu.simulator.faults import NOTHING_TOLD, FaultKind, Faults, Told
from verifactu.simulator.inquiries import MOST_RECORDS, inquiry_answer
from verifactu.simulator.judging import Circumstances, first_error, first_warning, read, system_id
from verifactu.simulator.operations import DUPLICATE, refusal
from verifactu.simulator.schemas import RECORDS
from verifactu.simulator.soap import Message, SoapFault, text
from verifactu.simulator.store import Accepted, Key, Store

_ZONE: Final = ZoneInfo("Europe/Madrid")
_YEAR_END_FROM: Final = date(2027, 1, 1)


@dataclass(slots=True)
class Aeat:
    """``wait_seconds`` is what it asks for between two messages (TiempoEsperaEnvio); ``clock`` gives aware instants.
    ``representatives`` are the pairs of NIF (who presents, for whom) that have been registered with it."""

    store: Store
    faults: Faults
    clock: Callable[[], datetime]
    wait_seconds: int = 60
    page_size: int = MOST_RECORDS
    representatives: set[tuple[str, str]] = field(default_factory=set)

    def now(self, issuer: str, told: Told = NOTHING_TOLD) -> datetime:
        """Its own clock, which a script may put wrong, and a test seller's sandbox ahead."""
        skew = sum(fault.seconds for fault in self.faults.state(FaultKind.CLOCK_SKEW, issuer))
        return (self.clock() + timedelta(seconds=skew + told.ahead)).astimezone(_ZONE)

    def wait_for(self, issuer: str) -> int:
        """The seconds that this issuer is told to wait."""
        scripted = self.faults.state(FaultKind.WAIT, issuer)
        return int(scripted[-1].seconds) if scripted else self.wait_seconds

    def is_early(self, issuer: str, *, records: int) -> bool:
        """Whether a message comes before its time (Orden HAC/1177/2024 art. 16.2): a full one never does."""
        last = self.store.last_message_at(issuer)
        return records < 1000 and last is not None and self.clock() < last + timedelta(seconds=self.wait_for(issuer))

    def submit(
        self, message: Message, presenter: Holder, *, leave_out: int = 0, told: Told = NOTHING_TOLD
    ) -> etree._Element:
        """The answer to a submission, whose accepted records are then held. Raises ``SoapFault``, and holds nothing."""
        header, issuer = message.header, self._check_header(message.header, presenter, told)
        records = [element[0] for element in list(message.content)[1:]]
        with self._receiving(issuer, len(records), presenter, told) as receipt:
            lines = [self._judge(element, header, receipt, told) for element in records]
        wait = self.wait_for(issuer)
        return submission_answer(header, lines, receipt=receipt, wait_seconds=wait, leave_out=leave_out)

    def inquire(self, message: Message, presenter: Holder) -> etree._Element:
        """The answer to an inquiry. Raises ``SoapFault``."""
        issuer, recipient = text(message.header, "ObligadoEmision", "NIF"), text(message.header, "Destinatario", "NIF")
        if not is_nif(issuer or recipient):
            raise SoapFault(4116)
        if not self._may_act(presenter, issuer or recipient):
            raise SoapFault(4132 if recipient else 4112)
        return inquiry_answer(message.content, self.store, page_size=self.page_size)

    @contextmanager
    def _receiving(self, issuer: str, records: int, presenter: Holder, told: Told) -> Iterator[Receipt]:
        with self.store.message(issuer=issuer, records=records, at=self.clock()) as number:
            yield Receipt(number, presenter.tax_id, self.now(issuer, told))

    def _check_header(self, header: etree._Element, presenter: Holder, told: Told) -> str:
        issuer, representative = text(header, "ObligadoEmision", "NIF"), text(header, "Representante", "NIF")
        if not is_nif(issuer):
            raise SoapFault(4116)
        unknown = self._unknown_tax_ids(issuer)
        if issuer in unknown:
            raise SoapFault(4104)
        if representative and not is_nif(representative):
            raise SoapFault(4117)
        if representative in unknown:
            raise SoapFault(4123)
        if not self._may_act(presenter, issuer):
            raise SoapFault(4112)
        if header.find(f"{{{RECORDS}}}RemisionRequerimiento") is not None:
            raise SoapFault(4126)
        if last_day := text(header, "RemisionVoluntaria", "FechaFinVeriFactu"):
            self._check_last_day(last_day, self.now(issuer, told).date())
        return issuer

    def _check_last_day(self, written: str, today: date) -> None:
        try:
            day = datetime.strptime(written, "%d-%m-%Y").date()  # noqa: DTZ007 - a day has no zone
        except ValueError as error:
            raise SoapFault(4106, about="FechaFinVeriFactu") from error
        is_year_end = (day.month, day.day) == (12, 31)
        if day.year not in {today.year - 1, today.year} or (today >= _YEAR_END_FROM and not is_year_end):
            raise SoapFault(4120)

    def _may_act(self, presenter: Holder, tax_id: str) -> bool:
        return presenter.tax_id == tax_id or (presenter.tax_id, tax_id) in self.representatives

    def _unknown_tax_ids(self, issuer: str) -> set[str]:
        return {fault.tax_id for fault in self.faults.state(FaultKind.UNKNOWN_TAX_ID, issuer)}

    def _judge(self, element: etree._Element, header: etree._Element, receipt: Receipt, told: Told) -> Line:
        issuer, number = text(header, "ObligadoEmision", "NIF"), identification(element)[1]
        scripted = told.for_record(issuer=issuer, number=number) or self.faults.for_record(issuer=issuer, number=number)
        if scripted and scripted.kind is FaultKind.REJECT:
            return Line(element, accepted=False, code=scripted.code)
        at = Circumstances(
            issuer=issuer,
            now=self.now(issuer, told),
            incident=text(header, "RemisionVoluntaria", "Incidencia") == "S",
            representative=text(header, "Representante", "NIF"),
            unknown_tax_ids=self._unknown_tax_ids(issuer),
            knows_system=lambda system: self.store.knows_system(issuer, system),
        )
        record = read(element)
        if isinstance(record, int):
            return Line(element, accepted=False, code=record)
        if error := first_error(record, element, at):
            return Line(element, accepted=False, code=error)
        key = Key(record.written.issuer_tax_id, record.written.number, record.content.issue_date)
        held = self.store.last(key)
        if error := refusal(record.content, self.store.held(key)):
            return Line(element, accepted=False, code=error, duplicate=held if error == DUPLICATE else None)
        warning = scripted.code if scripted else first_warning(record, at)
        self.store.keep(_accepted(record, key, element, at, receipt, code=warning))
        return Line(element, accepted=True, code=warning)


def _accepted(
    record: Record, key: Key, element: etree._Element, at: Circumstances, receipt: Receipt, *, code: int | None
) -> Accepted:
    return Accepted(
        key=key,
        is_annulment=isinstance(record.content, Annulment),
        fingerprint=record.stamp.fingerprint,
        system=system_id(record.system),
        code=code,
        message=receipt.message,
        presenter=receipt.presenter,
        at=at.now,
        representative=at.representative,
        incident=at.incident,
        gross_total=getattr(record.written, "gross_total", ""),
        xml=etree.tostring(element, encoding="UTF-8", with_tail=False),
    )
