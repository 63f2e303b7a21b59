-- The SQL limit of create-and-issue: the same rows in the same tables, with the same constraints, triggers and
-- contended counters, a statement each, in one transaction. What remains is what our own code costs.
\set key random(1, 9000000000000000)
BEGIN;
SELECT pg_try_advisory_xact_lock(:key::bigint);
SELECT fingerprint FROM integrations_idempotencykey WHERE seller_id = :seller::uuid AND mode = 'test' AND key = :key::text;
INSERT INTO billing_invoice
    (id, mode, status, fiscal_type, buyer_name, buyer_search_name, buyer_tax_id, buyer, currency, exchange_rate,
     prices_include_tax, rounding, equivalence_surcharge, withholding_percent, net_total, tax_total, surcharge_total,
     gross_total, withholding_total, amount_due, tax_total_eur, gross_total_eur, purchase_order, buyer_reference,
     payment_terms, notes, metadata, external_id, language, correlation_id, created_at, created_by, updated_at,
     issued_by, correction_method, issuing_party, simplified_art_7273, no_recipient_art_61d, coupon, client_id, seller_id,
     series_id)
VALUES (uuidv7(), 'test', 'draft', 'F1', 'Librería Inventada, S.L.', 'libreria inventada, s.l.', 'B99999013',
     '{"name": "Librería Inventada, S.L.", "tax_id": "B99999013", "country": "ES"}', 'EUR', 1, false, 'per_rate',
     false, 0, 300, 63, 0, 363, 0, 363, 63, 363, '', '', '', '', '{}', '', 'es', 'benchmark', now(),
     'token benchmark', now(), '', '', '', false, false, false, :client::uuid, :seller::uuid, :series::uuid)
RETURNING id AS invoice \gset
INSERT INTO billing_invoiceline
    (invoice_id, position, description, product_code, quantity, unit_price, discount_percent, tax, tax_category,
     exemption_code, regime_code, tax_rate, surcharge_rate, line_net)
VALUES (:invoice::uuid, 1, 'Consultoría', '', 1, 100, 0, 'IVA', 'S1', '', '01', 21, 0, 100);
INSERT INTO billing_invoiceline
    (invoice_id, position, description, product_code, quantity, unit_price, discount_percent, tax, tax_category,
     exemption_code, regime_code, tax_rate, surcharge_rate, line_net)
VALUES (:invoice::uuid, 2, 'Formación', '', 1, 100, 0, 'IVA', 'S1', '', '01', 21, 0, 100);
INSERT INTO billing_invoiceline
    (invoice_id, position, description, product_code, quantity, unit_price, discount_percent, tax, tax_category,
     exemption_code, regime_code, tax_rate, surcharge_rate, line_net)
VALUES (:invoice::uuid, 3, 'Soporte', '', 1, 100, 0, 'IVA', 'S1', '', '01', 21, 0, 100);
INSERT INTO billing_taxsubtotal
    (invoice_id, position, tax, tax_category, exemption_code, regime_code, tax_rate, taxable_amount, tax_amount,
     surcharge_rate, surcharge_amount, taxable_amount_eur, tax_amount_eur, surcharge_amount_eur)
VALUES (:invoice::uuid, 1, 'IVA', 'S1', '', '01', 21, 300, 63, 0, 0, 300, 63, 0);
INSERT INTO audit_auditentry
    (at, action, outcome, actor_kind, actor_id, actor_name, on_behalf_of, subject_type, subject_id, subject_label,
     seller_id, mode, request_id, correlation_id, address, after, reason)
VALUES (now(), 'invoice.created', 'done', 'token', 'benchmark', 'benchmark', '', 'invoice', :invoice::text, 'draft',
     :seller::uuid, 'test', 'r', 'benchmark', '127.0.0.1', '{"status": "draft", "gross_total": "363.00"}', '');
