"""In what orders, and narrowed by what, the lists can be read."""

from billing.api.filters import NAMES
from integrations.pagination import Keyset

INVOICES = Keyset(orderings={"id": "id", "issue_date": "issue_date"}, default="-id", filters=(*NAMES, "expand"))
OLDEST_FIRST = Keyset(orderings={"id": "id"}, default="id")
