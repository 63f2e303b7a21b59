"""Makes a long chain quickly: sealed records and issued invoices, inserted many at a time; the guards stay awake."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import django

django.setup()

from django.db import transaction  # noqa: E402 - Django comes first
from django.db.models import Model  # noqa: E402 - Django comes first

from audit.rows import changed, write  # noqa: E402 - Django comes first
from billing import fiscal, queries  # noqa: E402 - Django comes first
from billing.models import Invoice  # noqa: E402 - Django comes first
from billing.parties import PartyCopy  # noqa: E402 - Django comes first
from core.ids import new_id  # noqa: E402 - Django comes first
from core.modes import Mode  # noqa: E402 - Django comes first
from verifactu import literals  # noqa: E402 - Django comes first
from verifactu.fingerprint import RegistrationLiterals  # noqa: E402 - Django comes first
from verifactu.models import Chain, FiscalRecord, RecordKind  # noqa: E402 - Django comes first
from verifactu.qr import verification_url  # noqa: E402 - Django comes first
from verifactu.registration import Registration  # noqa: E402 - Django comes first
from verifactu.services.chaining import this_system  # noqa: E402 - Django comes first
from verifactu.xml import Link, Stamp, registration_record, seal  # noqa: E402 - Django comes first

BATCH = 1_000


def main(count: int) -> None:
    """Copies of one issued invoice, whole, with one more record each, after the records that are there."""
    chain = Chain.objects.get(last_sequence__gt=0)
    invoice = Invoice.objects.select_related("seller", "series", "client").filter(
        seller=chain.seller, status="issued", buyer__isnull=False
    )[0]
    registration, parts = _registration(invoice), [*invoice.lines.all(), *invoice.tax_subtotals.all()]
    for begin in range(0, count, BATCH):
        _batch(chain, invoice, parts, registration, range(begin, min(begin + BATCH, count)))


@transaction.atomic
def _batch(chain: Chain, invoice: Invoice, parts: Sequence[Model], registration: Registration, numbers: range) -> None:
    records = [_next(chain, registration, f"BENCH-{number:07d}") for number in numbers]
    copies = [
        _copy(invoice, id=record.invoice_id, number=10_000_000 + number, display_number=record.number)
        for number, record in zip(numbers, records, strict=True)
    ]
    # Lines and subtotals come first: those of an invoice that is issued already are refused.
    of_copies = [_copy(part, id=None, invoice_id=copy.pk) for part in parts for copy in copies]
    write(*of_copies, *copies, *records, changed(chain, *_HEAD))


def _copy(row: Model, **changes: object) -> Model:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, **changes})


_HEAD = ("last_sequence", "last_fingerprint", "last_number", "last_issue_date", "last_generated_at")


def _registration(invoice: Invoice) -> Registration:
    parts = queries.parts_of(invoice)
    seller = PartyCopy.of(invoice.seller, name=invoice.seller.legal_name)
    return fiscal.registration_of_invoice(
        parts,
        seller=seller,
        buyer=PartyCopy.of(invoice.client, name=invoice.client.name) if invoice.client else None,
        number="BENCH",
        issue_date=invoice.issue_date,
        preceding=(),
    )


def _next(chain: Chain, registration: Registration, number: str) -> FiscalRecord:
    written = replace(RegistrationLiterals.of(registration), number=number)
    assert chain.last_generated_at is not None, "the chain has begun"
    assert chain.last_issue_date is not None, "the chain has begun"
    generated_at = chain.last_generated_at + timedelta(seconds=1)
    text = literals.timestamp(generated_at, chain.seller.zone)
    fingerprint = written.fingerprint(previous=chain.last_fingerprint, generated_at=text)
    link = Link(chain.issuer_tax_id, chain.last_number, chain.last_issue_date, chain.last_fingerprint)
    stamp = Stamp(previous=link, several_taxpayers=False, generated_at=text, fingerprint=fingerprint)
    xml = seal(registration_record(registration, written, this_system()), stamp)
    record = FiscalRecord(
        chain=chain,
        sequence=chain.last_sequence + 1,
        kind=RecordKind.REGISTRATION,
        invoice_id=new_id(),
        issuer_tax_id=written.issuer_tax_id,
        number=number,
        issue_date=registration.issue_date,
        fiscal_type=written.fiscal_type,
        tax_total=written.tax_total,
        gross_total=written.gross_total,
        previous_fingerprint=chain.last_fingerprint,
        fingerprint=fingerprint,
        generated_at=generated_at,
        generated_at_text=text,
        xml=xml,
        xml_sha256=hashlib.sha256(xml).hexdigest(),
        qr_url=verification_url(written, mode=Mode(chain.mode)),
    )
    chain.last_sequence, chain.last_fingerprint, chain.last_number = record.sequence, fingerprint, number
    chain.last_issue_date, chain.last_generated_at = record.issue_date, generated_at
    return record


if __name__ == "__main__":
    main(int(sys.argv[1]))
