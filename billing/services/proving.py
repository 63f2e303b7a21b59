"""Proof: a chain of fiscal records, and the invoices that they are about."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Subquery, TextField
from django.db.models.functions import Cast

from audit import services as audit
from audit.models import AuditEntry
from core.actors import Actor
from core.errors import NotFound, gettext_noop
from verifactu.models import Chain
from verifactu.services.proving import Report, read_chain
from verifactu.verification import Flaw

TOLD_IN_THE_LOG = 20


@transaction.atomic(savepoint=False)
def verify_chain(*, chain_id: uuid.UUID, by: Actor, also: Sequence[Flaw] = ()) -> Report:
    """Prove a chain record by record and hold each record to its invoice; the result is written down.

    Reads everything and changes nothing: records, invoices and chain stay as they are, whatever is found. ``also`` is
    what a comparison with the AEAT found before. Raises NotFound.
    """
    report = read_chain(chain_id=chain_id)
    for found in (_differing(report), _not_adding_up(report), _without_record(report), also):
        report = report.also(found)
    write_down(report, by=by)
    return report


@transaction.atomic(savepoint=False)
def ask_for_proof(*, chain_id: uuid.UUID, by: Actor) -> None:
    """Have a long chain proved in the background. The entry in the audit log is the request: whoever looks for it there
    (``waiting_for_proof``) finds it whatever became of queues and processes. Raises NotFound."""
    chain = Chain.objects.filter(id=chain_id).first()
    if chain is None:
        raise NotFound("chain_not_found", gettext_noop("There is no such chain."))
    audit.record("chain.verification_asked", by=by, subject=_subject(chain))


_ASKED: Final = timedelta(hours=2)
_MISSED: Final = timedelta(hours=26)
"""A night is 24 hours after the last one, and has two to get to every chain."""


def waiting_for_proof(*, now: datetime) -> list[tuple[uuid.UUID, str]]:
    """The chains that people asked about and that were not proved since, and those that last night passed over; each
    with the id of the user who asked, empty for the night's.

    For two hours each: a chain that kills whoever proves it must not keep the others waiting for ever.
    """
    proofs = AuditEntry.objects.filter(action="chain.verified", subject_id=OuterRef("subject_id"))
    asked = AuditEntry.objects.filter(action="chain.verification_asked", at__gt=now - _ASKED).order_by("id")
    unanswered = asked.exclude(Exists(proofs.filter(id__gt=OuterRef("id"))))
    found = {uuid.UUID(entry.subject_id): entry.actor_id for entry in unanswered}
    last = AuditEntry.objects.filter(action="chain.verified", subject_id=OuterRef("text_id")).order_by("-id")
    chains = Chain.objects.annotate(text_id=Cast("id", TextField())).annotate(proved_at=Subquery(last.values("at")[:1]))
    missed = chains.filter(proved_at__lt=now - _MISSED, proved_at__gt=now - _MISSED - _ASKED)
    return [*found.items(), *((chain.id, "") for chain in missed if chain.id not in found)]


def write_down(report: Report, *, by: Actor) -> None:
    """The audit entry: how many records, how many flaws, and where the first of them are."""
    chain = report.chain
    audit.record(
        "chain.verified",
        by=by,
        subject=_subject(chain),
        after={
            "records": report.records,
            "flaws": report.found,
            "first_flaws": [_told(flaw) for flaw in report.flaws[:TOLD_IN_THE_LOG]],
        },
    )


def _subject(chain: Chain) -> audit.Subject:
    return audit.Subject("chain", str(chain.id), str(chain), chain.seller_id, chain.mode)


def _told(flaw: Flaw) -> dict[str, object]:
    """A flaw for the log: in words, and in parts from which a page makes them in another language."""
    where = {"sequence": flaw.sequence, "number": flaw.number}
    return {**where, "code": flaw.code, "says": str(flaw), "message": flaw.message, "params": dict(flaw.params)}


# Amounts of records are the literals that were hashed; PostgreSQL writes an amount of two decimals in the same way.
_DIFFERING = """
    SELECT record.sequence, record.number, told.name, told.record, told.invoice
    FROM verifactu_fiscalrecord AS record
    JOIN verifactu_chain AS chain ON chain.id = record.chain_id
    LEFT JOIN billing_invoice AS invoice ON invoice.id = record.invoice_id
    CROSS JOIN LATERAL (VALUES
        ('status', 'issued', invoice.status),
        ('seller', chain.seller_id::text, invoice.seller_id::text),
        ('mode', chain.mode, invoice.mode),
        ('display_number', record.number, invoice.display_number),
        ('issue_date', record.issue_date::text, invoice.issue_date::text),
        ('fiscal_type', nullif(record.fiscal_type, ''),
            CASE record.kind WHEN 'registration' THEN invoice.fiscal_type END),
        ('tax_total_eur', nullif(record.tax_total, ''),
            CASE record.kind WHEN 'registration' THEN invoice.tax_total_eur::text END),
        ('gross_total_eur', nullif(record.gross_total, ''),
            CASE record.kind WHEN 'registration' THEN invoice.gross_total_eur::text END)
    ) AS told (name, record, invoice)
    WHERE record.chain_id = %s AND told.record IS DISTINCT FROM told.invoice
    ORDER BY record.sequence
