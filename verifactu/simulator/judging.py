"""What the AEAT objects to in one record: the first error rejects it, the first warning lets it in with an error.

The business rules are ``verifactu.rules``, the same that invoices are checked by before issue; here is what those leave
to the AEAT (the census, the state of its own data) or to the program (how a record is written).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from verifactu.billing_system import BillingSystem
from verifactu.codes import GeneratedBy
from verifactu.reading import Record, Unreadable, read_element
from verifactu.registration import Annulment, OtherId, Party, Registration
from verifactu.rules import Finding, Severity, check_annulment
from verifactu.rules import check as check_registration
from verifactu.rules.identification import EARLIEST_ISSUE_DATE
from verifactu.rules.identifiers import is_nif
from verifactu.simulator.soap import text

CLOCK_TOLERANCE: Final = timedelta(seconds=240)
"""By which a record's time may differ from the AEAT's in either direction (observed; the AEAT documents «a margin»)."""

_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)")
_FINGERPRINT: Final = re.compile(r"[0-9A-F]{64}")
_ALPHANUMERIC: Final = re.compile(r"[0-9A-Za-z]*")
_UNREADABLE: Final = {
    "FechaExpedicionFactura": 1105,
    "FechaExpedicionFacturaAnulada": 1105,
    "FechaOperacion": 1145,
    "ImporteTotal": 1267,
    "CuotaTotal": 1266,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the AEAT knows when a record comes in. ``now`` is its own clock, in its own zone."""

    issuer: str
    representative: str
    now: datetime
    incident: bool
    unknown_tax_ids: AbstractSet[str]
    knows_system: Callable[[str], bool]

    def is_registered(self, tax_id: str) -> bool:
        """Whether the census knows this NIF."""
        return is_nif(tax_id) and tax_id not in self.unknown_tax_ids


def read(element: etree._Element) -> Record | int:
    """The record, or the code with which what cannot be read is rejected."""
    if any(not (leaf.text or "").strip() for leaf in element.iter() if len(leaf) == 0):
        return 1100  # the schema lets empty elements pass, the AEAT does not (observed)
    try:
        return read_element(element)
    except Unreadable as error:
        return _UNREADABLE.get(error.element, 1100)


def first_error(record: Record, element: etree._Element, at: Circumstances) -> int | None:
    """The code with which this record is rejected, if it is, by what it says alone."""
    return next(_errors(record, element, at), None)


def first_warning(record: Record, at: Circumstances) -> int | None:
    """The code with which this record is stored, if there is anything to say about it."""
    return next(_warnings(record, at), None)


def system_id(system: BillingSystem) -> str:
    """What tells one installation from another at the AEAT: producer, program and installation number."""
    producer = system.producer.tax_id
    return "|".join((producer.id if isinstance(producer, OtherId) else producer, system.id, system.installation_number))


def _errors(record: Record, element: etree._Element, at: Circumstances) -> Iterator[int]:
    if record.written.issuer_tax_id != at.issuer:
        yield 1108
    if isinstance(record.content, Registration):
        yield from _registration(record.content, element, at)
    else:
        yield from _annulment(record.content, at)
    yield from _stamp(record)
    yield from _system(record.system, at)


def _registration(registration: Registration, element: etree._Element, at: Circumstances) -> Iterator[int]:
    yield from _rejections(check_registration(registration, today=at.now.date()))
    if text(element, "Macrodato") == "S" and not registration.is_large:
        yield 1138
    if text(element, "Macrodato") != "S" and registration.is_large:
        yield 1139
    yield from _census(1239, registration.recipients, at)
    yield from _census(1178, [registration.third_party] if registration.third_party else [], at)
    if any(not at.is_registered(one.issuer_tax_id) for one in (*registration.corrected, *registration.replaced)):
        yield 1154
    if registration.invoicing_agreement:
        yield 1128  # nobody has an agreement with a simulation


def _annulment(annulment: Annulment, at: Circumstances) -> Iterator[int]:
    yield from _rejections(check_annulment(annulment))
    if annulment.issue_date > at.now.date():
        yield 1112
    if annulment.issue_date < EARLIEST_ISSUE_DATE:
        yield 1152
    generator = annulment.generator
    if annulment.generated_by is GeneratedBy.ISSUER and generator and generator.nif != at.issuer:
        yield 1258
    yield from _census(1258, [generator] if generator else [], at)


def _rejections(findings: Iterable[Finding]) -> Iterator[int]:
    yield from (finding.code for finding in findings if finding.severity is Severity.BLOCKING)


def _census(code: int, parties: Iterable[Party], at: Circumstances) -> Iterator[int]:
    if any(party.nif is not None and not at.is_registered(party.nif) for party in parties):
        yield code


def _stamp(record: Record) -> Iterator[int]:
    stamp = record.stamp
    if not _TIMESTAMP.fullmatch(stamp.generated_at) or _instant(stamp.generated_at) is None:
        yield 1244
    if not _ALPHANUMERIC.fullmatch(stamp.fingerprint):
        yield 1292
    if len(stamp.fingerprint) != 64:
        yield 1262
    if stamp.previous and not _ALPHANUMERIC.fullmatch(stamp.previous.fingerprint):
        yield 1291


def _system(system: BillingSystem, at: Circumstances) -> Iterator[int]:
    if not re.fullmatch("[A-Z0-9]{2}", system.id):
        yield 1177
    producer = system.producer.nif
    if producer is not None and not is_nif(producer):
        yield 1176
    elif producer is not None and not at.is_registered(producer):
        yield 1110


def _warnings(record: Record, at: Circumstances) -> Iterator[int]:
    stamp = record.stamp
    if stamp.previous and stamp.previous.fingerprint == stamp.fingerprint:
        yield 2008  # before 2000, which is never far from it
    if stamp.fingerprint != record.recomputed():
        yield 2000
    if stamp.previous and len(stamp.previous.fingerprint) != 64:
        yield 2002
    elif stamp.previous and not _FINGERPRINT.fullmatch(stamp.previous.fingerprint):
        yield 2003
    if stamp.previous is None and at.knows_system(system_id(record.system)):
        yield 2007
    if isinstance(record.content, Registration):
        found = check_registration(record.content, today=at.now.date())
        # Of 1152, 1191 and 1192 the AEAT says that they reject, and takes such records without a word (observed).
        codes = {finding.code for finding in found if finding.code >= 2000 and finding.severity is Severity.WARNING}
        yield from sorted(codes, key=lambda code: code != 2001)
    generated_at = _instant(stamp.generated_at)
    if generated_at and not at.incident and abs(at.now - generated_at) > CLOCK_TOLERANCE:
        yield 2004


def _instant(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None
