"""Thousands of records and answers in a moment: for lists that must not ask more for more rows."""

from __future__ import annotations

from django.db import connection

from tests.verifactu.answers import answer
from verifactu.models import Chain, FiscalRecord, Sender

_RECORDS = """
    INSERT INTO verifactu_fiscalrecord (
        id, chain_id, sequence, kind, invoice_id, issuer_tax_id, number, issue_date, fiscal_type, tax_total, gross_total,
        previous_fingerprint, fingerprint, generated_at, generated_at_text, xml, xml_sha256, qr_url, external_reference,
        amendment, previous_rejection, without_previous_record
    )
    SELECT gen_random_uuid(), chain_id, n, kind, invoice_id, issuer_tax_id, number, issue_date, fiscal_type, tax_total,
           gross_total, CASE n WHEN %(first)s THEN fingerprint ELSE upper(encode(sha256((n - 1)::text::bytea), 'hex')) END,
           upper(encode(sha256(n::text::bytea), 'hex')), generated_at, generated_at_text, xml, xml_sha256, qr_url,
           external_reference, amendment, previous_rejection, without_previous_record
    FROM verifactu_fiscalrecord, generate_series(%(first)s, %(last)s) AS n
    WHERE id = %(record)s
"""
_ANSWERS = """
    INSERT INTO verifactu_recordanswer (record_id, submission_id, outcome, code, description, at)
    SELECT id, %(submission)s, 'rejected', 1239, 'Error en el bloque Destinatario.', generated_at
    FROM verifactu_fiscalrecord WHERE chain_id = %(chain)s AND sequence > %(after)s
"""


def many_records(record: FiscalRecord, count: int) -> Chain:
    """So many more after the chain's only record; nothing of them is true but their rows."""
    places = {"first": record.sequence + 1, "last": record.sequence + count, "record": record.id}
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, places)
    Chain.objects.filter(id=record.chain_id).update(last_sequence=places["last"])
    return Chain.objects.get(id=record.chain_id)


def many_rejected(record: FiscalRecord, count: int) -> None:
    """So many more, all of them rejected in one message."""
    answered = getattr(record, "answer", None) or answer(record, "rejected", code=1239)
    chain = many_records(record, count)
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"submission": answered.submission_id, "chain": chain.id, "after": record.sequence})
    Sender.objects.filter(chain=chain).update(sent_through=chain.last_sequence)
