"""The front page: billing's lists, and what the AEAT wants somebody for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from billing.admin.dashboard import dashboard
from integrations.admin.alerts import alerts_card
from verifactu.admin import menu


def front_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template shows; each part asks for its own permission."""
    return {**dashboard(request, context), "aeat": menu.card(request), "alerts": alerts_card(request)}
