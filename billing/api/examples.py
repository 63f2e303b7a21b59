"""The examples of the OpenAPI document: one story, from an order to a paid invoice. A test plays it."""

from __future__ import annotations

from typing import Any

from clients.api import examples as client_examples

INVOICE_ID = "019ab1f2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
SELLER_ID = client_examples.CLIENT["seller"]
CLIENT_ID = client_examples.CLIENT["id"]
PAYMENT_ID = "019ab200-0000-7000-8000-000000000003"
FINGERPRINT = "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
QR_URL = "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=89890001K&numserie=A-2026-00001&fecha=23-11-2026&importe=119.30"

REQUEST: dict[str, Any] = {
    "client": client_examples.REQUEST,
    "operation_date": "2026-11-20",
    "due_date": "2026-12-20",
    "lines": [
        {
            "description": "Consultoría",
            "quantity": "3",
            "unit_price": "33.335",
            "discount_percent": "10",
            "tax_rate": "21",
        },
        {"description": "Libro", "quantity": "1", "unit_price": "10.00", "tax_rate": "4"},
    ],
    "source_event": {"source": "shop", "type": "order.paid", "id": "1001"},
    "purchase_order": "PO-77",
    "metadata": {"order": "1001"},
    "issue": True,
}
CONSUMER: dict[str, Any] = {
    "lines": [{"description": "Libro", "unit_price": "10.40", "tax_rate": "4"}],
    "prices_include_tax": True,
}
CHANGE: dict[str, Any] = {"due_date": "2027-01-20", "metadata": {"order": None, "campaign": "navidad"}}
PAYMENT_REQUEST: dict[str, Any] = {
    "amount": "119.30",
    "date": "2026-11-23",
    "method": "transfer",
    "reference": "TR-2026-3321",
}

_LINES = [
    {
        "position": 1,
        "description": "Consultoría",
        "product_code": "",
        "quantity": "3",
        "unit_price": "33.335",
        "discount_percent": "10",
        "tax": "IVA",
        "tax_category": "S1",
        "exemption_code": None,
        "regime_code": "01",
        "tax_rate": "21.00",
        "surcharge_rate": "0.00",
        "line_net": "90.00",
    },
    {
        "position": 2,
        "description": "Libro",
        "product_code": "",
        "quantity": "1",
        "unit_price": "10.00",
        "discount_percent": "0",
        "tax": "IVA",
        "tax_category": "S1",
        "exemption_code": None,
        "regime_code": "01",
        "tax_rate": "4.00",
        "surcharge_rate": "0.00",
        "line_net": "10.00",
    },
]


def _subtotal(rate: str, base: str, tax: str) -> dict[str, Any]:
    return {
        "tax": "IVA",
        "tax_category": "S1",
        "exemption_code": None,
        "regime_code": "01",
        "tax_rate": rate,
        "taxable_amount": base,
        "tax_amount": tax,
        "surcharge_rate": "0.00",
        "surcharge_amount": "0.00",
    }


