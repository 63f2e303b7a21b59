"""The evidence that a house must be able to show at any moment, whatever happened to it.

Asked of the database itself, by SQL that knows nothing of the services; fingerprints are computed again from the stored
XML. Tests that race or kill end with ``assert_whole``.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple, Protocol

from lxml import etree

from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals


class Connection(Protocol):
    """Django's or psycopg's."""

    def cursor(self) -> Any: ...


# Each question has no answer in a house that is whole. Rows of the answer are what a person would look at first.
CONTRADICTIONS = {
    "numbers have a gap, or do not begin at the beginning": """
        SELECT s.code, i.fiscal_year, i.display_number, i.number, i.place
        FROM (SELECT *, row_number() OVER (PARTITION BY series_id, fiscal_year ORDER BY number) AS place,
                     rank() OVER (PARTITION BY series_id ORDER BY fiscal_year) = 1 AS in_first_year
              FROM billing_invoice WHERE number IS NOT NULL) AS i
        JOIN billing_series AS s ON s.id = i.series_id
        WHERE i.number <> i.place + CASE WHEN i.in_first_year THEN s.first_number - 1 ELSE 0 END""",
    "a date goes back": """
        SELECT * FROM (SELECT series_id, display_number, issue_date,
            lag(issue_date) OVER (PARTITION BY series_id ORDER BY fiscal_year, number) AS date_before
            FROM billing_invoice WHERE status = 'issued') AS i WHERE date_before > issue_date""",
    "a number belongs to another year": """
        SELECT i.display_number, i.issue_date, i.fiscal_year
        FROM billing_invoice AS i JOIN billing_series AS s ON s.id = i.series_id
        WHERE i.status = 'issued'
          AND i.fiscal_year <> CASE WHEN s.yearly THEN extract(year FROM i.issue_date) ELSE 0 END""",
    "a counter and its invoices disagree": """
        SELECT c.*, i.* FROM billing_seriescounter AS c
        FULL JOIN (SELECT series_id, fiscal_year, max(number) AS number, max(issue_date) AS issue_date
                   FROM billing_invoice WHERE number IS NOT NULL GROUP BY series_id, fiscal_year) AS i
            USING (series_id, fiscal_year)
        WHERE (c.last_number, c.last_date) IS DISTINCT FROM (i.number, i.issue_date)""",
    "a feed has a hole": """
        SELECT * FROM (SELECT seller_id, sequence, row_number() OVER (PARTITION BY seller_id ORDER BY sequence) AS place
                       FROM integrations_event WHERE sequence IS NOT NULL) AS e WHERE sequence <> place""",
    "what is not issued has a number": """
        SELECT id, status, number, display_number FROM billing_invoice
        WHERE status <> 'issued' AND (number IS NOT NULL OR display_number IS NOT NULL OR issued_at IS NOT NULL)""",
    "an invoice has not exactly one first record, audit entry, event and document": """
        SELECT * FROM (
            SELECT i.display_number, i.status,
                (SELECT count(*) FROM verifactu_fiscalrecord
                    WHERE invoice_id = i.id AND kind = 'registration' AND NOT amendment) AS records,
                (SELECT count(*) FROM audit_auditentry
                    WHERE subject_id = i.id::text AND action = 'invoice.issued' AND outcome = 'done') AS entries,
                (SELECT count(*) FROM integrations_event
                    WHERE object_id = i.id::text AND type = 'invoice.issued') AS events,
                (SELECT count(*) FROM billing_document WHERE invoice_id = i.id) AS documents
            FROM billing_invoice AS i) AS i
        WHERE ARRAY[records, entries, events, documents] <> array_fill((status = 'issued')::int::bigint, ARRAY[4])""",
    "an invoice was not created exactly once": """
        SELECT * FROM (
            SELECT i.id,
                (SELECT count(*) FROM audit_auditentry
                    WHERE subject_id = i.id::text AND action = 'invoice.created') AS entries,
                (SELECT count(*) FROM integrations_event
                    WHERE object_id = i.id::text AND type = 'invoice.created') AS events
            FROM billing_invoice AS i) AS i WHERE (entries, events) <> (1, 1)""",
    "the audit log or an event tells of an invoice that is not there": """
        SELECT action, subject_id FROM audit_auditentry AS a WHERE subject_type = 'invoice' AND outcome = 'done'
            AND NOT EXISTS (SELECT 1 FROM billing_invoice WHERE id::text = a.subject_id)
        UNION ALL
        SELECT type, object_id FROM integrations_event AS e WHERE (type LIKE 'invoice.%' OR type LIKE 'document.%')
            AND NOT EXISTS (SELECT 1 FROM billing_invoice WHERE id::text = e.object_id)""",
    "a record says something else than its invoice": """
        SELECT i.display_number, r.number, i.gross_total_eur, r.gross_total, i.tax_total_eur, r.tax_total
        FROM billing_invoice AS i JOIN verifactu_fiscalrecord AS r ON r.invoice_id = i.id AND r.kind = 'registration'
        WHERE (i.display_number, i.issue_date, i.fiscal_type, i.gross_total_eur, i.tax_total_eur, i.seller_id)
            IS DISTINCT FROM (r.number, r.issue_date, r.fiscal_type, r.gross_total::numeric, r.tax_total::numeric,
                              (SELECT seller_id FROM verifactu_chain WHERE id = r.chain_id))
           OR r.xml_sha256 <> encode(sha256(r.xml), 'hex')""",
    "voided invoices are not those with a record of annulment, one audit entry and one event": """
        SELECT * FROM (
            SELECT i.display_number,
                EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = i.id) AS is_voided,
                EXISTS (SELECT 1 FROM verifactu_fiscalrecord
                    WHERE invoice_id = i.id AND kind = 'annulment'
                      AND (number, issue_date) = (i.display_number, i.issue_date)) AS is_annulled,
                (SELECT count(*) FROM audit_auditentry
                    WHERE subject_id = i.id::text AND action = 'invoice.voided' AND outcome = 'done') AS entries,
                (SELECT count(*) FROM integrations_event
                    WHERE object_id = i.id::text AND type = 'invoice.voided') AS events
            FROM billing_invoice AS i) AS i
        WHERE is_voided <> is_annulled OR (entries, events) <> (is_voided::int, is_voided::int)""",
    "a correction or a replacement names nothing, or what is not in force": """
        SELECT i.display_number FROM billing_invoice AS i
        WHERE i.status = 'issued' AND i.fiscal_type NOT IN ('F1', 'F2') AND NOT EXISTS (
            SELECT 1 FROM billing_annulment WHERE invoice_id = i.id) AND (
            NOT EXISTS (SELECT 1 FROM billing_precedinginvoice WHERE invoice_id = i.id) OR EXISTS (
                SELECT 1 FROM billing_precedinginvoice AS l JOIN billing_invoice AS o ON o.id = l.original_id
                WHERE l.invoice_id = i.id AND (o.status <> 'issued'
                    OR EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = o.id))))""",
    "more was taken back of an invoice by differences than there was": """
        SELECT o.display_number, o.net_total, sum(c.net_total) FROM billing_invoice AS o
        JOIN billing_precedinginvoice AS l ON l.original_id = o.id JOIN billing_invoice AS c ON c.id = l.invoice_id
        WHERE c.status = 'issued' AND c.correction_method = 'differences' AND o.correction_method = ''
          AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = c.id)
          AND (SELECT count(*) FROM billing_precedinginvoice WHERE invoice_id = c.id) = 1
        GROUP BY o.id HAVING o.net_total + sum(c.net_total) < 0 OR o.gross_total + sum(c.gross_total) < 0""",
    "an issued invoice does not add up": """
        SELECT i.display_number, i.net_total, l.net AS lines, t.net AS subtotals, i.gross_total
        FROM billing_invoice AS i
        JOIN (SELECT invoice_id, sum(line_net) AS net FROM billing_invoiceline GROUP BY 1) AS l ON l.invoice_id = i.id
        JOIN (SELECT invoice_id, sum(taxable_amount) AS net, sum(tax_amount) AS tax, sum(surcharge_amount) AS surcharge
              FROM billing_taxsubtotal GROUP BY 1) AS t ON t.invoice_id = i.id
        WHERE i.status = 'issued' AND ((i.net_total, i.tax_total, i.surcharge_total) <> (t.net, t.tax, t.surcharge)
            OR i.net_total <> l.net OR i.gross_total <> t.net + t.tax + t.surcharge)""",
    "an issued invoice has no line": """
        SELECT display_number FROM billing_invoice AS i
        WHERE status = 'issued' AND NOT EXISTS (SELECT 1 FROM billing_invoiceline WHERE invoice_id = i.id)""",
    "a line of an issued invoice is not its quantity times its price": """
        SELECT i.display_number, l.position, l.quantity, l.unit_price, l.discount_percent, l.line_net
        FROM billing_invoice AS i JOIN billing_invoiceline AS l ON l.invoice_id = i.id
        WHERE i.status = 'issued' AND NOT i.prices_include_tax
          AND l.line_net <> round(l.quantity * l.unit_price * (100 - l.discount_percent) / 100, 2)""",
    "a document is not what its SHA-256 says, or was rendered more than once": """
        SELECT * FROM (
            SELECT d.invoice_id, d.state, d.sha256 = encode(sha256(d.content), 'hex') AS is_true,
                (SELECT array_agg(after->>'sha256') FROM audit_auditentry
                    WHERE subject_id = d.invoice_id::text AND action = 'document.rendered') AS entries,
                (SELECT array_agg(payload->>'sha256') FROM integrations_event
                    WHERE object_id = d.invoice_id::text AND type = 'document.rendered') AS events,
                CASE WHEN d.state = 'rendered' THEN ARRAY[d.sha256::text] END AS once
            FROM billing_document AS d) AS d
        WHERE NOT is_true OR entries IS DISTINCT FROM once OR events IS DISTINCT FROM once""",
    "an idempotency key was used up by work that is not there": """
        SELECT k.key, k.status, k.answer FROM (
            SELECT *, convert_from(body, 'UTF8')::jsonb AS answer FROM integrations_idempotencykey) AS k
        LEFT JOIN billing_invoice AS i ON i.id::text = coalesce(k.answer->>'invoice', k.answer->>'id')
        WHERE i.id IS NULL OR k.status NOT BETWEEN 200 AND 299
           OR coalesce(k.answer->>'display_number', i.display_number) IS DISTINCT FROM i.display_number""",
    "a chain's head is not its last record": """
        SELECT c.id, c.last_sequence, r.sequence, c.last_number, r.number
        FROM verifactu_chain AS c
        LEFT JOIN (SELECT DISTINCT ON (chain_id) * FROM verifactu_fiscalrecord ORDER BY chain_id, sequence DESC) AS r
            ON r.chain_id = c.id
        WHERE (c.last_sequence, c.last_fingerprint, c.last_number, c.last_issue_date, c.last_generated_at)
            IS DISTINCT FROM (coalesce(r.sequence, 0), coalesce(r.fingerprint, ''), coalesce(r.number, ''),
                              r.issue_date, r.generated_at)""",
}


class Record(NamedTuple):
    """A row of the chain, with the XML that will be sent."""

    chain_id: Any
    sequence: int
    number: str
    previous_fingerprint: str | None
    fingerprint: str
    generated_at: Any
    generated_at_text: str
    xml: bytes


def assert_whole(connection: Connection) -> None:
    """Everything that the law and the house promise of what is stored."""
    for what, question in CONTRADICTIONS.items():
        found = ask(connection, question)
        assert not found, f"{what}: {found[:5]} ({len(found)} rows)"
    for _chain, records in groupby(_records(connection), key=lambda record: record.chain_id):
        assert_unbroken(list(records))


def assert_unbroken(records: list[Record]) -> None:
    """One chain: no gap, no fork, times in order, and each fingerprint what its XML says it must be."""
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    assert [record.generated_at for record in records] == sorted(record.generated_at for record in records)
    before: Record | None = None
    for record in records:
        _assert_linked(record, before)
        before = record


def ask(connection: Connection, question: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of an answer."""
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return list(cursor.fetchall())


