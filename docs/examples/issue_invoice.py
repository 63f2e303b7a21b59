"""Issue an invoice once, fetch its PDF, and have events sent to a receiver. The standard library is enough.

BASE_URL=http://localhost:8000 TOKEN=corr_test_… ORDER=1001 RECEIVER_URL=https://… python issue_invoice.py

Run it again with the same ORDER, without RECEIVER_URL: it finds the same invoice.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

API = os.environ["BASE_URL"] + "/api/v2"
AGAIN = {429, 500, 502, 503, 504}
"""Not yet, or not now. So is 409 idempotency_in_progress; any other 4xx will not get better by itself."""


def call(method: str, path: str, body: dict[str, Any] | None = None, key: str = "") -> tuple[int, bytes]:
    """Call the API, and call again until it says something. ``key`` stays the same, so nothing is ever made twice."""
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept-Language": "en"}
    if body is not None:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
    content = None if body is None else json.dumps(body).encode()
    for attempt in range(8):
        pause = 2**attempt
        try:
            with urlopen(Request(API + path, content, headers, method=method), timeout=30) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            problem = json.loads(error.read())
            if error.code not in AGAIN and problem["code"] != "idempotency_in_progress":
                # problem["errors"] says what is wrong, and where; support asks for the request_id
                raise SystemExit(json.dumps(problem, indent=2, ensure_ascii=False)) from error
            pause = int(error.headers.get("Retry-After", pause))
        except (URLError, TimeoutError):
            pass  # it may have arrived or not: the next call with the same key will tell
        time.sleep(pause)
    raise SystemExit(f"{method} {path}: no answer")


def pdf_of(invoice_id: str) -> bytes:
    """The document, which is made after the call: 202 until it is there."""
    status, content = call("GET", f"/invoices/{invoice_id}/pdf")
    while status == 202:
        time.sleep(1)
        status, content = call("GET", f"/invoices/{invoice_id}/pdf")
    return content


order = os.environ["ORDER"]
_status, answer = call(
    "POST",
    "/invoices",
    {
        "client": {
            "external_id": "c-77",
            "name": "Librería Inventada, S.L.",
            "tax_id": "B99999013",
            "country": "ES",
            "address": {"street": "Plaza Mayor, 4", "postal_code": "37001", "city": "Salamanca"},
        },
        "lines": [{"description": "Consultoría", "quantity": "3", "unit_price": "33.335", "tax_rate": "21"}],
        "source_event": {"source": "shop", "type": "order.paid", "id": order},
        "issue": True,
    },
    key=f"order-{order}-invoice",
)
invoice = json.loads(answer)
print("invoice", invoice["display_number"], invoice["id"])

Path("invoice.pdf").write_bytes(pdf_of(invoice["id"]))
print("pdf", Path("invoice.pdf").stat().st_size, "bytes")

if receiver := os.environ.get("RECEIVER_URL"):
    wish = {"url": receiver, "event_types": ["*"], "payload_version": "v2"}
    _status, answer = call("POST", "/webhook-endpoints", wish, key=f"endpoint-{order}")
    # The secret is shown this once: keep it where the receiver finds it.
    Path("endpoint.json").write_bytes(answer)
    print("endpoint", json.loads(answer)["id"])