INVOICE: dict[str, Any] = {
    "id": INVOICE_ID,
    "seller": SELLER_ID,
    "status": "issued",
    "fiscal_type": "F1",
    "series": "A",
    "number": 1,
    "display_number": "A-2026-00001",
    "issue_date": "2026-11-23",
    "operation_date": "2026-11-20",
    "due_date": "2026-12-20",
    "currency": "EUR",
    "exchange_rate": "1",
    "prices_include_tax": False,
    "client": CLIENT_ID,
    "buyer": {
        "name": "Ferretería Peña, S.L.",
        "tax_id": "99999910G",
        "tax_id_kind": "nif",
        "country": "ES",
        "street": "Avenida del Puerto, 7",
        "postal_code": "46021",
        "city": "Valencia",
        "province": "Valencia",
        "email": "compras@example.com",
        "language": "es",
    },
    "lines": _LINES,
    "tax_subtotals": [_subtotal("21.00", "90.00", "18.90"), _subtotal("4.00", "10.00", "0.40")],
    "net_total": "100.00",
    "tax_total": "19.30",
    "surcharge_total": "0.00",
    "gross_total": "119.30",
    "withholding_total": "0.00",
    "amount_due": "119.30",
    "tax_total_eur": "19.30",
    "gross_total_eur": "119.30",
    "equivalence_surcharge": False,
    "withholding_percent": "0.00",
    "paid_amount": "0.00",
    "payment_status": "unpaid",
    "correction": None,
    "corrected_by": [],
    "corrections": [],
    "replaces": [],
    "replaced_by": [],
    "annulment": None,
    "simplified_art_7273": False,
    "no_recipient_art_61d": False,
    "coupon": False,
    "issuing_party": None,
    "third_party": None,
    "verifactu": {"status": "pending", "fingerprint": FINGERPRINT, "qr_url": QR_URL},
    "approval": None,
    "documents": {"pdf": {"state": "pending", "url": f"/api/v1/invoices/{INVOICE_ID}/pdf", "sha256": None}},
    "source_event": {"source": "shop", "type": "order.paid", "id": "1001"},
    "purchase_order": "PO-77",
    "buyer_reference": "",
    "payment_terms": "",
    "notes": "",
    "external_id": "",
    "language": "es",
    "correlation_id": "order-1001",
    "created_by": "token:shop",
    "issued_by": "token:shop",
    "metadata": {"order": "1001"},
    "created_at": "2026-11-23T12:00:00.123456Z",
    "issued_at": "2026-11-23T12:00:00.123456Z",
    "livemode": False,
}
DRAFT: dict[str, Any] = {
    **INVOICE,
    **dict.fromkeys(("number", "display_number", "issue_date", "issued_at")),
    "status": "draft",
    "issued_by": "",
    "verifactu": {"status": "not_required", "fingerprint": None, "qr_url": None},
    "documents": {"pdf": None},
}
WARNING = {
    "pointer": "#/client/email",
    "code": "client_differs",
    "detail": "The client is used as it is stored: email there is “compras@example.com”.",
}
PREVIEW: dict[str, Any] = {**DRAFT, "id": None, "source_event": None, "warnings": [WARNING]}
PAYMENT: dict[str, Any] = {
    "id": PAYMENT_ID,
    "invoice": INVOICE_ID,
    **PAYMENT_REQUEST,
    "reverses": None,
    "created_at": "2026-11-23T12:30:00.123456Z",
    "created_by": "token:shop",
}
RECORDS: dict[str, Any] = {
    "records": [
        {
            "kind": "registration",
            "sequence": 1,
            "xml": "<sum1:RegistroAlta>…</sum1:RegistroAlta>",
            "fingerprint": FINGERPRINT,
            "previous_fingerprint": None,
            "generated_at": "2026-11-23T13:00:00+01:00",
            "status": "pending",
            "answers": [],
        }
    ],
    "qr_url": QR_URL,
}
SELLER: dict[str, Any] = {
    "id": SELLER_ID,
    "legal_name": "Ana Ejemplo Primera",
    "trade_name": "",
    "tax_id": "89890001K",
    "country": "ES",
    "territory": "mainland",
    "time_zone": "Europe/Madrid",
    "rounding": "per_rate",
    "approval_policy": "none",
    "payment_terms": "",
    "language": "es",
    "simplified_limit": "400.00",
    "livemode": False,
}
SERIES: dict[str, Any] = {
    "id": "019ab1f0-0000-7000-8000-000000000004",
    "seller": SELLER_ID,
    "code": "A",
    "kind": "ordinary",
    "description": "",
    "number_format": "{code}-{year}-{number:05d}",
    "yearly": True,
    "first_number": 1,
    "is_default": True,
    "is_active": True,
    "livemode": False,
}
HELD = {"limit": "euros_per_invoice", "allowed": "100.00", "used": "0.00", "asked": "121.00"}
HELD_WARNING = {
    "pointer": None,
    "code": "held_by_limit",
    "detail": (
        "The token may issue up to 100.00 € an invoice by itself, and this one comes to 121.00 €: a person decides "
        "on it."
    ),
}
