"""Open a chain, append to it. A record is appended while its invoice is issued, amended or annulled, in the same
transaction (RD 1007/2023 art. 9), and nobody waits for the AEAT.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from lxml import etree

from audit import services as audit
from audit.rows import Change, changed, write
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from core.modes import Mode
from integrations import deployment
from verifactu import literals, rules
from verifactu.billing_system import BillingSystem
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.history import amendment_marks, annulment_marks
from verifactu.models import Chain, FiscalRecord, RecordKind, Sender
from verifactu.past import past_of
from verifactu.qr import verification_url
from verifactu.registration import Annulment, Registration
from verifactu.xml import Link, Stamp, annulment_record, registration_record, seal


def this_system() -> BillingSystem:
    """This program and installation, as every record names them."""
    return BillingSystem.of(settings.BILLING_SYSTEM)


@transaction.atomic(savepoint=False)
def open_chain(
    *, seller_id: uuid.UUID, mode: str, issuer_tax_id: str, by: Actor, now: datetime, reason: str = ""
) -> Chain:
    """Begin the chain of a taxpayer in this installation: its next record will say that it is the first.

    Only this act makes a «first record» (``PrimerRegistro``; error 2007 when the AEAT knows of earlier ones): a chain
    that cannot be found is never taken for one that has not begun. Raises Conflict ``chain_already_open``.
    """
    deployment.claim()
    installation_number = this_system().installation_number
    chain, created = Chain.objects.get_or_create(
        seller_id=seller_id,
        installation_number=installation_number,
        defaults={"mode": mode, "issuer_tax_id": issuer_tax_id, "created_at": now},
    )
    if not created:
        raise Conflict(
            "chain_already_open",
            gettext_noop("The chain of installation %(installation)s is open already."),
            params={"installation": installation_number},
        )
    Sender.objects.create(chain=chain, next_at=now)
    audit.record(
        "chain.opened",
        by=by,
        subject=audit.Subject(type="chain", id=str(chain.id), label=str(chain), seller_id=seller_id, mode=mode),
        after={"issuer_tax_id": issuer_tax_id, "installation_number": installation_number},
        reason=reason,
    )
    return chain


def register_invoice(
    registration: Registration,
    *,
    invoice_id: uuid.UUID,
    seller_id: uuid.UUID,
    mode: str,
    zone: ZoneInfo,
    clock: Callable[[], datetime] | None = None,
) -> FiscalRecord:
    """Append the record of an invoice that is being issued, in the caller's transaction, and give it back with its QR.

    ``zone`` is the territory of issue. ``clock``, the seller's own when left out, is read while the chain is locked, so
    that the order of records is the order of their times; should the clock have gone back, the last record's time is
    used again. The lock is held until the caller commits, so this comes last. Raises Conflict ``chain_not_open`` or
    ``chain_of_another_taxpayer``, and Django's TransactionManagementError outside a transaction.
    """
    return _append(_of_registration(registration, invoice_id, mode), seller_id, mode, zone=zone, clock=clock)


def amend_registration(
    registration: Registration,
    *,
    invoice_id: uuid.UUID,
    seller_id: uuid.UUID,
    mode: str,
    zone: ZoneInfo,
    clock: Callable[[], datetime] | None = None,
) -> FiscalRecord:
    """Append a record that replaces the invoice's registration at the AEAT («alta de subsanación»), in the caller's
    transaction, which holds the invoice's lock.

    Its marks follow from what became of the earlier records. Raises what ``register_invoice`` raises, and Conflict
    ``record_pending`` while the AEAT has not answered to one of them.
    """
    past = past_of(invoice_id)
    if any(record.accepted is None for record in past):
        message = gettext_noop("The AEAT has not answered yet to the last record of this invoice: wait for its answer.")
        raise Conflict("record_pending", message, extra={"invoice": str(invoice_id)})
    marks = amendment_marks(past)
    amended = replace(registration, amendment=True, previous_rejection=marks.previous_rejection)
    return _append(_of_registration(amended, invoice_id, mode), seller_id, mode, zone=zone, clock=clock)


def annul_invoice(
    annulment: Annulment,
    *,
    invoice_id: uuid.UUID,
    seller_id: uuid.UUID,
    mode: str,
    zone: ZoneInfo,
    clock: Callable[[], datetime] | None = None,
) -> FiscalRecord:
    """Append the annulment of an invoice that should never have been (RD 1007/2023 art. 11), in the caller's
    transaction, which holds the invoice's lock. Its marks follow from what became of the earlier records.

    Raises what ``register_invoice`` raises, and Invalid for what the AEAT is certain to reject.
    """
    _refuse_what_would_be_rejected(annulment)
    marks = annulment_marks(past_of(invoice_id))
    marked = replace(
        annulment,
        without_previous_record=marks.without_previous_record,
        previously_rejected=marks.previously_rejected,
    )
    written = AnnulmentLiterals.of(marked)
    unsealed = _Unsealed(
        written=written,
        xml=annulment_record(marked, written, this_system()),
        row=FiscalRecord(
            kind=RecordKind.ANNULMENT,
            invoice_id=invoice_id,
            issuer_tax_id=written.issuer_tax_id,
            number=written.number,
            issue_date=marked.issue_date,
            external_reference=literals.text(marked.external_reference),
            previous_rejection="S" if marked.previously_rejected else "",
            without_previous_record=marked.without_previous_record,
        ),
    )
    return _append(unsealed, seller_id, mode, zone=zone, clock=clock)


def _refuse_what_would_be_rejected(annulment: Annulment) -> None:
    findings = rules.check_annulment(annulment)
    blocking = [finding for finding in findings if finding.severity is rules.Severity.BLOCKING]
    if blocking:
        raise Invalid([Fault(f"aeat_{one.code}", one.message, params=one.params) for one in blocking])


@dataclass(frozen=True, slots=True)
class _Unsealed:
    """A record, whole but for its place in the chain."""

    written: RegistrationLiterals | AnnulmentLiterals
    xml: etree._Element
    row: FiscalRecord


def _of_registration(registration: Registration, invoice_id: uuid.UUID, mode: str) -> _Unsealed:
    written = RegistrationLiterals.of(registration)
    return _Unsealed(
        written=written,
        xml=registration_record(registration, written, this_system()),
        row=FiscalRecord(
            kind=RecordKind.REGISTRATION,
            invoice_id=invoice_id,
            issuer_tax_id=written.issuer_tax_id,
            number=written.number,
            issue_date=registration.issue_date,
            fiscal_type=written.fiscal_type,
            tax_total=written.tax_total,
            gross_total=written.gross_total,
            qr_url=verification_url(written, mode=Mode(mode)),
            external_reference=literals.text(registration.external_reference),
            amendment=registration.amendment,
            previous_rejection=registration.previous_rejection or "",
        ),
    )


_LOCKED = """
    SELECT chain.*, EXISTS (
        SELECT 1 FROM verifactu_chain AS other
        WHERE other.mode = chain.mode AND other.installation_number = chain.installation_number
          AND other.issuer_tax_id <> chain.issuer_tax_id
    ) AS several_taxpayers,
        deployment.key, deployment.is_behind,
        chain.installation_number = ANY (deployment.closed_installations) AS is_closed,
        clock.shows - clock.set_at AS ahead
    FROM verifactu_chain AS chain
        LEFT JOIN integrations_deployment AS deployment ON true
        LEFT JOIN integrations_testclock AS clock ON clock.seller_id = chain.seller_id
    WHERE chain.seller_id = %(seller)s AND chain.mode = %(mode)s AND installation_number = %(installation)s
    FOR NO KEY UPDATE OF chain
