"""A buyer as JSON, as the API shows it."""

from __future__ import annotations

from clients.models import Client


def represent_client(client: Client) -> dict[str, object]:
    """The client of the contract."""
    return {
        "id": str(client.id),
        "seller": str(client.seller_id),
        "external_id": client.external_id,
        "name": client.name,
        "tax_id": client.tax_id,
        "tax_id_kind": client.tax_id_kind or None,
        "country": client.country,
        "email": client.email,
        "address": {
            "street": client.street,
            "postal_code": client.postal_code,
            "city": client.city,
            "province": client.province,
            "country": client.country,
        },
        "language": client.language,
        "created_at": client.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": client.updated_at.isoformat().replace("+00:00", "Z"),
        "livemode": client.mode == "live",
    }