def issued_numbers(connection: Connection, series: str) -> list[str]:
    """The numbers as printed, in their order."""
    question = """
        SELECT i.display_number FROM billing_invoice AS i JOIN billing_series AS s ON s.id = i.series_id
        WHERE s.code = %s AND i.status = 'issued' ORDER BY i.fiscal_year, i.number"""
    return [number for (number,) in ask(connection, question, [series])]


def _records(connection: Connection) -> list[Record]:
    fields = ", ".join(Record._fields)
    rows = ask(connection, f"SELECT {fields} FROM verifactu_fiscalrecord ORDER BY chain_id, sequence")
    return [Record._make([*row[:-1], bytes(row[-1])]) for row in rows]


def _assert_linked(record: Record, before: Record | None) -> None:
    xml = etree.fromstring(record.xml)
    previous = before.fingerprint if before else ""
    assert (record.previous_fingerprint or "") == previous, f"{record.number} does not follow {before}"
    assert _text(xml, "RegistroAnterior/Huella") == previous
    assert _text(xml, "RegistroAnterior/NumSerieFactura") == (before.number if before else "")
    assert _text(xml, "PrimerRegistro") == ("" if before else "S")
    root = etree.QName(xml).localname
    assert _text(xml, f"{root}/FechaHoraHusoGenRegistro") == record.generated_at_text
    computed = _fingerprint_of_annulment if root == "RegistroAnulacion" else _fingerprint
    assert _text(xml, f"{root}/Huella") == record.fingerprint == computed(xml, previous)


