-- Issued invoices by the hundred thousand, with what lists read: lines, subtotals, records, documents. Written past the
-- triggers by a superuser, in a database that is thrown away.
SET session_replication_role = replica;
CREATE TEMP TABLE fresh AS
SELECT uuidv7() AS id, n, :'seller'::uuid AS seller_id,
       (SELECT id FROM billing_series WHERE seller_id = :'seller' AND code = 'A') AS series_id,
       date '2020-01-01' + (n / 600)::int AS issue_date
FROM generate_series(:first::bigint, :last::bigint) AS n;
INSERT INTO billing_invoice
    (id, mode, status, fiscal_type, fiscal_year, number, display_number, issue_date, buyer_name, buyer_search_name,
     buyer_tax_id, buyer, seller_copy, currency, exchange_rate, prices_include_tax, rounding, equivalence_surcharge,
     withholding_percent, net_total, tax_total, surcharge_total, gross_total, withholding_total, amount_due,
     tax_total_eur, gross_total_eur, purchase_order, buyer_reference, payment_terms, notes, metadata, external_id,
     language, correlation_id, created_at, created_by, updated_at, issued_at, issued_by, client_id, seller_id, series_id,
     correction_method, issuing_party, simplified_art_7273, no_recipient_art_61d, coupon)
SELECT id, 'test', 'issued', 'F1', 2000 + n / 100000, n + 1000000, 'A-X-' || n, issue_date, 'Cliente ' || n % 5000,
       'cliente ' || n % 5000, 'B' || lpad((n % 5000)::text, 8, '0'), '{"name": "Cliente"}', '{"name": "Seller"}', 'EUR',
       1, false, 'per_rate', false, 0, 100, 21, 0, 121, 0, 121, 21, 121, '', '', '', '', '{}', 'ext-' || n, 'es',
       'corr-' || n, now(), 'token:bench', now(), now(), 'token:bench', :'client', seller_id, series_id,
       '', '', false, false, false
FROM fresh;
INSERT INTO billing_invoiceline
    (invoice_id, position, description, product_code, quantity, unit_price, discount_percent, tax, tax_category,
     exemption_code, regime_code, tax_rate, surcharge_rate, line_net)
SELECT id, 1, 'Consultoría', '', 1, 100, 0, 'IVA', 'S1', '', '01', 21, 0, 100 FROM fresh;
INSERT INTO billing_taxsubtotal
    (invoice_id, position, tax, tax_category, exemption_code, regime_code, tax_rate, taxable_amount, tax_amount,
     surcharge_rate, surcharge_amount, taxable_amount_eur, tax_amount_eur, surcharge_amount_eur)
SELECT id, 1, 'IVA', 'S1', '', '01', 21, 100, 21, 0, 0, 100, 21, 0 FROM fresh;
INSERT INTO verifactu_fiscalrecord
    (id, sequence, kind, issuer_tax_id, number, issue_date, fiscal_type, tax_total, gross_total, previous_fingerprint,
     fingerprint, generated_at, generated_at_text, xml, xml_sha256, qr_url, external_reference, chain_id, invoice_id,
     amendment, previous_rejection, without_previous_record)
SELECT uuidv7(), n + 1000000, 'registration', '89890001K', 'A-X-' || n, issue_date, 'F1', '21.00', '121.00',
       upper(encode(sha256((n - 1)::text::bytea), 'hex')), upper(encode(sha256(n::text::bytea), 'hex')), now(),
       '2026-11-23T12:00:00+01:00', '<xml/>', repeat('0', 64), 'https://prewww2.aeat.es/', '',
       (SELECT id FROM verifactu_chain WHERE seller_id = :'seller'), id, false, '', false
FROM fresh;
INSERT INTO billing_document (id, invoice_id, state, content, sha256, created_at, rendered_at, attempts, due_at, last_error)
SELECT uuidv7(), id, 'rendered', '%PDF', repeat('0', 64), now(), now(), 1, now(), '' FROM fresh;
DROP TABLE fresh;
SET session_replication_role = origin;
