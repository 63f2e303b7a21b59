"""The search for a client while a draft is written."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from billing.admin.writing import chosen_seller
from clients.models import Client
from core.text import searchable

FOUND = 12


@require_GET
def clients(request: HttpRequest) -> JsonResponse:
    """The seller's clients with what was typed in their name, or at the beginning of their tax id."""
    if not request.user.has_perm("clients.view_client"):
        raise PermissionDenied
    seller = chosen_seller(request)
    if seller is None:
        raise Http404
    term = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    found = Client.objects.filter(seller=seller)
    if term:
        found = found.filter(Q(search_name__contains=searchable(term)) | Q(tax_id__startswith=term.upper()))
    rows = [_shown(client) for client in found.order_by("search_name", "id")[:FOUND]]
    return JsonResponse({"clients": rows})


def _shown(client: Client) -> dict[str, str]:
    place = ", ".join(filter(None, [client.city, client.country if client.country != "ES" else ""]))
    return {"id": str(client.id), "name": client.name, "note": " · ".join(filter(None, [client.tax_id, place]))}
