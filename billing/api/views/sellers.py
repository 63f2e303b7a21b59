"""What a token may use; made in the admin or by command."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import queries
from billing.api import operations
from billing.api.listings import OLDEST_FIRST
from billing.representation import represent_seller, represent_series
from integrations.authentication import principal_of
from integrations.scopes import Scope


class SellersView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,)}

    @operations.LIST_SELLERS
    def get(self, request: Request) -> Response:
        page = OLDEST_FIRST.page(queries.visible_sellers(principal_of(request).seller_ids), request)
        return page.response([represent_seller(seller) for seller in page.rows])


class SeriesView(APIView):
    required_scopes = {"GET": (Scope.INVOICES_READ,)}

    @operations.LIST_SERIES
    def get(self, request: Request) -> Response:
        page = OLDEST_FIRST.page(queries.visible_series(principal_of(request).seller_ids), request)
        return page.response([represent_series(series) for series in page.rows])
