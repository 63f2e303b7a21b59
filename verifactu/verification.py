"""What is wrong with a record of a chain, given the one before: pure, over values, and in words.

The XML is the witness: it is what the AEAT is sent. Its bytes are held to their digest, its literals to the
fingerprint that they give, and every column beside it to what it says. What this proves, and what it cannot, is in
docs/adr/0022.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from lxml import etree

from core.errors import gettext_noop
from core.modes import Mode
from verifactu import literals
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.qr import verification_url
from verifactu.xml import NAMESPACE


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, and where: ``sequence`` and ``number`` name the record, None the chain as a whole.

    ``code`` is stable; ``message`` is an English template.
    """

    code: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)
    sequence: int | None = None
    number: str = ""

    def __str__(self) -> str:
        return self.message % self.params


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """A chain as its row says: whose it is, and its head."""

    issuer_tax_id: str
    installation_number: str
    mode: str
    last_sequence: int
    last_fingerprint: str
    last_number: str
    last_issue_date: date | None
    last_generated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as the database keeps it, column by column."""

    sequence: int
    kind: str
    issuer_tax_id: str
    number: str
    issue_date: date
    fiscal_type: str
    tax_total: str
    gross_total: str
    previous_fingerprint: str | None
    fingerprint: str
    generated_at: datetime
    generated_at_text: str
    xml: bytes
    xml_sha256: str
    qr_url: str
    external_reference: str
    amendment: bool
    previous_rejection: str
    without_previous_record: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A record as another one names it (``RegistroAnterior``)."""

    issuer_tax_id: str
    number: str
    issue_date: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.number} ({self.issue_date}, {self.fingerprint[:8]}…)"


@dataclass(frozen=True, slots=True)
class Written:
    """What a record's XML says. ``first`` is ``PrimerRegistro``; ``previous`` is ``RegistroAnterior``."""

    kind: str
    literals: RegistrationLiterals | AnnulmentLiterals
    external_reference: str
    amendment: str
    previous_rejection: str
    without_previous_record: str
    first: str
    previous: Named | None
    installation_number: str
    generated_at: str
    fingerprint_type: str
    fingerprint: str

    @property
    def named(self) -> Named:
        """This record, as the next one must name it."""
        own = self.literals
        return Named(own.issuer_tax_id, own.number, own.issue_date, self.fingerprint)


class UnreadableError(ValueError):
    """These bytes are no record."""


# No entity is resolved and nothing is fetched: these bytes may be a forger's.
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=False)
_KINDS: Final = {"RegistroAlta": "registration", "RegistroAnulacion": "annulment"}


def read(xml: bytes) -> Written:
    """Read a record's XML. Raises UnreadableError."""
    try:
        root = etree.fromstring(xml, _PARSER)
    except etree.XMLSyntaxError as error:
        raise UnreadableError(str(error)) from error
    kind = _KINDS.get(etree.QName(root).localname)
    if kind is None or etree.QName(root).namespace != NAMESPACE:
        raise UnreadableError(f"the root is {root.tag}")
    return Written(
        kind=kind,
        literals=_registration(root) if kind == "registration" else _annulment(root),
        external_reference=_text(root, "RefExterna"),
        amendment=_text(root, "Subsanacion"),
        previous_rejection=_text(root, "RechazoPrevio"),
        without_previous_record=_text(root, "SinRegistroPrevio"),
        first=_text(root, "Encadenamiento", "PrimerRegistro"),
        previous=_previous(root),
        installation_number=_text(root, "SistemaInformatico", "NumeroInstalacion"),
        generated_at=_text(root, "FechaHoraHusoGenRegistro"),
        fingerprint_type=_text(root, "TipoHuella"),
        fingerprint=_text(root, "Huella"),
    )


def _registration(root: etree._Element) -> RegistrationLiterals:
    return RegistrationLiterals(
        issuer_tax_id=_text(root, "IDFactura", "IDEmisorFactura"),
        number=_text(root, "IDFactura", "NumSerieFactura"),
        issue_date=_text(root, "IDFactura", "FechaExpedicionFactura"),
        fiscal_type=_text(root, "TipoFactura"),
        tax_total=_text(root, "CuotaTotal"),
        gross_total=_text(root, "ImporteTotal"),
    )


