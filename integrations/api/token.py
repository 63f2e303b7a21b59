"""What the token in hand is, for whoever holds it."""

from __future__ import annotations

from datetime import datetime

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.modes import Mode
from integrations.authentication import StoredToken
from integrations.parameters import check_parameters


class TokenView(APIView):
    required_scopes = {"GET": ()}

    def get(self, request: Request) -> Response:
        check_parameters(request)
        token = request.auth
        assert isinstance(token, StoredToken), "authentication stands in front of this view"
        return Response(represent_token(token))


def represent_token(token: StoredToken) -> dict[str, object]:
    """The token without its secret."""
    return {
        "id": str(token.id),
        "name": token.name,
        "hint": token.hint,
        "mode": token.mode.value,
        "livemode": token.mode == Mode.LIVE,
        "scopes": sorted(token.scopes),
        "sellers": sorted(map(str, token.seller_ids)),
        "allowed_addresses": [*token.allowed_addresses],
        "calls_per_minute": token.calls_per_minute,
        "expires_at": _instant(token.expires_at),
        "last_used_at": _instant(token.last_used_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
