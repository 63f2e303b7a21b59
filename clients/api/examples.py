"""The examples of the OpenAPI document."""

from __future__ import annotations

from typing import Any

REQUEST: dict[str, Any] = {
    "external_id": "C-17",
    "name": "Ferretería Peña, S.L.",
    "tax_id": "99999910G",
    "email": "compras@example.com",
    "address": {
        "street": "Avenida del Puerto, 7",
        "postal_code": "46021",
        "city": "Valencia",
        "province": "Valencia",
    },
}
CHANGE: dict[str, Any] = {"email": "facturas@example.com", "address": {"street": "Calle Nueva, 1"}}
CLIENT: dict[str, Any] = {
    "id": "019ab1f0-0000-7000-8000-000000000002",
    "seller": "019ab1f0-0000-7000-8000-000000000001",
    **REQUEST,
    "tax_id_kind": "nif",
    "country": "ES",
    "address": {**REQUEST["address"], "country": "ES"},
    "language": "es",
    "created_at": "2026-11-23T11:00:00.123456Z",
    "updated_at": "2026-11-23T11:00:00.123456Z",
    "livemode": False,
}