def _annulment(root: etree._Element) -> AnnulmentLiterals:
    return AnnulmentLiterals(
        issuer_tax_id=_text(root, "IDFactura", "IDEmisorFacturaAnulada"),
        number=_text(root, "IDFactura", "NumSerieFacturaAnulada"),
        issue_date=_text(root, "IDFactura", "FechaExpedicionFacturaAnulada"),
    )


def _previous(root: etree._Element) -> Named | None:
    found = root.find(_path("Encadenamiento", "RegistroAnterior"))
    if found is None:
        return None
    parts = ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura", "Huella")
    return Named(*(_text(found, name) for name in parts))


def _text(element: etree._Element, *path: str) -> str:
    return element.findtext(_path(*path)) or ""


def _path(*names: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{name}" for name in names)


@dataclass(frozen=True, slots=True)
class Checked:
    """A record that was looked at, for the one after it. ``written`` is None where its XML cannot be read."""

    kept: Kept
    written: Written | None
    flaws: tuple[Flaw, ...]

    @property
    def names(self) -> tuple[Named, ...]:
        """What the next record may call it: by its columns, or by its XML. Where the two differ, the flaw is here."""
        kept = self.kept
        own = Named(kept.issuer_tax_id, kept.number, literals.day(kept.issue_date), kept.fingerprint)
        return (own,) if self.written is None else (own, self.written.named)


def flaws_of(chain: ChainFacts, records: Iterable[Kept]) -> Iterator[Flaw]:
    """Everything that is wrong with a chain, given its records in order."""
    before: Checked | None = None
    for kept in records:
        before = check(kept, chain=chain, before=before)
        yield from before.flaws
    yield from check_head(chain, before.kept if before else None)


def check(kept: Kept, *, chain: ChainFacts, before: Checked | None) -> Checked:
    """Everything about one record. ``before`` is the record before it in the chain, None at the beginning."""
    try:
        written = read(kept.xml)
    except UnreadableError as error:
        found = [_digest(kept), *_sequence(kept, before), _unreadable(error)]
        return Checked(kept, None, _placed(kept, found))
    found = [
        _digest(kept),
        *_sequence(kept, before),
        *_columns(kept, written, chain),
        _fingerprint(written),
        *_link(written, kept.sequence, before),
        _time(kept, before),
    ]
    return Checked(kept, written, _placed(kept, found))


def check_head(chain: ChainFacts, last: Kept | None) -> Iterator[Flaw]:
    """Whether the chain's row knows its last record: what was cut off at the end shows here."""
    if last is None:
        if chain.last_sequence:
            yield Flaw(
                "records_missing",
                gettext_noop("Records %(first)s to %(last)s are missing."),
                {"first": 1, "last": chain.last_sequence},
            )
        return
    if chain.last_sequence > last.sequence:
        yield Flaw(
            "records_missing",
            gettext_noop("Records %(first)s to %(last)s are missing."),
            {"first": last.sequence + 1, "last": chain.last_sequence},
        )
        return
    pairs = [
        ("last_sequence", chain.last_sequence, last.sequence),
        ("last_fingerprint", chain.last_fingerprint, last.fingerprint),
        ("last_number", chain.last_number, last.number),
        ("last_issue_date", chain.last_issue_date, last.issue_date),
        ("last_generated_at", chain.last_generated_at, last.generated_at),
    ]
    message = gettext_noop("The chain's %(column)s says %(kept)s, and its last record says %(written)s.")
    for column, head, record in pairs:
        if head != record:
            yield Flaw("head_differs", message, {"column": column, "kept": _shown(head), "written": _shown(record)})


def _placed(kept: Kept, found: list[Flaw | None]) -> tuple[Flaw, ...]:
    return tuple(
        Flaw(flaw.code, flaw.message, flaw.params, kept.sequence, kept.number) for flaw in found if flaw is not None
    )


def _digest(kept: Kept) -> Flaw | None:
    found = hashlib.sha256(kept.xml).hexdigest()
    if found == kept.xml_sha256:
        return None
    message = gettext_noop("The XML is not the one that was stored: its SHA-256 is %(found)s, and %(kept)s was noted.")
    return Flaw("digest_differs", message, {"found": found, "kept": kept.xml_sha256})


def _unreadable(error: UnreadableError) -> Flaw:
    return Flaw("xml_unreadable", gettext_noop("The XML cannot be read: %(error)s."), {"error": str(error)})


def _sequence(kept: Kept, before: Checked | None) -> Iterator[Flaw]:
    expected = before.kept.sequence + 1 if before else 1
    if kept.sequence > expected:
        message = gettext_noop("Records %(first)s to %(last)s are missing before this one.")
        yield Flaw("records_missing", message, {"first": expected, "last": kept.sequence - 1})
    elif kept.sequence < expected:
        yield Flaw("sequence_repeats", gettext_noop("This sequence number is not the next one of the chain."))


def _columns(kept: Kept, written: Written, chain: ChainFacts) -> Iterator[Flaw]:
    """Each column, and what the XML says in its place."""
    own, previous = written.literals, written.previous
    registered = own if isinstance(own, RegistrationLiterals) else None
    pairs = [
        ("kind", kept.kind, written.kind),
        ("issuer_tax_id", kept.issuer_tax_id, own.issuer_tax_id),
        ("number", kept.number, own.number),
        ("issue_date", literals.day(kept.issue_date), own.issue_date),
        ("fiscal_type", kept.fiscal_type, registered.fiscal_type if registered else ""),
        ("tax_total", kept.tax_total, registered.tax_total if registered else ""),
        ("gross_total", kept.gross_total, registered.gross_total if registered else ""),
        ("previous_fingerprint", kept.previous_fingerprint or "", previous.fingerprint if previous else ""),
        ("fingerprint", kept.fingerprint, written.fingerprint),
        ("generated_at_text", kept.generated_at_text, written.generated_at),
        ("generated_at", kept.generated_at, _instant(written.generated_at)),
        ("external_reference", kept.external_reference, written.external_reference),
        ("amendment", "S" if kept.amendment else "", written.amendment),
        ("previous_rejection", kept.previous_rejection, written.previous_rejection),
        ("without_previous_record", "S" if kept.without_previous_record else "", written.without_previous_record),
        ("qr_url", kept.qr_url, verification_url(registered, mode=Mode(chain.mode)) if registered else ""),
    ]  # fmt: skip
    message = gettext_noop("The column %(column)s says %(kept)s, and the XML says %(written)s.")
    for column, here, there in pairs:
        if here != there:
            yield Flaw("column_differs", message, {"column": column, "kept": _shown(here), "written": _shown(there)})
    message = gettext_noop("The XML is of %(what)s %(written)s, and the chain is of %(kept)s.")
    for what, here, there in (
        ("NIF", chain.issuer_tax_id, own.issuer_tax_id),
        ("NumeroInstalacion", chain.installation_number, written.installation_number),
    ):
        if here != there:
            yield Flaw("of_another_chain", message, {"what": what, "kept": _shown(here), "written": _shown(there)})


def _fingerprint(written: Written) -> Flaw | None:
    previous = written.previous.fingerprint if written.previous else ""
    computed = written.literals.fingerprint(previous=previous, generated_at=written.generated_at)
    if computed == written.fingerprint and written.fingerprint_type == "01":
        return None
    message = gettext_noop("The fingerprint in the XML is %(written)s, and its contents give %(computed)s.")
    return Flaw("fingerprint_differs", message, {"written": _shown(written.fingerprint), "computed": computed})


def _link(written: Written, sequence: int, before: Checked | None) -> Iterator[Flaw]:
    if sequence == 1 or before is None:
        if sequence == 1 and (written.first != "S" or written.previous):
            yield Flaw("first_not_said", gettext_noop("It is the first record of its chain, and does not say so."))
        return
    if written.first or written.previous is None:
        yield Flaw("first_again", gettext_noop("It says that it is the first record of its chain, and is not."))
    elif written.previous not in before.names:
        message = gettext_noop("It names %(named)s as the record before it, and that is %(before)s.")
        yield Flaw("link_broken", message, {"named": str(written.previous), "before": str(before.names[-1])})


def _time(kept: Kept, before: Checked | None) -> Flaw | None:
    if before is None or kept.generated_at >= before.kept.generated_at:
        return None
    message = gettext_noop("It was generated at %(at)s, before the record that precedes it (%(before)s).")
    return Flaw("time_goes_back", message, {"at": kept.generated_at_text, "before": before.kept.generated_at_text})


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _shown(value: object) -> str:
    return f"«{'' if value is None else value}»"