"""


@dataclass(frozen=True, slots=True)
class _Locked:
    """A chain that nobody else appends to, whether this installation serves other taxpayers too, and how far the
    seller's clock is ahead of the true time."""

    chain: Chain
    several_taxpayers: bool
    ahead: timedelta


def _lock_chain(seller_id: uuid.UUID, mode: str, installation_number: str) -> _Locked:
    """The chain, locked, in one round trip; refused where this database is fenced.

    Taxpayers count whatever their state (AEAT's data dictionary, ``IndicadorMultiplesOT``); other modes do not.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("A record is appended in the transaction that issues its invoice.")
    found = Chain.objects.raw(_LOCKED, {"seller": seller_id, "mode": mode, "installation": installation_number})
    chain = next(iter(found), None)
    if chain is None:
        raise Conflict(
            "chain_not_open",
            gettext_noop("The chain of fiscal records of this installation has not been opened for this seller."),
        )
    told: Any = chain  # the statement has columns of its own
    deployment.refuse_if_fenced(
        key=told.key,
        is_behind=told.is_behind,
        is_closed=told.is_closed,
        chain_id=chain.id,
        sequence=chain.last_sequence,
        fingerprint=chain.last_fingerprint,
    )
    return _Locked(chain, told.several_taxpayers, told.ahead or timedelta(0))


def _append(
    unsealed: _Unsealed, seller_id: uuid.UUID, mode: str, *, zone: ZoneInfo, clock: Callable[[], datetime] | None
) -> FiscalRecord:
    locked = _lock_chain(seller_id, mode, this_system().installation_number)
    chain, row = locked.chain, unsealed.row
    if row.issuer_tax_id != chain.issuer_tax_id:
        raise Conflict(
            "chain_of_another_taxpayer",
            gettext_noop("The chain belongs to %(chain)s and the invoice to %(issuer)s."),
            params={"chain": chain.issuer_tax_id, "issuer": row.issuer_tax_id},
        )
    row.chain, row.sequence = chain, chain.last_sequence + 1
    row.previous_fingerprint = chain.last_fingerprint or None
    row.generated_at = _next_instant(chain, clock() if clock else timezone.now() + locked.ahead)
    row.generated_at_text = literals.timestamp(row.generated_at, zone)
    row.fingerprint = unsealed.written.fingerprint(previous=chain.last_fingerprint, generated_at=row.generated_at_text)
    stamp = Stamp(
        previous=_head(chain),
        several_taxpayers=locked.several_taxpayers,
        generated_at=row.generated_at_text,
        fingerprint=row.fingerprint,
    )
    row.xml = seal(unsealed.xml, stamp)
    row.xml_sha256 = hashlib.sha256(row.xml).hexdigest()
    write(row, _moved_head(chain, row))
    return row


def _next_instant(chain: Chain, present: datetime) -> datetime:
    """Now, to the second as it is written, and never before the last record."""
    now = present.replace(microsecond=0)
    return max(now, chain.last_generated_at or now)


def _head(chain: Chain) -> Link | None:
    if chain.last_sequence == 0:
        return None
    assert chain.last_issue_date is not None, "a chain with records knows the last one"
    return Link(chain.issuer_tax_id, chain.last_number, chain.last_issue_date, chain.last_fingerprint)


def _moved_head(chain: Chain, row: FiscalRecord) -> Change:
    chain.last_sequence, chain.last_fingerprint = row.sequence, row.fingerprint
    chain.last_number, chain.last_issue_date = row.number, row.issue_date
    chain.last_generated_at = row.generated_at
    return changed(chain, "last_sequence", "last_fingerprint", "last_number", "last_issue_date", "last_generated_at")
