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

from core.errors import gettext_noop
from core.modes import Mode
from verifactu import literals
from verifactu.fingerprint import RegistrationLiterals
from verifactu.qr import verification_url
from verifactu.reading import Record, Unreadable, read_record
from verifactu.registration import Registration
from verifactu.xml import Link


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
class Checked:
    """A record that was looked at, for the one after it. ``read`` is None where its XML cannot be read."""

    kept: Kept
    read: Record | None
    flaws: tuple[Flaw, ...]

    @property
    def names(self) -> tuple[Link, ...]:
        """What the next record may call it: by its columns, or by its XML. Where the two differ, the flaw is here."""
        kept = self.kept
        by_columns = Link(kept.issuer_tax_id, kept.number, kept.issue_date, kept.fingerprint)
        if self.read is None:
            return (by_columns,)
        content, written = self.read.content, self.read.written
        return by_columns, Link(written.issuer_tax_id, content.number, content.issue_date, self.read.stamp.fingerprint)


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
        read = read_record(kept.xml)
    except Unreadable as error:
        flaw = Flaw("xml_unreadable", gettext_noop("The XML cannot be read: %(error)s."), {"error": str(error)})
        return Checked(kept, None, _placed(kept, [_digest(kept), *_sequence(kept, before), flaw]))
    found = [
        _digest(kept),
        *_sequence(kept, before),
        *_columns(kept, read, chain),
        _fingerprint(read),
        _link(read.stamp.previous, kept.sequence, before),
        _time(kept, before),
    ]
    return Checked(kept, read, _placed(kept, found))


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


def _sequence(kept: Kept, before: Checked | None) -> Iterator[Flaw]:
    expected = before.kept.sequence + 1 if before else 1
    if kept.sequence > expected:
        message = gettext_noop("Records %(first)s to %(last)s are missing before this one.")
        yield Flaw("records_missing", message, {"first": expected, "last": kept.sequence - 1})
    elif kept.sequence < expected:
        yield Flaw("sequence_repeats", gettext_noop("This sequence number is not the next one of the chain."))


def _columns(kept: Kept, read: Record, chain: ChainFacts) -> Iterator[Flaw]:
    """Each column, and what the XML says in its place."""
    message = gettext_noop("The column %(column)s says %(kept)s, and the XML says %(written)s.")
    for column, there in _expected(read, Mode(chain.mode)).items():
        here = getattr(kept, column)
        if here != there:
            yield Flaw("column_differs", message, {"column": column, "kept": _shown(here), "written": _shown(there)})
    message = gettext_noop("The XML is of %(what)s %(written)s, and the chain is of %(kept)s.")
    for what, here, there in (
        ("NIF", chain.issuer_tax_id, read.written.issuer_tax_id),
        ("NumeroInstalacion", chain.installation_number, read.system.installation_number),
    ):
        if here != there:
            yield Flaw("of_another_chain", message, {"what": what, "kept": _shown(here), "written": _shown(there)})


def _expected(read: Record, mode: Mode) -> dict[str, object]:
    """The columns that the record's XML gives."""
    content, written, stamp = read.content, read.written, read.stamp
    common = {
        "issuer_tax_id": written.issuer_tax_id,
        "number": written.number,
        "issue_date": content.issue_date,
        "previous_fingerprint": stamp.previous.fingerprint if stamp.previous else None,
        "fingerprint": stamp.fingerprint,
        "generated_at": _instant(stamp.generated_at),
        "generated_at_text": stamp.generated_at,
        "external_reference": content.external_reference,
    }
    if isinstance(content, Registration):
        assert isinstance(written, RegistrationLiterals), "a registration's literals are a registration's"
        return common | {
            "kind": "registration",
            "fiscal_type": written.fiscal_type,
            "tax_total": written.tax_total,
            "gross_total": written.gross_total,
            "qr_url": verification_url(written, mode=mode),
            "amendment": content.amendment,
            "previous_rejection": content.previous_rejection or "",
            "without_previous_record": False,
        }
    return common | {
        "kind": "annulment",
        **dict.fromkeys(("fiscal_type", "tax_total", "gross_total", "qr_url"), ""),
        "amendment": False,
        "previous_rejection": "S" if content.previously_rejected else "",
        "without_previous_record": content.without_previous_record,
    }


def _fingerprint(read: Record) -> Flaw | None:
    written, computed = read.stamp.fingerprint, read.recomputed()
    if computed == written:
        return None
    message = gettext_noop("The fingerprint in the XML is %(written)s, and its contents give %(computed)s.")
    return Flaw("fingerprint_differs", message, {"written": _shown(written), "computed": computed})


def _link(previous: Link | None, sequence: int, before: Checked | None) -> Flaw | None:
    if sequence == 1:
        message = gettext_noop("It is the first record of its chain, and names one before it.")
        return Flaw("first_names_another", message) if previous else None
    if previous is None:
        return Flaw("first_again", gettext_noop("It says that it is the first record of its chain, and is not."))
    if before is None or previous in before.names:
        return None
    message = gettext_noop("It names %(named)s as the record before it, and that is %(before)s.")
    return Flaw("link_broken", message, {"named": _named(previous), "before": _named(before.names[-1])})


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


def _named(link: Link) -> str:
    return f"{link.number} ({literals.day(link.issue_date)}, {link.fingerprint[:8]}…)"