def _fingerprint_of_annulment(xml: etree._Element, previous: str) -> str:
    literals = AnnulmentLiterals(
        issuer_tax_id=_text(xml, "RegistroAnulacion/IDFactura/IDEmisorFacturaAnulada"),
        number=_text(xml, "RegistroAnulacion/IDFactura/NumSerieFacturaAnulada"),
        issue_date=_text(xml, "RegistroAnulacion/IDFactura/FechaExpedicionFacturaAnulada"),
    )
    generated_at = _text(xml, "RegistroAnulacion/FechaHoraHusoGenRegistro")
    return literals.fingerprint(previous=previous, generated_at=generated_at)


def _fingerprint(xml: etree._Element, previous: str) -> str:
    """Computed from what is written in the XML, and nothing else."""
    literals = RegistrationLiterals(
        issuer_tax_id=_text(xml, "RegistroAlta/IDFactura/IDEmisorFactura"),
        number=_text(xml, "RegistroAlta/IDFactura/NumSerieFactura"),
        issue_date=_text(xml, "RegistroAlta/IDFactura/FechaExpedicionFactura"),
        fiscal_type=_text(xml, "RegistroAlta/TipoFactura"),
        tax_total=_text(xml, "RegistroAlta/CuotaTotal"),
        gross_total=_text(xml, "RegistroAlta/ImporteTotal"),
    )
    return literals.fingerprint(previous=previous, generated_at=_text(xml, "RegistroAlta/FechaHoraHusoGenRegistro"))


def _text(xml: etree._Element, path: str) -> str:
    """The text at a path, by local names; empty where it is left out."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return str(xml.xpath(f"string(//{steps})"))
