"""The machine's door to invoices: read the request, call one verb, show the result. No rules live here."""
