"""What a token may use; made in the admin or by command."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.representation import represent_seller, represent_series
from integrations.authentication import principal_of
from integrations.pagination import Keyset
from integrations.scopes import Scope

LISTING = Keyset(orderings={"id": "id"}, default="id")


class SellersView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,)}

    def get(self, request: Request) -> Response:
        page = LISTING.page(queries.visible_sellers(principal_of(request).seller_ids), request)
        return page.response([represent_seller(seller) for seller in page.rows])


class SeriesView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,)}

    def get(self, request: Request) -> Response:
        page = LISTING.page(queries.visible_series(principal_of(request).seller_ids), request)
        return page.response([represent_series(series) for series in page.rows])
