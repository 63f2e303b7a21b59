#!/bin/sh
# Issue an invoice once, fetch its PDF, and have events sent to a receiver. Needs curl alone.
#
#   BASE_URL=http://localhost:8000 TOKEN=corr_test_… ORDER=1001 RECEIVER_URL=https://… sh issue_invoice.sh
#
# Run it again with the same ORDER, without RECEIVER_URL: it finds the same invoice.
set -eu
api="$BASE_URL/api/v2"

# POST $2 to $1 under the key $3. curl sends it again by itself (after a timeout, a refused connection, 408, 429, 500, 502,
# 503 and 504) and waits as long as Retry-After says; since the key stays the same, nothing is ever made twice.
post() {
  curl --silent --show-error --fail-with-body --retry 6 --retry-connrefused --max-time 30 \
    --header "Authorization: Bearer $TOKEN" --header "Content-Type: application/json" \
    --header "Idempotency-Key: $3" --header "Accept-Language: en" --data "$2" "$api$1"
}

# The text of the first member $1 in the JSON on standard input. Use jq if you have it.
member() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' | head -n 1; }

post /invoices '{
  "client": {"external_id": "c-77", "name": "Librería Inventada, S.L.", "tax_id": "B99999013", "country": "ES",
             "address": {"street": "Plaza Mayor, 4", "postal_code": "37001", "city": "Salamanca"}},
  "lines": [{"description": "Consultoría", "quantity": "3", "unit_price": "33.335", "tax_rate": "21"}],
  "source_event": {"source": "shop", "type": "order.paid", "id": "'"$ORDER"'"},
  "issue": true
}' "order-$ORDER-invoice" > invoice.json
id=$(sed 's/,/\n/g' invoice.json | member id)
echo "invoice $(sed 's/,/\n/g' invoice.json | member display_number) $id"

# The PDF is made after the call: 202 until it is there.
until [ "$(curl --silent --show-error --output invoice.pdf --write-out '%{http_code}' --max-time 30 \
           --header "Authorization: Bearer $TOKEN" "$api/invoices/$id/pdf")" = 200 ]; do sleep 1; done
echo "pdf $(wc -c < invoice.pdf) bytes"

# The secret is shown this once: keep it where the receiver finds it. A repeat under the same key is told that it was shown.
if [ -n "${RECEIVER_URL:-}" ]; then
  post /webhook-endpoints '{"url": "'"$RECEIVER_URL"'", "event_types": ["*"], "payload_version": "v2"}' \
    "endpoint-$ORDER" > endpoint.json
  echo "endpoint $(sed 's/,/\n/g' endpoint.json | member id)"
fi