INSERT INTO integrations_event (id, mode, type, object_id, payload, correlation_id, created_at, seller_id)
VALUES (uuidv7(), 'test', 'invoice.created', :invoice::text,
     json_build_object('id', :invoice::text, 'filler', repeat('0123456789', 230)), 'benchmark', now(), :seller::uuid);
SELECT pg_advisory_xact_lock(1);
INSERT INTO billing_seriescounter AS counter (series_id, fiscal_year, last_number, last_date)
VALUES (:series::uuid, extract(year FROM now()), 1, current_date)
ON CONFLICT (series_id, fiscal_year) DO UPDATE
    SET last_number = counter.last_number + 1, last_date = EXCLUDED.last_date
RETURNING last_number AS number, fiscal_year AS year \gset
UPDATE billing_invoice
SET status = 'issued', number = :number::bigint, fiscal_year = :year::int,
    display_number = 'A-' || :year::text || '-' || lpad(:number::text, 5, '0'), issue_date = current_date, issued_at = now(),
    issued_by = 'token benchmark', updated_at = now(),
    seller_copy = '{"name": "Ana Ejemplo Primera", "tax_id": "89890001K", "country": "ES"}'
WHERE id = :invoice::uuid;
SELECT last_sequence AS sequence, last_fingerprint AS previous, id AS chain, last_sequence + 1 AS next
FROM verifactu_chain WHERE seller_id = :seller::uuid FOR NO KEY UPDATE \gset
SELECT upper(encode(sha256((:previous::text || :invoice::text)::bytea), 'hex')) AS fingerprint \gset
INSERT INTO verifactu_fiscalrecord
    (id, sequence, kind, issuer_tax_id, number, issue_date, fiscal_type, tax_total, gross_total, previous_fingerprint,
     fingerprint, generated_at, generated_at_text, xml, xml_sha256, qr_url, external_reference, amendment,
     previous_rejection, without_previous_record, chain_id, invoice_id)
VALUES (uuidv7(), :next::bigint, 'registration', '89890001K', 'A-' || :year::text || '-' || lpad(:number::text, 5, '0'), current_date,
     'F1', '63.00', '363.00', nullif(:previous::text, ''), :fingerprint::text, now(), '2026-11-23 120000 +0100',
     repeat('0123456789', 240)::bytea, lower(:fingerprint::text), 'https//prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR',
     'benchmark', false, '', false, :chain::uuid, :invoice::uuid);
UPDATE verifactu_chain
SET last_sequence = :next::bigint, last_fingerprint = :fingerprint::text, last_issue_date = current_date,
    last_number = 'A-' || :year::text || '-' || lpad(:number::text, 5, '0'), last_generated_at = now()
WHERE id = :chain::uuid;
INSERT INTO billing_document (id, invoice_id, state, sha256, created_at, attempts, due_at, last_error)
VALUES (uuidv7(), :invoice::uuid, 'pending', '', now(), 0, now(), '');
INSERT INTO audit_auditentry
    (at, action, outcome, actor_kind, actor_id, actor_name, on_behalf_of, subject_type, subject_id, subject_label,
     seller_id, mode, request_id, correlation_id, address, before, after, reason)
VALUES (now(), 'invoice.issued', 'done', 'token', 'benchmark', 'benchmark', '', 'invoice', :invoice::text, 'A',
     :seller::uuid, 'test', 'r', 'benchmark', '127.0.0.1', '{"status": "draft"}', '{"status": "issued"}', '');
INSERT INTO integrations_event (id, mode, type, object_id, payload, correlation_id, created_at, seller_id)
VALUES (uuidv7(), 'test', 'invoice.issued', :invoice::text,
     json_build_object('id', :invoice::text, 'filler', repeat('0123456789', 270)), 'benchmark', now(), :seller::uuid);
INSERT INTO integrations_idempotencykey (mode, key, fingerprint, status, headers, body, created_at, seller_id)
VALUES ('test', :key::text, sha256(:invoice::text::bytea), 201, '{"Content-Type": "application/json"}',
     repeat('0123456789', 270)::bytea, now(), :seller::uuid);
COMMIT;
