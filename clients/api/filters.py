"""The query parameters of the register."""

from __future__ import annotations

import uuid

from django.db.models import Q

from core import tax_ids
from core.text import searchable
from integrations.filtering import Filters
from integrations.pagination import Keyset


def _tax_id(value: str) -> Q:
    """However it is written; a Spanish one may carry ES in front."""
    return Q(tax_id__in={tax_ids.normalise(value, country="ES"), value.strip().upper()})


FILTERS: Filters = {
    "seller": lambda value: Q(seller=uuid.UUID(value)),
    "external_id": lambda value: Q(external_id=value),
    "tax_id": _tax_id,
    "name": lambda value: Q(search_name__startswith=searchable(value)),
    "email": lambda value: Q(email__iexact=value),
}

LISTING = Keyset(orderings={"id": "id", "name": "search_name"}, default="-id", filters=(*FILTERS,))
