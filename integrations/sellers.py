"""The sellers that tokens act for. Rows may point up in this house, imports may not: only ids and modes are read."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.apps import apps
from django.db.models import Model, QuerySet


def _sellers() -> QuerySet[Model]:
    sellers: QuerySet[Model] = apps.get_model("billing", "Seller").objects.all()
    return sellers


def modes_of(seller_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The mode of each of these sellers; who does not exist is left out."""
    return dict(_sellers().filter(pk__in=seller_ids).values_list("pk", "mode"))


def ids_with_tax_id(tax_id: str) -> list[uuid.UUID]:
    """The sellers with that tax id: one at most in live mode, perhaps several in test mode."""
    return list(_sellers().filter(tax_id=tax_id).values_list("pk", flat=True))
