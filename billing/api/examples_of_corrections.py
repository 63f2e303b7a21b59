"""The examples of corrections, replacements, voiding and advice: what became of the story's invoice."""

from __future__ import annotations

from typing import Any

from billing.api.examples import DRAFT, INVOICE, INVOICE_ID

CORRECTION_ID = "019ab210-0000-7000-8000-000000000005"
_ORIGINAL = {"invoice": INVOICE_ID, "display_number": "A-2026-00001", "issue_date": "2026-11-23"}

RETURN: dict[str, Any] = {
    "method": "differences",
    "reason": "R1",
    "lines": [{"description": "Consultoría", "quantity": "-1", "unit_price": "30.00", "tax_rate": "21"}],
    "issue": True,
}
ALL_OF_IT: dict[str, Any] = {"method": "differences", "reason": "R1", "issue": True}
ANEW: dict[str, Any] = {
    "method": "substitution",
    "reason": "R4",
    "lines": [{"description": "Consultoría", "quantity": "3", "unit_price": "30.00", "tax_rate": "21"}],
}
_LINE = {
    "position": 1,
    "description": "Consultoría",
    "product_code": "",
    "quantity": "-1",
    "unit_price": "30.00",
    "discount_percent": "0",
    "tax": "IVA",
    "tax_category": "S1",
    "exemption_code": None,
    "regime_code": "01",
    "tax_rate": "21.00",
    "surcharge_rate": "0.00",
    "line_net": "-30.00",
}
_SUBTOTAL = {
    "tax": "IVA",
    "tax_category": "S1",
    "exemption_code": None,
    "regime_code": "01",
    "tax_rate": "21.00",
    "taxable_amount": "-30.00",
    "tax_amount": "-6.30",
    "surcharge_rate": "0.00",
    "surcharge_amount": "0.00",
}
CORRECTION: dict[str, Any] = {
    **INVOICE,
    "id": CORRECTION_ID,
    "fiscal_type": "R1",
    "series": "R",
    "display_number": "R-2026-00001",
    "due_date": None,
    "lines": [_LINE],
    "tax_subtotals": [_SUBTOTAL],
    "net_total": "-30.00",
    "tax_total": "-6.30",
    "gross_total": "-36.30",
    "amount_due": "-36.30",
    "tax_total_eur": "-6.30",
    "gross_total_eur": "-36.30",
    "correction": {
        "method": "differences",
        "reason": "R1",
        "preceding": [INVOICE_ID],
        "originals": [_ORIGINAL],
        "event_date": None,
        "replaced_amounts": None,
        "deadlines": [
            {
                "code": "four_years",
                "kind": "not_after",
                "on": "2030-11-20",
                "basis": "RD 1619/2012 art. 15.3; LIVA art. 89.Uno",
            }
        ],
    },
    "source_event": None,
    "metadata": {},
    "documents": {"pdf": {"state": "pending", "url": f"/api/v1/invoices/{CORRECTION_ID}/pdf", "sha256": None}},
    "settlement": {
        "amount_due": "-36.30",
        "corrected_amount": "119.30",
        "paid_amount": "0.00",
        "outstanding_amount": "83.00",
        "status": "unpaid",
    },
}
PREVIEW: dict[str, Any] = {
    **{name: value for name, value in CORRECTION.items() if name != "settlement"},
    **dict.fromkeys(("id", "number", "display_number", "issue_date", "issued_at")),
    "status": "draft",
    "issued_by": "",
    "verifactu": DRAFT["verifactu"],
    "documents": {"pdf": None},
    "warnings": [],
}
FAMILY: dict[str, Any] = {
    "family": [
        {**_ORIGINAL, "fiscal_type": "F1", "method": None, "gross_total": "119.30", "in_effect": True},
        {
            "invoice": CORRECTION_ID,
            "display_number": "R-2026-00001",
            "issue_date": "2026-11-23",
            "fiscal_type": "R1",
            "method": "differences",
            "gross_total": "-36.30",
            "in_effect": True,
        },
    ],
    "left": {
        "currency": "EUR",
        "tax_subtotals": [
            {**_SUBTOTAL, "taxable_amount": "60.00", "tax_amount": "12.60"},
            {**_SUBTOTAL, "tax_rate": "4.00", "taxable_amount": "10.00", "tax_amount": "0.40"},
        ],
        "net_total": "70.00",
        "tax_total": "13.00",
        "surcharge_total": "0.00",
        "gross_total": "83.00",
    },
}
REPLACEMENT_REQUEST: dict[str, Any] = {"client": INVOICE["client"], "issue": True}
REPLACEMENT: dict[str, Any] = {
    **INVOICE,
    "fiscal_type": "F3",
    "replaces": [
        {
            "invoice": "019ab1f3-0000-7000-8000-000000000006",
            "display_number": "S-2026-00001",
            "issue_date": "2026-11-23",
        }
    ],
}
VOIDED: dict[str, Any] = {
    **INVOICE,
    "status": "voided",
    "annulment": {
        "reason": "The order was a test.",
        "created_at": "2026-11-23T12:05:00.123456Z",
        "created_by": "token:shop",
    },
}
ADVICE_REQUEST: dict[str, Any] = {"what": "goods_returned", "delivered": True}
ADVICE: dict[str, Any] = {
    "what": "goods_returned",
    "act": "correct",
    "method": "differences",
    "reasons": ["R1"],
    "basis": "LIVA arts. 80.Uno.1.º, 80.Dos; RD 1619/2012 art. 15.2",
    "why": "What came back is taken off; or net it in the next invoice to the same buyer at the same rate.",
    "deadlines": [
        {
            "code": "four_years",
            "kind": "not_after",
            "on": "2030-11-20",
            "basis": "RD 1619/2012 art. 15.3; LIVA art. 89.Uno",
            "message": "Nothing can be corrected after four years.",
        }
    ],
    "table_version": "2026-11",
}