"""

# What an invoice says twice: in totals and their parts, in columns and the copy of its buyer. That the totals
# add up among themselves is a constraint, which binds a superuser too.
_NOT_ADDING_UP = """
    SELECT record.sequence, record.number, told.name, told.parts, told.invoice
    FROM verifactu_fiscalrecord AS record
    JOIN billing_invoice AS invoice ON invoice.id = record.invoice_id
    CROSS JOIN LATERAL (
        SELECT sum(taxable_amount) AS net, sum(tax_amount) AS tax, sum(surcharge_amount) AS surcharge,
               sum(tax_amount_eur + surcharge_amount_eur) AS tax_eur,
               sum(taxable_amount_eur + tax_amount_eur + surcharge_amount_eur) AS gross_eur
        FROM billing_taxsubtotal WHERE invoice_id = invoice.id
    ) AS part
    CROSS JOIN LATERAL (SELECT sum(line_net) AS net FROM billing_invoiceline WHERE invoice_id = invoice.id) AS line
    CROSS JOIN LATERAL (VALUES
        ('net_total', part.net::text, invoice.net_total::text),
        ('net_total', line.net::text, invoice.net_total::text),
        ('tax_total', part.tax::text, invoice.tax_total::text),
        ('surcharge_total', part.surcharge::text, invoice.surcharge_total::text),
        ('tax_total_eur', part.tax_eur::text, invoice.tax_total_eur::text),
        ('gross_total_eur', part.gross_eur::text, invoice.gross_total_eur::text),
        ('buyer_tax_id', coalesce(invoice.buyer ->> 'tax_id', ''), invoice.buyer_tax_id),
        ('buyer_name', coalesce(invoice.buyer ->> 'name', ''), invoice.buyer_name)
    ) AS told (name, parts, invoice)
    WHERE record.chain_id = %s AND record.kind = 'registration' AND NOT record.amendment
      AND told.parts IS DISTINCT FROM told.invoice
    ORDER BY record.sequence
"""

_WITHOUT_RECORD = """
    SELECT invoice.display_number
    FROM verifactu_chain AS chain
    JOIN billing_invoice AS invoice ON invoice.seller_id = chain.seller_id AND invoice.status = 'issued'
    WHERE chain.id = %s AND NOT EXISTS (
        SELECT 1 FROM verifactu_fiscalrecord AS record
        WHERE record.invoice_id = invoice.id AND record.kind = 'registration'
    )
    ORDER BY invoice.id
"""


def _differing(report: Report) -> Iterator[Flaw]:
    message = gettext_noop("The invoice's %(column)s is %(invoice)s, and the record says %(record)s.")
    for sequence, number, column, record, invoice in _rows(_DIFFERING, report):
        params = {"column": column, "invoice": f"«{invoice or ''}»", "record": f"«{record or ''}»"}
        yield Flaw("invoice_differs", message, params, sequence, number)


def _not_adding_up(report: Report) -> Iterator[Flaw]:
    message = gettext_noop("The invoice's %(column)s is %(invoice)s, and its parts say %(parts)s.")
    for sequence, number, column, parts, invoice in _rows(_NOT_ADDING_UP, report):
        params = {"column": column, "invoice": f"«{invoice or ''}»", "parts": f"«{parts or ''}»"}
        yield Flaw("invoice_adds_up_no_more", message, params, sequence, number)


def _without_record(report: Report) -> Iterator[Flaw]:
    message = gettext_noop("The invoice is issued, and no record registers it.")
    for (number,) in _rows(_WITHOUT_RECORD, report):
        yield Flaw("invoice_without_record", message, number=number)


def _rows(statement: str, report: Report) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [report.chain.id])
        yield from cursor
